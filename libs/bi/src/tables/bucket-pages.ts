import { nextTurn, type EpochMicros, type TimeRange, PAGE_ROWS } from '@app/domain';

/** Symbols, and the dates to be read of them. */
export interface BucketScope {
  readonly symbols: readonly string[];
  readonly dates: TimeRange;
}

/**
 * Reads a table that has at most one row per bucket of time and symbol, in its order: as many buckets at a time as make a
 * page. Other work gets its turn in between.
 */
export async function* byBuckets<Row>(
  bucket: EpochMicros,
  { symbols, dates }: BucketScope,
  read: (symbols: readonly string[], range: TimeRange) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  if (symbols.length === 0) return;
  const step = bucket * Math.max(1, Math.floor(PAGE_ROWS / symbols.length));
  for (let { start } = dates; start < dates.end; start += step) {
    yield await read(symbols, { start, end: Math.min(start + step, dates.end) });
    await nextTurn();
  }
}
