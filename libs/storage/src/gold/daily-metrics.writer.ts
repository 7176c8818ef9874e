import { DAY, METRICS_REACH, floorTo, metricsOfDays, type EpochMicros, type TimeRange } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { parametersOf, type ColumnValues } from '../sink/candle-row';
import { DAILY_METRICS_COLUMNS, dailyMetricsValues } from './daily-metrics-row';

interface DayRow {
  readonly date: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly capturedAt: number;
}

/**
 * Keeps the metrics in step with the days, in the same transaction: a changed day makes its own row anew and those of
 * the following dates whose windows it is in. Inside write units only.
 */
export class DailyMetricsWriter {
  private readonly selectDays: Statement<[string, number, number], DayRow>;
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
    const dates = new Set([...times].map((time) => floorTo(time, DAY)));
    for (const range of joinedReaches([...dates].sort((a, b) => a - b))) this.rewrite(symbol, range);
  }

  /** Makes the rows of a range of dates anew. */
  rewrite(symbol: string, { start, end }: TimeRange): void {
    const days = this.selectDays.all(symbol, start - METRICS_REACH * DAY, end);
    const capturedAt = new Map(days.map((day, index) => [day.date, newestCapture(days, index)]));
    for (const metrics of metricsOfDays(days, { start, end })) {
      this.upsert.run(...dailyMetricsValues(symbol, metrics, capturedAt.get(metrics.date) ?? 0));
    }
  }
}

/** Newest capture among the days that a row is made of. */
function newestCapture(days: readonly DayRow[], index: number): number {
  const own = days[index]?.date ?? 0;
  return days
    .slice(Math.max(0, index - METRICS_REACH), index + 1)
    .filter(({ date }) => date >= own - METRICS_REACH * DAY)
    .reduce((newest, { capturedAt }) => Math.max(newest, capturedAt), 0);
}

/** The dates that each date tells in, as disjoint ranges; the dates are ascending. */
function joinedReaches(dates: readonly EpochMicros[]): TimeRange[] {
  const ranges: TimeRange[] = [];
  for (const date of dates) {
    const last = ranges.at(-1);
    const end = date + (METRICS_REACH + 1) * DAY;
    if (last && date <= last.end) ranges[ranges.length - 1] = { start: last.start, end };
    else ranges.push({ start: date, end });
  }
  return ranges;
}
