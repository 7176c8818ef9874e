import {
  DAY,
  DailyBarReader,
  compareCodePoints,
  latestStamp,
  type Clock,
  type DailyBar,
  type HeldMinutes,
  type EpochMicros,
  type MinuteAccount,
  type TimeRange,
} from '@app/domain';
import {
  candleBarState,
  MinuteAccounts,
  polledBarState,
  polledDayOf,
  type PolledPrice,
  type TickerDayRow,
} from '@app/history';
import type { ReadStore } from './read-store';
import { SqliteAccountRows } from './sqlite-account-rows';
import { countOf, storedSpan } from './stored-spans';

interface DayCandleRow {
  readonly date: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly captured_at: number;
  readonly minutes: number;
  readonly last_minute: number;
  /** When the ledger of the day last changed. */
  readonly accounted_at: number | null;
}

/** What the price events of one symbol say of one UTC day, as gold has it. */
type StoredTickerDay = Omit<TickerDayRow, 'symbol' | 'firstTimestamp'>;

const CANDLE_DAYS = `
  SELECT open_time AS date, open, high, low, close, volume, quote_volume, trade_count, captured_at,
    minutes, last_minute, changed_at AS accounted_at
  FROM candles_1d LEFT JOIN coverage_days
    ON coverage_days.symbol = candles_1d.symbol AND coverage_days.date = candles_1d.open_time
  WHERE candles_1d.symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`;

const TICKER_DAYS = `
  SELECT date, open, high, low, close, volume, last_timestamp AS lastTimestamp FROM ticker_days
  WHERE symbol = ? AND date >= ? AND date < ? ORDER BY date`;

const PRICES = `SELECT timestamp, source, last_price AS lastPrice, volume FROM price_events
  WHERE symbol = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ? ORDER BY timestamp, source`;

const COUNT_DATES = `
  SELECT count(*) AS count FROM (
    SELECT open_time FROM candles_1d WHERE symbol = @symbol AND open_time >= @start AND open_time < @end
    UNION SELECT date FROM ticker_days WHERE symbol = @symbol AND date >= @start AND date < @end)`;

/** Days from gold: one row of candles where there is one, else what the polled snapshots say. */
export class SqliteDailyBarReader extends DailyBarReader {
  private readonly accounts: SqliteAccountRows;

  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
    this.accounts = new SqliteAccountRows(store);
  }

  spans(symbols: readonly string[]): Promise<TimeRange[]> {
    return this.store.read(() => {
      const latest = latestStamp(this.clock.now());
      return symbols.flatMap((symbol) => {
        const found = [
          storedSpan(this.store, symbol, { table: 'candles_1d', start: 'open_time', length: DAY }),
          storedSpan(this.store, symbol, { table: 'ticker_days', start: 'date', length: DAY }, latest),
        ].filter((span) => span !== undefined);
        if (found.length === 0) return [];
        return {
          start: Math.min(...found.map(({ start }) => start)),
          end: Math.max(...found.map(({ end }) => end)),
        };
      });
    });
  }

  countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number> {
    return countOf(this.store, COUNT_DATES, symbols, range, most);
  }

  bars(symbols: readonly string[], { start, end }: TimeRange): Promise<DailyBar[]> {
    return this.store.read(() => {
      const now = this.clock.now();
      const candleDays = this.store.statement<[string, number, number], DayCandleRow>(CANDLE_DAYS);
      const tickerDays = this.store.statement<[string, number, number], StoredTickerDay>(TICKER_DAYS);
      const bars = symbols.flatMap((symbol) => {
        const rows = candleDays.all(symbol, start, end);
        const account = new MinuteAccounts(this.accounts, symbol).withinDays({ start, end });
        const fromCandles = rows.map((row) => candleBar(symbol, row, account(dayOf(row), heldBy(row)), now));
        const dates = new Set(fromCandles.map(({ date }) => date));
        const fromTickers = tickerDays
          .all(symbol, start, end)
          .filter(({ date }) => !dates.has(date))
          .flatMap((row) => tickerDayUntil(this.store, symbol, row, latestStamp(now)) ?? [])
          .map((row) => tickerBar(symbol, row, now));
        return [...fromCandles, ...fromTickers];
      });
      return bars.sort((a, b) => a.date - b.date || compareCodePoints(a.symbol, b.symbol));
    });
  }
}

const dayOf = ({ date }: DayCandleRow): TimeRange => ({ start: date, end: date + DAY });

const heldBy = ({ minutes, last_minute: lastMinute }: DayCandleRow): HeldMinutes => ({ minutes, lastMinute });

function candleBar(symbol: string, row: DayCandleRow, account: MinuteAccount, now: EpochMicros): DailyBar {
  const end = row.date + DAY;
  const { isFinal, changedAt } = candleBarState(end, row.captured_at, row.accounted_at, account, now);
  return {
    date: row.date,
    symbol,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    isFinal,
    source: 'kline',
    changedAt,
  };
}

/**
 * A day of which gold has seen an event that is stamped ahead of its time: made anew of those that count by now; undefined
 * when there is none.
 */
function tickerDayUntil(
  store: ReadStore,
  symbol: string,
  row: StoredTickerDay,
  latest: EpochMicros,
): StoredTickerDay | undefined {
  if (row.lastTimestamp <= latest) return row;
  const { date } = row;
  const events = store
    .statement<[string, EpochMicros, EpochMicros, EpochMicros], PolledPrice>(PRICES)
    .iterate(symbol, date, date + DAY, latest);
  return polledDayOf(symbol, date, events);
}

function tickerBar(symbol: string, row: StoredTickerDay, now: EpochMicros): DailyBar {
  const { isFinal, changedAt } = polledBarState(row.date + DAY, row.lastTimestamp, now);
  return {
    date: row.date,
    symbol,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: null,
    tradeCount: null,
    isFinal,
    source: 'ticker',
    changedAt,
  };
}
