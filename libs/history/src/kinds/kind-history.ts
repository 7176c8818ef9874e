import type { Table } from '../rows/table';

/**
 * What is kept of the events of one kind: the tables that stores make their statements of. Events have the fields of their
 * rows, and a symbol, a source and a row for each key.
 */
export interface KindHistory {
  /** Name of the kind. */
  readonly kind: string;
  /** The events as they stand; the key begins with the symbol and the time. */
  readonly rows: Table;
  /**
   * Where the other captures of these keys are, with the same fields. A table with a field `recorded` says there whether a
   * line of bronze, or the manifest, tells of the row.
   */
  readonly captures: readonly Table[];
  /** Field of the time that the event speaks of, or of its number. */
  readonly time: string;
  /** Field of the time of capture; the same one where an event speaks of its capture. */
  readonly capturedAt: string;
  /** Fields that say what was captured: two captures of a key that differ in one of them are not the same. */
  readonly content: readonly string[];
  /** A span of such times of which there is about a page of rows for each symbol. */
  readonly pageSpan: number;
  /** Such a time, as reports write it. */
  timeText(time: number): string;
}
