import { nextTurn, type EpochMicros, type TimeRange } from '@app/domain';
import type { ReadStore } from './read-store';

interface SpanRow {
  readonly first: number | null;
  readonly last: number | null;
}

/** A table that is clustered by symbol and start of bucket. */
interface Buckets {
  readonly table: 'candles_1h' | 'candles_1d' | 'ticker_days' | 'daily_metrics';
  /** Column with the start of the bucket. */
  readonly start: 'open_time' | 'date';
  readonly length: EpochMicros;
}

/**
 * From the first bucket of a symbol to the end of the last that begins by `latest`; undefined where there is none. The
 * first and the last are looked up by the key, each in a query of its own: asked for together, all rows would be read.
 */
export function storedSpan(
  store: ReadStore,
  symbol: string,
  { table, start, length }: Buckets,
  latest: EpochMicros = Number.MAX_SAFE_INTEGER,
): TimeRange | undefined {
  const of = (end: 'min' | 'max'): string =>
    `(SELECT ${end}(${start}) FROM ${table} WHERE symbol = @symbol AND ${start} <= @latest)`;
  const row = store
    .statement<[{ symbol: string; latest: EpochMicros }], SpanRow>(`SELECT ${of('min')} AS first, ${of('max')} AS last`)
    .get({ symbol, latest });
  return row?.first == null || row.last == null ? undefined : { start: row.first, end: row.last + length };
}

/** Sums what a statement counts for each symbol in the range, until that is more than `most`. */
export async function countOf(
  store: ReadStore,
  sql: string,
  symbols: readonly string[],
  range: TimeRange,
  most: number,
): Promise<number> {
  let sum = 0;
  for (const symbol of symbols) {
    if (sum > most) break;
    const row = await store.read(() =>
      store.statement<[{ symbol: string } & TimeRange], { count: number }>(sql).get({ symbol, ...range }),
    );
    sum += row?.count ?? 0;
    await nextTurn();
  }
  return sum;
}
