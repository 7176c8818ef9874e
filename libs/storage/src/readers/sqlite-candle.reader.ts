import {
  BucketGrid,
  CandleGridUnknownError,
  CandleReader,
  DAY,
  MAX_TIME,
  intervalLength,
  storedIntervalOf,
  type CandleInterval,
  type EpochMicros,
  type StoredCandle,
  type StoredInterval,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import {
  bucketChunks,
  CandleLevel,
  firstTimeAfter,
  mergeByTime,
  mergeChunksByTime,
  MinuteAccounts,
  minuteChunks,
  RolledDays,
  rolledCandle,
  type AccountOf,
} from '@app/history';
import {
  MINUTE_COLUMNS,
  ROLL_UP_COLUMNS,
  toRollUp,
  toStoredMinute,
  type MinuteCandleRow,
  type RollUpRow,
} from '../sink/candle-row';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';
import { SqliteAccountRows } from './sqlite-account-rows';
import { SqliteCandleRows } from './sqlite-candle-rows';

const COLUMNS: Readonly<Record<StoredInterval, string>> = {
  '1m': MINUTE_COLUMNS,
  '1h': ROLL_UP_COLUMNS,
  '1d': ROLL_UP_COLUMNS,
};

interface SymbolRow {
  readonly first_captured_at: number | null;
  readonly first_minute: number | null;
}

const keyOf = ({ openTime, symbol }: StoredCandle): TimeKey => ({ time: openTime, symbol });

export class SqliteCandleReader extends CandleReader {
  private readonly rows: SqliteCandleRows;
  private readonly accounts: SqliteAccountRows;
  private readonly days: RolledDays;

  constructor(private readonly store: ReadStore) {
    super();
    this.rows = new SqliteCandleRows(store);
    this.accounts = new SqliteAccountRows(store);
    this.days = new RolledDays(this.rows);
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
    const stored = storedIntervalOf(interval);
    if (stored === interval && asOf === undefined) return this.stored(symbols, interval, rangeOf, limit);
    // What a page takes of each symbol when all have about as many candles, and one candle more.
    const share = Math.ceil(limit / symbols.length) + 1;
    const known = symbols.filter((symbol) => this.hasCandles(symbol, stored, asOf));
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

  /** Candles that are stored as they are asked for. */
  private stored(
    symbols: readonly string[],
    interval: StoredInterval,
    rangeOf: (symbol: string) => TimeRange,
    limit: number,
  ): Promise<StoredCandle[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number, number], MinuteCandleRow | RollUpRow>(
        `SELECT ${COLUMNS[interval]} FROM candles_${interval}
         WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ?`,
      );
      const sources = symbols.map((symbol) => {
        const { start, end } = rangeOf(symbol);
        return rowPages<MinuteCandleRow | RollUpRow>(
          (last, size) => statement.all(symbol, last ? last.open_time + 1 : start, end, size),
          limit,
          symbols.length,
        );
      });
      const rows = mergeByTime(sources, (row) => ({ time: row.open_time, symbol: row.symbol }), 'ascending', limit);
      const toCandle = this.rolledCandles(rows, intervalLength(interval));
      return rows.map((row) => ('minutes' in row ? toCandle(row) : toStoredMinute(row)));
    });
  }

  /** Makes candles of stored hours or days, which are given ascending by time. */
  private rolledCandles(
    rows: readonly (MinuteCandleRow | RollUpRow)[],
    length: EpochMicros,
  ): (row: RollUpRow) => StoredCandle {
    const range = { start: rows[0]?.open_time ?? 0, end: (rows.at(-1)?.open_time ?? 0) + length };
    const accountsOf = (symbol: string): AccountOf => {
      const accounts = new MinuteAccounts(this.accounts, symbol);
      return length === DAY ? accounts.withinDays(range) : accounts.within(range);
    };
    const accounts = new Map<string, AccountOf>();
    return (row) => {
      const { symbol } = row;
      const account = accounts.get(symbol) ?? accountsOf(symbol);
      accounts.set(symbol, account);
      const rollUp = toRollUp(row);
      const bucket = { start: row.open_time, end: row.open_time + length };
      return rolledCandle(symbol, bucket, rollUp, account(bucket, rollUp));
    };
  }

  /** Whether there is any candle of the symbol, and by that time. */
  private hasCandles(symbol: string, interval: StoredInterval, asOf: EpochMicros | undefined): boolean {
    const row = this.symbolRow(symbol);
    if (asOf !== undefined && (row?.first_captured_at ?? Infinity) > asOf) return false;
    return (
      this.store
        .statement<[string], object>(`SELECT 1 FROM candles_${interval} WHERE symbol = ? LIMIT 1`)
        .get(symbol) !== undefined
    );
  }

  private grids(symbols: readonly string[], interval: CandleInterval): BucketGrid[] {
    if (interval !== '3d') return symbols.map(() => new BucketGrid(interval, 0));
    const firstMinutes = symbols.map((symbol) => ({ symbol, first: this.symbolRow(symbol)?.first_minute ?? null }));
    const unknown = firstMinutes.flatMap(({ symbol, first }) => (first === null ? [symbol] : []));
    if (unknown.length > 0) throw new CandleGridUnknownError(unknown);
    return firstMinutes.map(({ first }) => new BucketGrid(interval, first ?? 0));
  }

  private symbolRow(symbol: string): SymbolRow | undefined {
    return this.store
      .statement<[string], SymbolRow>('SELECT first_captured_at, first_minute FROM symbols WHERE symbol = ?')
      .get(symbol);
  }
}
