import type { DayObservation, DayStep } from './day-observation';

/** Crypto trades on every day of the year. */
export const DAYS_A_YEAR = 365;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Variance of a sample: divided by n − 1. */
function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** A standard deviation of a year from the variance of a day; a variance that rounding made negative is 0. */
const annualised = (dailyVariance: number): number => Math.sqrt(Math.max(0, dailyVariance) * DAYS_A_YEAR);

/**
 * Annualised volatility from close to close: the standard deviation (n − 1) of the daily log returns.
 *
 * Hull, Options, Futures, and Other Derivatives, "Estimating volatility from historical data"; 365 days instead of its
 * 252 trading days. At least two observations.
 */
export function closeToCloseVolatility(steps: readonly DayStep[]): number {
  return annualised(sampleVariance(steps.map(({ closeToClose }) => closeToClose)));
}

/**
 * Annualised volatility from daily ranges: σ² = Σ ln(H/L)² / (4 n ln 2).
 *
 * Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return, Journal of Business 53 (1980),
 * 61-65. At least one observation.
 */
export function parkinsonVolatility(days: readonly DayObservation[]): number {
  return annualised(mean(days.map(({ range }) => range ** 2)) / (4 * Math.LN2));
}

/**
 * Annualised volatility from open, high, low and close: σ² = Σ (½ ln(H/L)² − (2 ln 2 − 1) ln(C/O)²) / n.
 *
 * Garman and Klass, On the Estimation of Security Price Volatilities from Historical Data, Journal of Business 53 (1980),
 * 67-78: the practical estimator (their σ̂₅²), without the term for the time a market is closed. At least one observation.
 */
export function garmanKlassVolatility(days: readonly DayObservation[]): number {
  return annualised(mean(days.map(({ range, openToClose }) => range ** 2 / 2 - (2 * Math.LN2 - 1) * openToClose ** 2)));
}

/**
 * Annualised volatility that neither drift nor opening jumps disturb: σ² = σ_o² + k σ_c² + (1 − k) σ_rs², where σ_o² and
 * σ_c² are the sample variances of ln(O/C₋₁) and ln(C/O), σ_rs² is the mean of the Rogers-Satchell terms and
 * k = 0.34 / (1.34 + (n + 1) / (n − 1)).
 *
 * Yang and Zhang, Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices, Journal of Business
 * 73 (2000), 477-491. At least two observations, each with the day before it.
 */
export function yangZhangVolatility(days: readonly (DayObservation & { readonly step: DayStep })[]): number {
  const n = days.length;
  const k = 0.34 / (1.34 + (n + 1) / (n - 1));
  const opening = sampleVariance(days.map(({ step }) => step.closeToOpen));
  const trading = sampleVariance(days.map(({ openToClose }) => openToClose));
  const rogersSatchell = mean(days.map((day) => day.rogersSatchell));
  return annualised(opening + k * trading + (1 - k) * rogersSatchell);
}
