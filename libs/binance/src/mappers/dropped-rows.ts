/** Why a row of an answer was not accepted; also the metric's label. */
export type DropReason = 'broken' | 'conflicting' | 'duplicate' | 'absent';

/** What was left out of an answer, so that it can be counted and said. */
export interface DroppedRow {
  readonly reason: DropReason;
  /** Whose row it was, where it says so. */
  readonly symbol?: string;
  /** One readable line. */
  readonly detail: string;
}

/** What a mapper took and what it left out. */
export interface MappedRows<T> {
  readonly rows: readonly T[];
  readonly dropped: readonly DroppedRow[];
}
