import {
  BucketGrid,
  CandleGridUnknownError,
  CandleReader,
  DAY,
  intervalLength,
  MAX_TIME,
  storedIntervalOf,
  type CandleInterval,
  type EpochMicros,
  type StoredCandle,
  type StoredInterval,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { rolledCandle } from '../bucket-candles';
import { firstTimeAfter, mergeChunksByTime, mergePages } from '../merge-by-time';
import type { AccountOf } from '../stops';
import { bucketChunks, minuteChunks } from './candle-chunks';
import { CandleLevel } from './candle-level';
import type { AccountRows, CandleRows, StoredRollUp } from './candle-rows';
import { MinuteAccounts } from './minute-accounts';
import { RolledDays } from './rolled-days';

/** Candles of a store, with what it knows of their symbols. */
export interface CandleStore extends CandleRows {
  /** Runs a reading, all of it in one state of the store. */
  inOneState<T>(reading: () => T): Promise<T>;
  hasCandles(symbol: string, interval: StoredInterval): boolean;
  /** Earliest capture of any candle of the symbol. */
  firstCapture(symbol: string): EpochMicros | undefined;
  /** Open time of the first candle that the exchange has of the symbol; undefined where it has not told. */
  firstListed(symbol: string): EpochMicros | undefined;
}

/** An hour or day with the symbol that it is of. */
interface SymbolRollUp extends StoredRollUp {
  readonly symbol: string;
}

type RangeOf = (symbol: string) => TimeRange;
type Page<Row> = (symbol: string, from: EpochMicros, until: EpochMicros, size: number) => readonly Row[];

const keyOf = ({ openTime, symbol }: { readonly openTime: EpochMicros; readonly symbol: string }): TimeKey => ({
  time: openTime,
  symbol,
});

/** Candles of any interval by time, whatever symbol they are of: as they are, or as they were known at a time. */
export class Candles extends CandleReader {
  private readonly days: RolledDays;

  constructor(
    private readonly rows: CandleStore,
    private readonly accounts: AccountRows,
  ) {
    super();
    this.days = new RolledDays(rows);
  }

  async range(
    symbols: readonly string[],
    interval: CandleInterval,
    { start = 0, end = MAX_TIME }: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
    asOf?: EpochMicros,
  ): Promise<StoredCandle[]> {
    const rangeOf = (symbol: string): TimeRange => ({
      start: after ? Math.max(start, firstTimeAfter(after, symbol)) : start,
      end: asOf === undefined ? end : Math.min(end, asOf + 1),
    });
    if (asOf === undefined && storedIntervalOf(interval) === interval) {
      return this.rows.inOneState(() => this.stored(symbols, interval, rangeOf, limit));
    }
    return this.made(symbols, interval, rangeOf, limit, asOf);
  }

  /** Candles that are stored as they are asked for. */
  private stored(
    symbols: readonly string[],
    interval: StoredInterval,
    rangeOf: RangeOf,
    limit: number,
  ): StoredCandle[] {
    if (interval === '1m') {
      return merged<StoredCandle>(symbols, rangeOf, limit, (...page) => this.rows.minutes(...page));
    }
    const rollUps = merged<SymbolRollUp>(symbols, rangeOf, limit, (symbol, from, until, size) =>
      this.rows
        .rollUps(symbol, interval, from, until, size)
        .map(({ openTime, rollUp }) => ({ symbol, openTime, rollUp })),
    );
    return this.rolled(rollUps, intervalLength(interval));
  }

  /** Candles of stored hours or days, which are given ascending by time. */
  private rolled(rows: readonly SymbolRollUp[], length: EpochMicros): StoredCandle[] {
    const range = { start: rows[0]?.openTime ?? 0, end: (rows.at(-1)?.openTime ?? 0) + length };
    const accountsOf = (symbol: string): AccountOf => {
      const accounts = new MinuteAccounts(this.accounts, symbol);
      return length === DAY ? accounts.withinDays(range) : accounts.within(range);
    };
    const accounts = new Map<string, AccountOf>();
    return rows.map(({ symbol, openTime, rollUp }) => {
      const account = accounts.get(symbol) ?? accountsOf(symbol);
      accounts.set(symbol, account);
      const bucket = { start: openTime, end: openTime + length };
      return rolledCandle(symbol, bucket, rollUp, account(bucket, rollUp));
    });
  }

  /** Candles that are made of smaller ones, or of the versions that were known. */
  private made(
    symbols: readonly string[],
    interval: CandleInterval,
    rangeOf: RangeOf,
    limit: number,
    asOf: EpochMicros | undefined,
  ): Promise<StoredCandle[]> {
    const stored = storedIntervalOf(interval);
    // What a page takes of each symbol when all have about as many candles, and one candle more.
    const share = Math.ceil(limit / symbols.length) + 1;
    const known = symbols.filter((symbol) => this.wasKnown(symbol, asOf) && this.rows.hasCandles(symbol, stored));
    const grids = this.grids(known, interval);
    const sources = known.map((symbol, index) => {
      const level = new CandleLevel(this.rows, symbol, asOf);
      return interval === '1m'
        ? minuteChunks(level, rangeOf(symbol), share)
        : bucketChunks(
            level,
            new MinuteAccounts(this.accounts, symbol, asOf),
            symbol,
            interval,
            grids[index] as BucketGrid,
            rangeOf(symbol),
            share,
            asOf === undefined ? this.days : undefined,
          );
    });
    return mergeChunksByTime(sources, keyOf, limit);
  }

  /** Whether any candle of the symbol had been captured by that time. */
  private wasKnown(symbol: string, asOf: EpochMicros | undefined): boolean {
    return asOf === undefined || (this.rows.firstCapture(symbol) ?? Infinity) <= asOf;
  }

  private grids(symbols: readonly string[], interval: CandleInterval): BucketGrid[] {
    if (interval !== '3d') return symbols.map(() => new BucketGrid(interval, 0));
    const firsts = symbols.map((symbol) => ({ symbol, first: this.rows.firstListed(symbol) }));
    const unknown = firsts.flatMap(({ symbol, first }) => (first === undefined ? [symbol] : []));
    if (unknown.length > 0) throw new CandleGridUnknownError(unknown);
    return firsts.map(({ first = 0 }) => new BucketGrid(interval, first));
  }
}

/** The first `limit` rows of all symbols by time, each read in pages of its range. */
function merged<Row extends { readonly openTime: EpochMicros; readonly symbol: string }>(
  symbols: readonly string[],
  rangeOf: RangeOf,
  limit: number,
  page: Page<Row>,
): Row[] {
  const ranges = symbols.map(rangeOf);
  const merge = mergePages<Row>(symbols.length, keyOf, 'ascending', limit);
  let step = merge.next([]);
  while (!step.done) {
    step = merge.next(
      step.value.map(({ source, last, size }) => {
        const { start, end } = ranges[source] ?? { start: 0, end: 0 };
        return page(symbols[source] ?? '', last ? last.openTime + 1 : start, end, size);
      }),
    );
  }
  return step.value;
}
