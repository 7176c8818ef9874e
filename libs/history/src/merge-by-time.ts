import { compareCodePoints, type EpochMicros, type TimeKey } from '@app/domain';

/** Order of two rows of different symbols. */
type TimeOrder = 'ascending' | 'descending';

/** Negative when a comes first: by time in the given order, then by symbol. */
function compareKeys(a: TimeKey, b: TimeKey, order: TimeOrder): number {
  const byTime = order === 'ascending' ? a.time - b.time : b.time - a.time;
  return byTime !== 0 ? byTime : compareCodePoints(a.symbol, b.symbol);
}

/** First time at which the symbol has rows after the key, in ascending order. */
export function firstTimeAfter({ time, symbol: last }: TimeKey, symbol: string): EpochMicros {
  return compareCodePoints(symbol, last) > 0 ? time : time + 1;
}

/** A merge of many symbols needs few rows of each: pages grow as they are used up. */
const FIRST_PAGE = 16;
export const PAGE_GROWTH = 8;

/** The next rows of a source, in its order: at most `size` of those behind its last row, or of its first ones. */
export interface NextPage<T> {
  readonly source: number;
  readonly last: T | undefined;
  readonly size: number;
}

interface Keyed {
  readonly key: TimeKey;
}

interface PageHead<T> extends Keyed {
  key: TimeKey;
  page: readonly T[];
  index: number;
  size: number;
  readonly source: number;
}

interface ChunkHead<T> extends Keyed {
  key: TimeKey;
  chunk: readonly T[];
  index: number;
  readonly rest: AsyncIterator<readonly T[]>;
}

/** Which page of a source is its last one: the first with fewer rows than were asked for, or the first without any. */
export type LastPage = 'short' | 'empty';

/**
 * Merges the rows of several symbols, each already in order, to the first `limit` rows of all. Tables are clustered by
 * symbol; this needs no index by time. Rows come in pages, as they are asked for: first one page of each source, then one
 * of a source whose rows are used up.
 */
export function* mergePages<T>(
  sources: number,
  keyOf: (item: T) => TimeKey,
  order: TimeOrder,
  limit: number,
  lastPage: LastPage = 'short',
): Generator<readonly NextPage<T>[], T[], readonly (readonly T[])[]> {
  // What is taken of each source when all have about as many rows, and one row more.
  const share = Math.ceil(limit / sources) + 1;
  const size = sources === 1 ? limit : Math.min(limit, Math.max(FIRST_PAGE, share));
  const asked = Array.from({ length: sources }, (_, source) => ({ source, last: undefined, size }));
  const pages = sources === 0 ? [] : yield asked;
  const heads = pages.flatMap((page, source): PageHead<T>[] => {
    const [first] = page;
    return first === undefined ? [] : [{ source, key: keyOf(first), page, index: 0, size }];
  });
  const heap = new HeadHeap(heads, order);
  const merged: T[] = [];
  for (let head = heap.top(); head && merged.length < limit; head = heap.top()) {
    merged.push(head.page[head.index] as T);
    if (merged.length === limit) break;
    head.index += 1;
    const isUsedUp = head.index === head.page.length;
    if (isUsedUp && (lastPage === 'empty' || head.page.length === head.size)) yield* turnPage(head, limit);
    const next = head.page[head.index];
    if (next === undefined) {
      heap.removeTop();
    } else {
      head.key = keyOf(next);
      heap.siftTop();
    }
  }
  return merged;
}

/**
 * {@link mergePages} of rows that come in chunks, ascending: between two chunks of a symbol something else may run, for
 * what a page needs may be far more rows than it has.
 */
export async function mergeChunksByTime<T>(
  sources: readonly AsyncIterable<readonly T[]>[],
  keyOf: (item: T) => TimeKey,
  limit: number,
): Promise<T[]> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads: ChunkHead<T>[] = [];
    for (const rest of iterators) {
      const chunk = await nextChunk(rest);
      if (chunk) heads.push({ key: keyOf(chunk[0]), chunk, index: 0, rest });
    }
    const heap = new HeadHeap(heads, 'ascending');
    const merged: T[] = [];
    for (let head = heap.top(); head && merged.length < limit; head = heap.top()) {
      merged.push(head.chunk[head.index] as T);
      if (merged.length === limit) break;
      head.index += 1;
      if (head.index === head.chunk.length) {
        const chunk = await nextChunk(head.rest);
        if (!chunk) {
          heap.removeTop();
          continue;
        }
        head.chunk = chunk;
        head.index = 0;
      }
      head.key = keyOf(head.chunk[head.index] as T);
      heap.siftTop();
    }
    return merged;
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

function* turnPage<T>(
  head: PageHead<T>,
  limit: number,
): Generator<readonly NextPage<T>[], void, readonly (readonly T[])[]> {
  head.size = Math.min(limit, head.size * PAGE_GROWTH);
  const [page = []] = yield [{ source: head.source, last: head.page.at(-1), size: head.size }];
  head.page = page;
  head.index = 0;
}

/** The next chunk that has rows. */
async function nextChunk<T>(rest: AsyncIterator<readonly T[]>): Promise<readonly [T, ...T[]] | undefined> {
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return undefined;
    if (next.value.length > 0) return next.value as readonly [T, ...T[]];
  }
}

/** Binary heap of the next row of each symbol. */
class HeadHeap<H extends Keyed> {
  constructor(
    private readonly heads: H[],
    private readonly order: TimeOrder,
  ) {
    heads.sort((a, b) => compareKeys(a.key, b.key, order));
  }

  top(): H | undefined {
    return this.heads[0];
  }

  removeTop(): void {
    const last = this.heads.pop();
    if (last && this.heads.length > 0) {
      this.heads[0] = last;
      this.siftTop();
    }
  }

  /** Puts the first head where it belongs after its key has changed. */
  siftTop(): void {
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let first = index;
      if (this.isBefore(left, first)) first = left;
      if (this.isBefore(right, first)) first = right;
      if (first === index) return;
      this.swap(index, first);
      index = first;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [left, right] = [this.heads[a], this.heads[b]];
    return left !== undefined && right !== undefined && compareKeys(left.key, right.key, this.order) < 0;
  }

  private swap(a: number, b: number): void {
    const [left, right] = [this.heads[a], this.heads[b]];
    if (left === undefined || right === undefined) return;
    this.heads[a] = right;
    this.heads[b] = left;
  }
}
