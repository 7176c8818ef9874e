import type { CoverageRange, RecordedState } from '@app/domain';

/** A row of `coverage` without its symbol. */
export interface CoverageRow {
  readonly start_time: number;
  readonly end_time: number;
  readonly state: string;
  readonly repaired: number;
}

export function toCoverageRange(row: CoverageRow): CoverageRange {
  return {
    start: row.start_time,
    end: row.end_time,
    state: row.state as RecordedState,
    repaired: row.repaired === 1,
  };
}
