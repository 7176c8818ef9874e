import { DAY, floorTo, type DailyMetrics, type EpochMicros, type TimeRange } from '@app/domain';
import { METRICS_REACH, metricsOfDay, observeAfter, type ObservedDay } from './daily-metrics';
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

/** A day as metrics of later days see it, with the newest capture that it is made of. */
export interface PastDay extends ObservedDay {
  readonly capturedAt: EpochMicros;
}

/** The past with the days behind it; all are ascending. */
export function observeDays(days: readonly CapturedDay[], past: readonly PastDay[] = []): PastDay[] {
  const observed = [...past];
  for (const day of days) {
    const { date, close, capturedAt } = day;
    observed.push({ date, close, observation: observeAfter(observed.at(-1), day), capturedAt });
  }
  return observed;
}

/**
 * Metrics of the days in a range; `days` are ascending and, with those that are observed before them, all that are stored
 * of {@link daysBehind}.
 */
export function capturedMetrics(
  days: readonly CapturedDay[],
  range: TimeRange,
  observed: readonly PastDay[] = observeDays(days),
): CapturedMetrics[] {
  const offset = observed.length - days.length;
  const rows: CapturedMetrics[] = [];
  for (const [index, day] of days.entries()) {
    if (day.date < range.start || day.date >= range.end) continue;
    const place = offset + index;
    rows.push({ metrics: metricsOfDay(day, observed, place), capturedAt: newestCapture(observed, place, day.date) });
  }
  return rows;
}

/** Newest capture among the days that the row of a day is made of. */
function newestCapture(observed: readonly PastDay[], place: number, own: EpochMicros): EpochMicros {
  let newest = 0;
  for (let index = Math.max(0, place - METRICS_REACH); index <= place; index += 1) {
    const { date = 0, capturedAt = 0 } = observed[index] ?? {};
    if (date >= own - METRICS_REACH * DAY && capturedAt > newest) newest = capturedAt;
  }
  return newest;
}
