import type { EpochMicros, TimeRange } from '@app/domain';
import { capturedMetrics, daysBehind, metricsReaches, type CapturedDay } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { parametersOf, type ColumnValues } from '../sink/candle-row';
import { DAILY_METRICS_COLUMNS, dailyMetricsValues } from './daily-metrics-row';

/** A day as the driver makes it, in half the time of a row: the window of a live minute is a month of them. */
type DayValues = readonly [
  date: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  quoteVolume: string,
  capturedAt: number,
];

function toCapturedDay([date, open, high, low, close, volume, quoteVolume, capturedAt]: DayValues): CapturedDay {
  return { date, open, high, low, close, volume, quoteVolume, capturedAt };
}

/**
 * Keeps the metrics in step with the days, in the same transaction: a changed day makes its own row anew and those of
 * the following dates whose windows it is in. Inside write units only.
 */
export class DailyMetricsWriter {
  private readonly selectDays: Statement<[string, number, number], DayValues>;
  private readonly upsert: Statement<ColumnValues[number][]>;

  constructor(database: SqliteHandle) {
    this.selectDays = database
      .prepare<[string, number, number], DayValues>(
        `SELECT open_time, open, high, low, close, volume, quote_volume, captured_at
         FROM candles_1d WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`,
      )
      .raw();
    this.upsert = database.prepare(
      `INSERT OR REPLACE INTO daily_metrics (${DAILY_METRICS_COLUMNS}) VALUES (${parametersOf(DAILY_METRICS_COLUMNS)})`,
    );
  }

  /** Brings the rows that the days of these times tell in up to date; the days themselves are written before. */
  update(symbol: string, times: Iterable<EpochMicros>): void {
    for (const range of metricsReaches(times)) this.rewrite(symbol, range);
  }

  /** Makes the rows of a range of dates anew. */
  rewrite(symbol: string, range: TimeRange): void {
    const { start, end } = daysBehind(range);
    const days = this.selectDays.all(symbol, start, end).map(toCapturedDay);
    for (const { metrics, capturedAt } of capturedMetrics(days, range)) {
      this.upsert.run(...dailyMetricsValues(symbol, metrics, capturedAt));
    }
  }
}
