/**
 * An exact decimal number: value = units × 10^-scale, scale ≥ 0.
 *
 * The exchange sends prices and volumes as decimal text. They are kept as that text and, where arithmetic is needed,
 * computed on here with integers of any size, so that no digit is ever lost or made up.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** Longest decimal text accepted; the exchange's own are at most 28 characters. */
export const MAX_DECIMAL_LENGTH = 64;

const DECIMAL_TEXT = /^-?\d+(?:\.\d+)?$/;

export class InvalidDecimalError extends Error {
  readonly code = 'DECIMAL.INVALID';

  constructor(readonly text: string) {
    super(`not a plain decimal number: ${JSON.stringify(text.slice(0, MAX_DECIMAL_LENGTH))}`);
    this.name = 'InvalidDecimalError';
  }
}

/** Whether the text is a plain decimal: optional minus, digits, optional fraction; no exponent, no plus, no spaces. */
export function isDecimalText(text: string): boolean {
  return text.length <= MAX_DECIMAL_LENGTH && DECIMAL_TEXT.test(text);
}

/** Digits that a decimal may have before and behind the point: sums of such numbers fit the 38 digits of Parquet and SQL. */
const AMOUNT_TEXT = /^(?:0|[1-9]\d{0,23})(?:\.\d{1,8})?$/;

/** What {@link isAmountText} admits, in words. */
export const AMOUNT_RULE =
  'an unsigned decimal as text, with at most 24 digits before and 8 behind the point and no leading zero';

/** What {@link isChangeText} admits, in words. */
export const CHANGE_RULE =
  'a decimal as text, with at most 24 digits before and 8 behind the point and no leading zero';

/** Whether the text is a price, quantity or volume that is accepted from a source: see {@link AMOUNT_RULE}. */
export function isAmountText(text: string): boolean {
  return AMOUNT_TEXT.test(text);
}

/** As {@link isAmountText}, but it may be negative. */
export function isChangeText(text: string): boolean {
  return AMOUNT_TEXT.test(text.startsWith('-') ? text.slice(1) : text);
}

/** Parses plain decimal text. @throws InvalidDecimalError for anything else. */
export function parseDecimal(text: string): Decimal {
  if (!isDecimalText(text)) throw new InvalidDecimalError(text);
  const point = text.indexOf('.');
  if (point < 0) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

/** Writes a decimal with exactly `scale` fraction digits: no exponent, no thousands separator. */
export function formatDecimal({ units, scale }: Decimal): string {
  if (scale === 0) return units.toString();
  const negative = units < 0n;
  const digits = magnitude(units)
    .toString()
    .padStart(scale + 1, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function magnitude(units: bigint): bigint {
  return units < 0n ? -units : units;
}

function unitsAt(value: Decimal, scale: number): bigint {
  return value.scale === scale ? value.units : value.units * 10n ** BigInt(scale - value.scale);
}

/** The exact sum; its scale is the larger of the two. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

/** The exact difference; its scale is the larger of the two. */
export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, { units: -b.units, scale: b.scale });
}

/** The quotient rounded to `scale` fraction digits, halves to the even digit. @throws RangeError for a divisor of 0 */
export function divideDecimals(a: Decimal, b: Decimal, scale: number): Decimal {
  const dividend = a.units * 10n ** BigInt(scale + b.scale);
  const divisor = b.units * 10n ** BigInt(a.scale);
  const quotient = dividend / divisor;
  const twiceRest = magnitude(dividend % divisor) * 2n;
  const half = magnitude(divisor);
  const roundsAway = twiceRest > half || (twiceRest === half && quotient % 2n !== 0n);
  if (!roundsAway) return { units: quotient, scale };
  return { units: quotient + (dividend < 0n === divisor < 0n ? 1n : -1n), scale };
}

/** The same number with exactly `scale` fraction digits; undefined where digits other than zeros would be lost. */
export function rescaleDecimal(value: Decimal, scale: number): Decimal | undefined {
  if (value.scale <= scale) return { units: unitsAt(value, scale), scale };
  const surplus = 10n ** BigInt(value.scale - scale);
  return value.units % surplus === 0n ? { units: value.units / surplus, scale } : undefined;
}

/** a / b as a double, from whole numbers: for statistics, never for prices, volumes or sums. */
export function ratioOf(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  return Number(unitsAt(a, scale)) / Number(unitsAt(b, scale));
}

/** Negative, zero or positive as a is less than, equal to or greater than b; trailing zeros do not count. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [units, otherUnits] = [unitsAt(a, scale), unitsAt(b, scale)];
  return units < otherUnits ? -1 : units > otherUnits ? 1 : 0;
}

/** The exact sum of two decimal texts, with the larger scale of the two. */
export function addDecimalTexts(a: string, b: string): string {
  return formatDecimal(addDecimals(parseDecimal(a), parseDecimal(b)));
}

/** Whether the digits of two texts, neither of them negative, stand at the same places. */
function areAligned(a: string, b: string): boolean {
  return a.length === b.length && a.indexOf('.') === b.indexOf('.') && !a.startsWith('-') && !b.startsWith('-');
}

/** Compares two decimal texts as numbers. */
export function compareDecimalTexts(a: string, b: string): number {
  if (a === b) return 0;
  // Prices of one symbol nearly always look alike, and then digits in order of their weight decide.
  if (areAligned(a, b) && isDecimalText(a) && isDecimalText(b)) return a < b ? -1 : 1;
  return compareDecimals(parseDecimal(a), parseDecimal(b));
}

/** Whether two decimal texts are the same number ("1.50" and "1.5" are). */
export function sameNumber(a: string, b: string): boolean {
  return compareDecimalTexts(a, b) === 0;
}

/** The larger of two decimal texts, as written. */
export function maxDecimalText(a: string, b: string): string {
  return compareDecimalTexts(a, b) >= 0 ? a : b;
}

/** The smaller of two decimal texts, as written. */
export function minDecimalText(a: string, b: string): string {
  return compareDecimalTexts(a, b) <= 0 ? a : b;
}
