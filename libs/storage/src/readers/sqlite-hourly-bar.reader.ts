import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  DAY,
  HOUR,
  HourlyBarReader,
  MINUTE,
  compareCodePoints,
  floorTo,
  type Clock,
  type EpochMicros,
  type HourlyBar,
  type TimeRange,
} from '@app/domain';
import type { ReadStore } from './read-store';

interface HourRow {
  readonly open_time: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly captured_at: number;
  /** When the ledger of its day last changed. */
  readonly accounted_at: number | null;
}

/** Hours read at a time: other requests, and capture in the same process, get their turn in between. */
const PAGE = 5_000;

const HOURS = `
  SELECT open_time, open, high, low, close, volume, quote_volume, trade_count, captured_at, changed_at AS accounted_at
  FROM candles_1h LEFT JOIN coverage_days
    ON coverage_days.symbol = candles_1h.symbol AND coverage_days.date = open_time - open_time % ${DAY}
  WHERE candles_1h.symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ${PAGE}`;

const RUNS = `
  SELECT start_time AS start, end_time AS end FROM coverage
  WHERE symbol = @symbol AND start_time < @end AND end_time > @start AND start_time >= coalesce(
    (SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @start), 0)
  ORDER BY start_time LIMIT ${PAGE}`;

const MINUTES_AN_HOUR = HOUR / MINUTE;

/** Hours from gold, final by the ledger. */
export class SqliteHourlyBarReader extends HourlyBarReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  async bars(symbols: readonly string[], range: TimeRange): Promise<HourlyBar[]> {
    const now = this.clock.now();
    const bars: HourlyBar[] = [];
    for (const symbol of [...symbols].sort(compareCodePoints)) {
      for (let start = range.start; start < range.end;) {
        const from = start;
        const rows = await this.store.read(() =>
          this.store.statement<[string, number, number], HourRow>(HOURS).all(symbol, from, range.end),
        );
        const [first, last] = [rows[0], rows.at(-1)];
        if (!first || !last) break;
        const accounted = await this.accountedMinutes(symbol, { start: first.open_time, end: last.open_time + HOUR });
        for (const row of rows) bars.push(toBar(symbol, row, accounted.get(row.open_time) ?? 0, now));
        start = rows.length < PAGE ? range.end : last.open_time + 1;
        await nextTurn();
      }
    }
    // Stable: symbols stay in their order within an hour.
    return bars.sort((a, b) => a.openTime - b.openTime);
  }

  /** Minutes of each hour that are in a recorded state. */
  private async accountedMinutes(symbol: string, range: TimeRange): Promise<Map<EpochMicros, number>> {
    const minutes = new Map<EpochMicros, number>();
    for (let { start } = range; start < range.end;) {
      const part = { symbol, start, end: range.end };
      const runs = await this.store.read(() => this.store.statement<[typeof part], TimeRange>(RUNS).all(part));
      for (const run of runs) {
        for (const { hour, length } of hoursOf(run, range)) minutes.set(hour, (minutes.get(hour) ?? 0) + length);
      }
      start = runs.length < PAGE ? range.end : (runs.at(-1)?.end ?? range.end);
      await nextTurn();
    }
    return minutes;
  }
}

/** The minutes that a run has in each hour of a range of full hours. */
function* hoursOf(run: TimeRange, range: TimeRange): Generator<{ hour: EpochMicros; length: number }> {
  const end = Math.min(run.end, range.end);
  for (let start = Math.max(run.start, range.start); start < end;) {
    const hour = floorTo(start, HOUR);
    const next = Math.min(end, hour + HOUR);
    yield { hour, length: (next - start) / MINUTE };
    start = next;
  }
}

/** Final when the hour has ended and each of its minutes is captured, quiet or stopped. */
function toBar(symbol: string, row: HourRow, accounted: number, now: EpochMicros): HourlyBar {
  const isFinal = row.open_time + HOUR <= now && accounted === MINUTES_AN_HOUR;
  return {
    openTime: row.open_time,
    symbol,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    isFinal,
    changedAt: Math.max(row.captured_at, row.accounted_at ?? 0, isFinal ? row.open_time + HOUR : 0),
  };
}
