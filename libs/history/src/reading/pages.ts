import type { EpochMicros, TimeKey } from '@app/domain';
import { HeadHeap } from '../merge-by-time';
import type { Table } from '../rows/table';
import { ask, inRanges, together, type Inquiry } from '../rows/unit';

/** A merge of many symbols needs few rows of each, a single symbol needs all: pages grow as they are used up. */
const FIRST_PAGE = 16;
export const PAGE_GROWTH = 8;

/** The rows of one symbol, ascending: asked again and again, about `size` at a time, until there are none. */
export type NextPage<Row> = (size: number) => Inquiry<readonly Row[]>;

interface Head<Row> {
  key: TimeKey;
  page: readonly Row[];
  index: number;
  size: number;
  readonly next: NextPage<Row>;
}

/** The rows of a symbol whose times are in a range; no end is an open one. */
export function tablePages<Row extends object>(
  table: Table<Row>,
  symbol: string,
  { start, end }: { readonly start: EpochMicros; readonly end: EpochMicros | undefined },
  timeOf: (row: Row) => EpochMicros,
): NextPage<Row> {
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
  sources: readonly NextPage<Row>[],
  keyOf: (row: Row) => TimeKey,
  limit: number,
): Inquiry<Row[]> {
  const size = sources.length === 1 ? limit : Math.min(limit, FIRST_PAGE);
  const pages = yield* together(...sources.map((next) => next(size)));
  const heads = sources.flatMap((next, source): Head<Row>[] => {
    const page = pages[source] ?? [];
    return page[0] === undefined ? [] : [{ key: keyOf(page[0]), page, index: 0, size, next }];
  });
  const heap = new HeadHeap(heads, 'ascending');
  const merged: Row[] = [];
  for (let head = heap.top(); head && merged.length < limit; head = heap.top()) {
    merged.push(head.page[head.index] as Row);
    if (merged.length === limit) break;
    head.index += 1;
    if (head.index === head.page.length) {
      head.size = Math.min(limit, head.size * PAGE_GROWTH);
      head.page = yield* head.next(head.size);
      head.index = 0;
    }
    const row = head.page[head.index];
    if (row === undefined) {
      heap.removeTop();
      continue;
    }
    head.key = keyOf(row);
    heap.siftTop();
  }
  return merged;
}
