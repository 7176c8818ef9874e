import type { Change, CheckedEvent } from '@app/domain';

/** What becomes of the events of one kind in a unit. */
export interface KindOutcome {
  /** Of each event, in the order given. */
  readonly outcomes: readonly ('taken' | 'repeat' | 'revision')[];
  /**
   * Of each event, whether its line belongs into bronze. A capture that only repeats is kept too where revisions are, for
   * what is stored must follow from bronze and what was fetched: without its line, a database made anew would lack it.
   */
  readonly kept: readonly boolean[];
  /** Repeats that were kept without a line, by an earlier version of this program, and are versions now. */
  readonly promoted: readonly CheckedEvent[];
  /** What the change feed tells of it. */
  readonly changes: readonly Change[];
}

/** What the events of a unit leave behind besides their rows. */
export interface EventsOutcome {
  /** Events whose lines belong into bronze, in their order. */
  readonly kept: readonly CheckedEvent[];
  /** Events that the store has now and had not before, or not in this version. */
  readonly accepted: readonly Pick<CheckedEvent, 'kind' | 'event'>[];
  /** What the change feed tells of them. */
  readonly changes: readonly Change[];
}

/** Under which of its sums a sink counts what became of an event. */
export const COUNTED_AS = { taken: 'taken', repeat: 'repeats', revision: 'revisions' } as const;
