import type { RecordedState } from '@app/domain';
import type { RecordedRange } from '@app/history';

/** A row of `coverage` without its symbol. */
export interface CoverageRow {
  readonly start_time: number;
  readonly end_time: number;
  readonly state: string;
  readonly repaired: number;
}

export function toRecordedRange(row: CoverageRow): RecordedRange {
  return {
    start: row.start_time,
    end: row.end_time,
    state: row.state as RecordedState,
    repaired: row.repaired === 1,
  };
}

/** The same as its values in their order, which the driver makes faster. */
export type CoverageValues = readonly [startTime: number, endTime: number, state: string, repaired: number];

export function rangeOfValues([start, end, state, repaired]: CoverageValues): RecordedRange {
  return { start, end, state: state as RecordedState, repaired: repaired === 1 };
}
