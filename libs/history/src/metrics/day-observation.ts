import { parseDecimal, type Decimal } from '@app/domain';
import { logRatio } from './log-ratio';
import type { MetricsDay } from './metrics-day';

/** What a day says of itself: terms of the range-based estimators. */
export interface DayObservation {
  readonly close: Decimal;
  /** ln(high / low). */
  readonly range: number;
  /** ln(close / open). */
  readonly openToClose: number;
  /** ln(high / open) · ln(high / close) + ln(low / open) · ln(low / close): Rogers and Satchell (1991), formula 4. */
  readonly rogersSatchell: number;
  /** What it says of the step from the day before; null when that day is not there. */
  readonly step: DayStep | null;
}

/** From the close of one day to the next day. */
export interface DayStep {
  /** ln(close / previous close). */
  readonly closeToClose: number;
  /** ln(open / previous close). */
  readonly closeToOpen: number;
}

/**
 * Observes a day beside the observation of the day before it. Undefined for a day without a logarithm: one with a price
 * of 0.
 */
export function observeDay(day: MetricsDay, previous: DayObservation | undefined): DayObservation | undefined {
  const [open, high, low, close] = [day.open, day.high, day.low, day.close].map(parseDecimal) as [
    Decimal,
    Decimal,
    Decimal,
    Decimal,
  ];
  if ([open, high, low, close].some(({ units }) => units <= 0n)) return undefined;
  return {
    close,
    range: logRatio(high, low),
    openToClose: logRatio(close, open),
    rogersSatchell: logRatio(high, open) * logRatio(high, close) + logRatio(low, open) * logRatio(low, close),
    step: previous
      ? { closeToClose: logRatio(close, previous.close), closeToOpen: logRatio(open, previous.close) }
      : null,
  };
}
