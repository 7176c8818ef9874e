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

/** A day as metrics of later days see it. */
export interface ObservedDay {
  readonly date: EpochMicros;
  readonly close: string;
  /** Undefined for a day without a logarithm. */
  readonly observation: DayObservation | undefined;
}

type Stepped = DayObservation & { readonly step: DayStep };

const hasStep = (observation: DayObservation): observation is Stepped => observation.step !== null;

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
  const observed: ObservedDay[] = [];
  const metrics: DailyMetrics[] = [];
  for (const day of days) {
    const { date, close } = day;
    observed.push({ date, close, observation: observeAfter(observed.at(-1), day) });
    if (date >= range.start && date < range.end) metrics.push(metricsOfDay(day, observed, observed.length - 1));
  }
  return metrics;
}

/** Observes a day behind the one that is stored before it, of whichever date that is. */
export function observeAfter(before: ObservedDay | undefined, day: MetricsDay): DayObservation | undefined {
  return observeDay(day, before?.date === day.date - DAY ? before.observation : undefined);
}

/** Metrics of a day, which is at a place of the observed days: those before it are all that its windows reach. */
export function metricsOfDay(day: MetricsDay, observed: readonly ObservedDay[], place: number): DailyMetrics {
  const long: DayObservation[] = [];
  const longSteps: Stepped[] = [];
  const shortSteps: Stepped[] = [];
  for (let index = Math.max(0, place - METRICS_WINDOW + 1); index <= place; index += 1) {
    const { date = 0, observation } = observed[index] ?? {};
    if (!observation || date <= day.date - METRICS_WINDOW * DAY) continue;
    long.push(observation);
    if (!hasStep(observation)) continue;
    longSteps.push(observation);
    if (date > day.date - SHORT_WINDOW * DAY) shortSteps.push(observation);
  }
  const step = observed[place]?.observation?.step ?? null;
  const before = observed[place - 1];
  const stepsOf = (steps: readonly Stepped[]): DayStep[] => steps.map((stepped) => stepped.step);
  return {
    date: day.date,
    close: day.close,
    logReturn: step && formatStatistic(step.closeToClose),
    vwap: volumeWeightedPrice(day),
    trueRange: before?.date === day.date - DAY ? trueRange(day, before.close) : null,
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
