import { addDecimals, formatDecimal, parseDecimal, type Decimal } from './decimal';

/** Fraction digits that are summed as whole numbers of this scale; the exchange writes at most as many. */
const FAST_SCALE = 8;
/** Digits before the point up to which a number is summed without big integers. */
const FAST_DIGITS = 12;
/** Sums are emptied into the exact rest well before they leave the safe integers. */
const LIMIT = 2 ** 52;

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const POINT = 46;
const POWERS = Array.from({ length: FAST_SCALE + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The exact sum of many decimal texts; its scale is the largest of theirs. Numbers of the exchange's size are added as
 * two integers, before and behind the point, which is exact and many times as fast as big integers; any other goes the
 * way of {@link addDecimals}.
 */
export class DecimalSum {
  private whole = 0;
  /** In units of 10^-{@link FAST_SCALE}. */
  private fraction = 0;
  private scale = 0;
  private rest: Decimal = { units: 0n, scale: 0 };

  /** Adds a text, or what stands between two places of it. @throws InvalidDecimalError */
  add(text: string, from = 0, to = text.length): void {
    let [whole, fraction, point] = [0, 0, to];
    for (let index = from; index < to; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= DIGIT_0 && code <= DIGIT_9) {
        if (point === to) whole = whole * 10 + code - DIGIT_0;
        else fraction = fraction * 10 + code - DIGIT_0;
      } else if (code === POINT && point === to) {
        point = index;
      } else {
        this.addExactly(parseDecimal(text.slice(from, to)));
        return;
      }
    }
    const wholeDigits = point - from;
    const scale = point === to ? 0 : to - point - 1;
    if (wholeDigits === 0 || wholeDigits > FAST_DIGITS || scale > FAST_SCALE || (point < to && scale === 0)) {
      this.addExactly(parseDecimal(text.slice(from, to)));
      return;
    }
    this.whole += whole;
    this.fraction += fraction * (POWERS[FAST_SCALE - scale] ?? 1);
    if (scale > this.scale) this.scale = scale;
    if (this.whole > LIMIT || this.fraction > LIMIT) this.empty();
  }

  /** The sum so far; `0` of nothing. */
  toString(): string {
    if (this.rest.units === 0n) return this.fastText();
    this.empty();
    const { units, scale } = this.rest;
    // What lies behind the largest scale of the addends are zeros of the fast scale.
    return formatDecimal({ units: units / 10n ** BigInt(scale - this.scale), scale: this.scale });
  }

  /** The text of what is summed in small integers. */
  private fastText(): string {
    const unit = POWERS[FAST_SCALE] ?? 1;
    const carry = Math.floor(this.fraction / unit);
    const whole = (this.whole + carry).toString();
    // The unit in front keeps leading zeros; what lies behind the largest scale of the addends are zeros.
    const fraction = (unit + this.fraction - carry * unit).toString().slice(1, 1 + this.scale);
    return this.scale === 0 ? whole : `${whole}.${fraction}`;
  }

  private addExactly(value: Decimal): void {
    this.rest = addDecimals(this.rest, value);
    if (value.scale > this.scale) this.scale = value.scale;
  }

  private empty(): void {
    const units = BigInt(this.whole) * 10n ** BigInt(FAST_SCALE) + BigInt(this.fraction);
    this.whole = 0;
    this.fraction = 0;
    this.rest = addDecimals(this.rest, { units, scale: FAST_SCALE });
  }
}
