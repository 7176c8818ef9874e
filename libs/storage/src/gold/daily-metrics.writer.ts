import type { EpochMicros, TimeRange } from '@app/domain';
import { capturedMetrics, daysBehind, metricsReaches, type CapturedDay } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { parametersOf, type ColumnValues } from '../sink/candle-row';
import { DAILY_METRICS_COLUMNS, dailyMetricsValues } from './daily-metrics-row';

/**
 * Keeps the metrics in step with the days, in the same transaction: a changed day makes its own row anew and those of
 * the following dates whose windows it is in. Inside write units only.
 */
export class DailyMetricsWriter {
  private readonly selectDays: Statement<[string, number, number], CapturedDay>;
  private readonly upsert: Statement<ColumnValues[number][]>;

  constructor(database: SqliteHandle) {
    this.selectDays = database.prepare(
      `SELECT open_time AS date, open, high, low, close, volume, quote_volume AS quoteVolume, captured_at AS capturedAt
       FROM candles_1d WHERE symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time`,
    );
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
    for (const { metrics, capturedAt } of capturedMetrics(this.selectDays.all(symbol, start, end), range)) {
      this.upsert.run(...dailyMetricsValues(symbol, metrics, capturedAt));
    }
  }
}
