import {
  divideDecimals,
  formatDecimal,
  maxDecimalText,
  minDecimalText,
  parseDecimal,
  subtractDecimals,
} from '@app/domain';
import type { MetricsDay } from './metrics-day';

/** Fraction digits of a VWAP: those of the exchange's own prices. */
const VWAP_SCALE = 8;
/** Beyond 38 digits no table holds it: such a price only comes of a row whose volumes contradict each other. */
const VWAP_LIMIT = 10n ** 38n;

/**
 * Volume-weighted average price of a day: quote volume / volume, divided exactly and rounded half-even to eight
 * fraction digits; null when nothing was traded, or when it has more than 38 digits.
 *
 * Berkowitz, Logue and Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43 (1988), 97-112.
 */
export function volumeWeightedPrice({ volume, quoteVolume }: MetricsDay): string | null {
  const base = parseDecimal(volume);
  if (base.units === 0n) return null;
  const price = divideDecimals(parseDecimal(quoteVolume), base, VWAP_SCALE);
  return price.units < VWAP_LIMIT ? formatDecimal(price) : null;
}

/**
 * True range of a day, exact, in the quote asset: from the lower of low and previous close to the higher of high and
 * previous close.
 *
 * Wilder, New Concepts in Technical Trading Systems (1978), 21.
 */
export function trueRange({ high, low }: MetricsDay, previousClose: string): string {
  const top = parseDecimal(maxDecimalText(high, previousClose));
  const bottom = parseDecimal(minDecimalText(low, previousClose));
  return formatDecimal(subtractDecimals(top, bottom));
}
