import { DAY, type DailyMetrics, type EpochMicros, type TimeRange } from '@app/domain';
import { observeDay, type DayObservation, type DayStep } from './day-observation';
import { maximumDrawdown } from './drawdown';
import type { MetricsDay } from './metrics-day';
import { trueRange, volumeWeightedPrice } from './price-metrics';
import { formatStatistic } from './significant-digits';
import { closeToCloseVolatility, garmanKlassVolatility, parkinsonVolatility, yangZhangVolatility } from './volatility';

/** Dates of the long window: the row's own and the 29 before it. */
const METRICS_WINDOW = 30;
const SHORT_WINDOW = 7;

/**
 * How many dates after a day its numbers still tell in metrics: the close of a day is the base of the next day's return,
 * which stays in the window for thirty dates.
 */
export const METRICS_REACH = METRICS_WINDOW;

/** Changes with any formula or rule here: stores whose metrics were made by another one make them anew. */
export const METRICS_VERSION = '2';

/** Share of a window's observations below which it says nothing: 6 of 7, 24 of 30. */
const fewest = (window: number): number => Math.ceil(window * 0.8);

type Observed = DayObservation & { readonly date: EpochMicros };
type Stepped = Observed & { readonly step: DayStep };

const hasStep = (day: Observed): day is Stepped => day.step !== null;

/** The statistic of a window; null when less than 80 % of its observations are there. */
function statistic<T>(
  observations: readonly T[],
  window: number,
  estimate: (of: readonly T[]) => number,
): string | null {
  return observations.length < fewest(window) ? null : formatStatistic(estimate(observations));
}

/**
 * Metrics of the days in a range. `days` are ascending and reach {@link METRICS_REACH} dates back from its start.
 *
 * A window is the last N UTC dates including the row's own; a date without a day is no observation, and nothing is put
 * in its place. A step (log return, true range, opening jump) needs the date just before, so a window of N dates holds
 * at most N steps. Every day of exchange candles counts as far as it has gone: the row of a day that is still open, or
 * has missing minutes, changes when they come.
 */
export function metricsOfDays(days: readonly MetricsDay[], range: TimeRange): DailyMetrics[] {
  const observed: Observed[] = [];
  const metrics: DailyMetrics[] = [];
  let before: MetricsDay | undefined;
  for (const day of days) {
    const previous = before?.date === day.date - DAY ? before : undefined;
    before = day;
    const last = observed.at(-1);
    const observation = observeDay(day, last?.date === day.date - DAY ? last : undefined);
    if (observation) observed.push({ ...observation, date: day.date });
    if (day.date < range.start || day.date >= range.end) continue;
    metrics.push(metricsOfDay(day, previous, observed));
  }
  return metrics;
}

/** `observed` ends with the day itself, or before it where it has no logarithm. */
function metricsOfDay(day: MetricsDay, previous: MetricsDay | undefined, observed: readonly Observed[]): DailyMetrics {
  const long = observed.slice(-METRICS_WINDOW).filter(({ date }) => date > day.date - METRICS_WINDOW * DAY);
  const longSteps = long.filter(hasStep);
  const shortSteps = longSteps.filter(({ date }) => date > day.date - SHORT_WINDOW * DAY);
  const own = long.at(-1);
  const step = own?.date === day.date ? own.step : null;
  const stepsOf = (steps: readonly Stepped[]): DayStep[] => steps.map((stepped) => stepped.step);
  return {
    date: day.date,
    close: day.close,
    logReturn: step && formatStatistic(step.closeToClose),
    vwap: volumeWeightedPrice(day),
    trueRange: previous ? trueRange(day, previous.close) : null,
    volClose7d: statistic(stepsOf(shortSteps), SHORT_WINDOW, closeToCloseVolatility),
    volClose30d: statistic(stepsOf(longSteps), METRICS_WINDOW, closeToCloseVolatility),
    volParkinson30d: statistic(long, METRICS_WINDOW, parkinsonVolatility),
    volGarmanKlass30d: statistic(long, METRICS_WINDOW, garmanKlassVolatility),
    volYangZhang30d: statistic(longSteps, METRICS_WINDOW, yangZhangVolatility),
    maxDrawdown30d: statistic(
      long.map(({ close }) => close),
      METRICS_WINDOW,
      maximumDrawdown,
    ),
    observations: long.length,
  };
}
