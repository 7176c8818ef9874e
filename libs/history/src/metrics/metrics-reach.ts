import { DAY, floorTo, type DailyMetrics, type EpochMicros, type TimeRange } from '@app/domain';
import { METRICS_REACH, metricsOfDays } from './daily-metrics';
import type { MetricsDay } from './metrics-day';

/** A day with the newest capture that it is made of. */
export interface CapturedDay extends MetricsDay {
  readonly capturedAt: EpochMicros;
}

/** The metrics of a day with the newest capture among all days that they are made of. */
export interface CapturedMetrics {
  readonly metrics: DailyMetrics;
  readonly capturedAt: EpochMicros;
}

/** The dates whose metrics the days of these times tell in, as disjoint ranges, ascending. */
export function metricsReaches(times: Iterable<EpochMicros>): TimeRange[] {
  const dates = new Set([...times].map((time) => floorTo(time, DAY)));
  const ranges: TimeRange[] = [];
  for (const date of [...dates].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    const end = date + (METRICS_REACH + 1) * DAY;
    if (last && date <= last.end) ranges[ranges.length - 1] = { start: last.start, end };
    else ranges.push({ start: date, end });
  }
  return ranges;
}

/** Days that the metrics of a range of dates are made of. */
export function daysBehind({ start, end }: TimeRange): TimeRange {
  return { start: start - METRICS_REACH * DAY, end };
}

/** Metrics of the days in a range; `days` are ascending and all that are stored of {@link daysBehind}. */
export function capturedMetrics(days: readonly CapturedDay[], range: TimeRange): CapturedMetrics[] {
  const capturedAt = new Map(days.map((day, index) => [day.date, newestCapture(days, index)]));
  return metricsOfDays(days, range).map((metrics) => ({ metrics, capturedAt: capturedAt.get(metrics.date) ?? 0 }));
}

/** Newest capture among the days that a row is made of. */
function newestCapture(days: readonly CapturedDay[], index: number): EpochMicros {
  const own = days[index]?.date ?? 0;
  return days
    .slice(Math.max(0, index - METRICS_REACH), index + 1)
    .filter(({ date }) => date >= own - METRICS_REACH * DAY)
    .reduce((newest, { capturedAt }) => Math.max(newest, capturedAt), 0);
}
