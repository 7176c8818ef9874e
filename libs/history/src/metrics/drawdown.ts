import { compareDecimals, ratioOf, subtractDecimals, type Decimal } from '@app/domain';

/**
 * The largest loss from a close to a later one, as a fraction of the earlier: 0 when it never fell, 0.25 after a fall
 * from 100 to 75. The closes are in order of time.
 *
 * Magdon-Ismail and Atiya, Maximum Drawdown, Risk 17 (2004), 99-102.
 */
export function maximumDrawdown(closes: readonly Decimal[]): number {
  let [peak] = closes;
  let lowest = peak;
  let drawdown = 0;
  for (const close of closes) {
    if (!peak || !lowest || compareDecimals(close, peak) > 0) {
      peak = close;
      lowest = close;
    } else if (compareDecimals(close, lowest) < 0) {
      lowest = close;
      drawdown = Math.max(drawdown, ratioOf(subtractDecimals(peak, close), peak));
    }
  }
  return drawdown;
}
