import type { EpochMicros, TimeKey } from '@app/domain';
import { mergePages } from '../merge-by-time';
import type { Table } from '../rows/table';
import { ask, inRanges, together, type Inquiry } from '../rows/unit';

/** The rows of one symbol, ascending: asked again and again, about `size` at a time, until there are none. */
export type RowPages<Row> = (size: number) => Inquiry<readonly Row[]>;

/** The rows of a symbol whose times are in a range; no end is an open one. */
export function tablePages<Row extends object>(
  table: Table<Row>,
  symbol: string,
  { start, end }: { readonly start: EpochMicros; readonly end: EpochMicros | undefined },
  timeOf: (row: Row) => EpochMicros,
): RowPages<Row> {
  const until = end === undefined ? {} : { until: end };
  let from: EpochMicros | undefined = start;
  return function* (size) {
    if (from === undefined) return [];
    const [[rows = []]] = yield* ask(inRanges(table, [{ prefix: [symbol], from, ...until, only: size }]));
    const last = rows.at(-1);
    from = last && rows.length === size ? timeOf(last) + 1 : undefined;
    return rows;
  };
}

/**
 * The first `limit` rows of several symbols by time, then by symbol. The first pages of all of them are asked for in one
 * round, and no more than that of a symbol before its rows are used up.
 */
export function* mergePagesByTime<Row>(
  sources: readonly RowPages<Row>[],
  keyOf: (row: Row) => TimeKey,
  limit: number,
): Inquiry<Row[]> {
  const merge = mergePages(sources.length, keyOf, 'ascending', limit, 'empty');
  let step = merge.next([]);
  while (!step.done) {
    step = merge.next(yield* together(...step.value.flatMap(({ source, size }) => sources[source]?.(size) ?? [])));
  }
  return step.value;
}
