/** A merge of many symbols needs few rows of each, a single symbol needs all: pages grow as they are used up. */
const FIRST_PAGE = 16;
const PAGE_GROWTH = 8;

/**
 * Rows of one symbol, read in pages as they are asked for, so that no read transaction outlives a page. `read` returns
 * the rows after the given one (the first rows, without one), at most `size` of them.
 */
export function* rowPages<Row>(
  read: (last: Row | undefined, size: number) => Row[],
  limit: number,
  sources: number,
): Generator<Row> {
  let size = sources === 1 ? limit : Math.min(limit, FIRST_PAGE);
  let last: Row | undefined;
  for (;;) {
    const rows = read(last, size);
    yield* rows;
    last = rows.at(-1);
    if (last === undefined || rows.length < size) return;
    size = Math.min(limit, size * PAGE_GROWTH);
  }
}
