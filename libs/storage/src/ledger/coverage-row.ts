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
