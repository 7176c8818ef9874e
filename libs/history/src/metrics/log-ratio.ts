import { ratioOf, subtractDecimals, type Decimal } from '@app/domain';

/**
 * ln(a / b) of two positive prices, in double precision. Their difference is taken exactly, before anything is rounded:
 * prices that differ in their last digit only would otherwise have a logarithm of rounding errors.
 */
export function logRatio(a: Decimal, b: Decimal): number {
  const change = ratioOf(subtractDecimals(a, b), b);
  return Math.abs(change) < 0.5 ? Math.log1p(change) : Math.log(ratioOf(a, b));
}
