import type { EpochMicros, TimeKey } from '@app/domain';
import type { ListFields, ListItem } from './list-fields';

/** No row of any list is longer: names, times and about ten decimals of the length that the market has. */
export const MOST_ROW_BYTES = 700;

/** A list: its fields, and how its rows are read either way. */
export interface ListSource<Row> {
  readonly scope: string;
  readonly fields: ListFields;
  readonly keyOf: (row: Row) => TimeKey;
  readonly toItem: (row: Row) => object;
  /** By time, then symbol; only rows behind the key. */
  readonly forwards: (limit: number, after?: TimeKey) => Promise<readonly Row[]>;
  /** The other way round, the last row first; only rows behind the key in that order. */
  readonly backwards: (limit: number, behind?: TimeKey) => Promise<readonly Row[]>;
  /** Most rows that a range can have, where its length says so; without an end it ends when nothing later can be there. */
  readonly most?: (start: EpochMicros, end: EpochMicros | undefined) => number;
  /** Whether nothing of a row changes any more, but by a repair or a revision; without it no row is final. */
  readonly isFinal?: (row: Row, item: ListItem) => boolean;
  /** Parameters that were relative to now, as they are written out in the address of the next page. */
  readonly absolute?: Readonly<Record<string, string>>;
}
