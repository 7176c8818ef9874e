/** Digits after the point in every price and quantity the exchange sends. */
const SCALE = 8;
const UNITS_PER_ONE = 10n ** BigInt(SCALE);

/** Writes `value`, counted in units of 10^-`decimals`, with eight decimals: (6800012n, 2) gives `68000.12000000`. */
export function formatUnits(value: bigint | number, decimals: number): string {
  const text = value.toString();
  const negative = text.startsWith('-');
  const digits = (negative ? text.slice(1) : text).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point).padEnd(SCALE, '0')}`;
}

/** Units of 10^-8 in a decimal string of at most eight decimals. Throws a RangeError for anything else. */
export function parseUnits(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,8})0*)?$/.exec(text);
  if (match === null) {
    throw new RangeError(`not a decimal of at most eight places: ${text}`);
  }
  const [, sign, whole = '0', fraction = ''] = match;
  const units = BigInt(whole) * UNITS_PER_ONE + BigInt(fraction.padEnd(SCALE, '0'));
  return sign === '-' ? -units : units;
}

/** numerator / denominator rounded half away from zero; the denominator is positive. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** The change from `open` to `last` in percent with exactly three decimals, as the ticker has it. */
export function changePercent(open: bigint, last: bigint): string {
  const thousandths = open === 0n ? 0n : divideRounded((last - open) * 100_000n, open);
  const sign = thousandths < 0n ? '-' : '';
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
