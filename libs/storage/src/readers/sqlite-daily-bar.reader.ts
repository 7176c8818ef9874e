import {
  DAY,
  DailyBarReader,
  LEDGER_DELAY,
  MINUTE,
  compareCodePoints,
  type Clock,
  type DailyBar,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import type { ReadStore } from './read-store';

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
  /** Minutes of the day that are in a recorded state. */
  readonly accounted: number | null;
  readonly accounted_at: number | null;
}

interface TickerDayRow {
  readonly date: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly last_timestamp: number;
}

const CANDLE_DAYS = `
  SELECT open_time AS date, open, high, low, close, volume, quote_volume, trade_count, captured_at,
    captured + quiet + stopped AS accounted, changed_at AS accounted_at
  FROM candles_1d LEFT JOIN coverage_days
    ON coverage_days.symbol = candles_1d.symbol AND coverage_days.date = candles_1d.open_time
  WHERE candles_1d.symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`;

const TICKER_DAYS = `
  SELECT date, open, high, low, close, volume, last_timestamp FROM ticker_days
  WHERE symbol = ? AND date >= ? AND date < ? ORDER BY date`;

const MINUTES_A_DAY = DAY / MINUTE;

/** Days from gold: one row of candles where there is one, else what the polled snapshots say. */
export class SqliteDailyBarReader extends DailyBarReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  bars(symbols: readonly string[], { start, end }: TimeRange): Promise<DailyBar[]> {
    return this.store.read(() => {
      const now = this.clock.now();
      const candleDays = this.store.statement<[string, number, number], DayCandleRow>(CANDLE_DAYS);
      const tickerDays = this.store.statement<[string, number, number], TickerDayRow>(TICKER_DAYS);
      const bars = symbols.flatMap((symbol) => {
        const fromCandles = candleDays.all(symbol, start, end).map((row) => candleBar(symbol, row, now));
        const dates = new Set(fromCandles.map(({ date }) => date));
        const fromTickers = tickerDays
          .all(symbol, start, end)
          .filter(({ date }) => !dates.has(date))
          .map((row) => tickerBar(symbol, row, now));
        return [...fromCandles, ...fromTickers];
      });
      return bars.sort((a, b) => a.date - b.date || compareCodePoints(a.symbol, b.symbol));
    });
  }
}

/** Final when the day has ended and each of its minutes is captured, quiet or stopped. */
function candleBar(symbol: string, row: DayCandleRow, now: EpochMicros): DailyBar {
  const isFinal = row.date + DAY <= now && row.accounted === MINUTES_A_DAY;
  const accountedAt = row.accounted_at ?? 0;
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
    changedAt: Math.max(row.captured_at, accountedAt, isFinal ? row.date + DAY : 0),
  };
}

/** Snapshots of a day are all in two minutes after its end. */
function tickerBar(symbol: string, row: TickerDayRow, now: EpochMicros): DailyBar {
  const finalAt = row.date + DAY + LEDGER_DELAY;
  const isFinal = finalAt <= now;
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
    changedAt: Math.max(row.last_timestamp, isFinal ? finalAt : 0),
  };
}
