import fc from 'fast-check';
import {
  addDecimalTexts,
  compareDecimalTexts,
  compareDecimals,
  divideDecimals,
  formatDecimal,
  InvalidDecimalError,
  isDecimalText,
  MAX_DECIMAL_LENGTH,
  maxDecimalText,
  minDecimalText,
  parseDecimal,
  ratioOf,
  rescaleDecimal,
  sameNumber,
  subtractDecimals,
} from './decimal';

/** A decimal text as the exchange writes them: no leading zeros, 0 to 18 fraction digits. */
const decimalText = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 18 }))
  .map(([negative, units, scale]) => naiveFormat(negative ? -units : units, scale));

function naiveFormat(units: bigint, scale: number): string {
  const power = 10n ** BigInt(scale);
  const absolute = units < 0n ? -units : units;
  const sign = units < 0n ? '-' : '';
  const whole = (absolute / power).toString();
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${(absolute % power).toString().padStart(scale, '0')}`;
}

/** The value on a scale that every generated text fits into. */
function at18(text: string): bigint {
  const { units, scale } = parseDecimal(text);
  return units * 10n ** BigInt(18 - scale);
}

const scaleOf = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);

describe('decimals', () => {
  it('should write what it read, digit for digit', () => {
    fc.assert(
      fc.property(decimalText, (text) => {
        expect(formatDecimal(parseDecimal(text))).toBe(text);
      }),
    );
  });

  it('should read what it wrote, for every value and scale', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.integer({ min: 0, max: 20 }),
        (units, scale) => {
          const text = formatDecimal({ units, scale });
          expect(text).toBe(naiveFormat(units, scale));
          expect(parseDecimal(text)).toEqual({ units, scale });
        },
      ),
    );
  });

  it('should add exactly and keep the larger scale of the addends', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const sum = addDecimalTexts(a, b);
        expect(at18(sum)).toBe(at18(a) + at18(b));
        expect(scaleOf(sum)).toBe(Math.max(scaleOf(a), scaleOf(b)));
      }),
    );
    expect(addDecimalTexts('0.1', '0.20')).toBe('0.30');
    expect(addDecimalTexts('9007199254740993', '0.00000001')).toBe('9007199254740993.00000001');
    expect(addDecimalTexts('-1.5', '1.50')).toBe('0.00');
  });

  it('should compare as numbers, whatever the trailing zeros', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const expected = at18(a) < at18(b) ? -1 : at18(a) > at18(b) ? 1 : 0;
        expect(compareDecimalTexts(a, b)).toBe(expected);
        expect(compareDecimals(parseDecimal(b), parseDecimal(a)) + expected).toBe(0);
        expect(sameNumber(a, b)).toBe(expected === 0);
        expect(maxDecimalText(a, b)).toBe(expected >= 0 ? a : b);
        expect(minDecimalText(a, b)).toBe(expected <= 0 ? a : b);
      }),
    );
    expect(sameNumber('1.50', '1.5')).toBe(true);
    expect(sameNumber('-0.0', '0')).toBe(true);
    expect(compareDecimalTexts('10', '9.99999999')).toBe(1);
  });

  it('should compare texts of the same shape as numbers, leading zeros and signs included', () => {
    const shaped = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
      .chain(([whole, fraction]) => {
        const digits = (length: number): fc.Arbitrary<string> =>
          fc.string({ unit: fc.constantFrom('0', '1', '9'), minLength: length, maxLength: length });
        const one = fc
          .tuple(fc.constantFrom('', '-'), digits(whole), digits(fraction))
          .map(([sign, left, right]) => `${sign}${left}${fraction === 0 ? '' : `.${right}`}`);
        return fc.tuple(one, one);
      });
    fc.assert(
      fc.property(shaped, ([a, b]) => {
        const difference = at18(a) - at18(b);
        expect(compareDecimalTexts(a, b)).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });

  it('should refuse to compare what is no number, of the same shape or not', () => {
    expect(() => compareDecimalTexts('1.5x', '1.50')).toThrow(InvalidDecimalError);
    expect(() => compareDecimalTexts('abc', '123')).toThrow(InvalidDecimalError);
  });

  it('should subtract exactly, and divide to the nearest multiple of the last digit, halves to the even one', () => {
    fc.assert(
      fc.property(decimalText, decimalText, fc.integer({ min: 0, max: 12 }), (a, b, scale) => {
        const difference = formatDecimal(subtractDecimals(parseDecimal(a), parseDecimal(b)));
        expect(at18(difference)).toBe(at18(a) - at18(b));
        expect(scaleOf(difference)).toBe(Math.max(scaleOf(a), scaleOf(b)));

        const [dividend, divisor] = [at18(a) * 10n ** BigInt(scale), at18(b)];
        if (divisor === 0n) return;
        const { units } = divideDecimals(parseDecimal(a), parseDecimal(b), scale);
        const twiceError = 2n * (dividend - units * divisor);
        const [size, limit] = [twiceError < 0n ? -twiceError : twiceError, divisor < 0n ? -divisor : divisor];
        expect(size < limit || (size === limit && units % 2n === 0n)).toBe(true);
      }),
    );
    const quotient = (a: string, b: string): string =>
      formatDecimal(divideDecimals(parseDecimal(a), parseDecimal(b), 1));
    expect(['1', '3', '-1', '-3', '7'].map((a) => quotient(a, '20'))).toEqual(['0.0', '0.2', '0.0', '-0.2', '0.4']);
    expect(() => quotient('1', '0.00')).toThrow(RangeError);
    expect(ratioOf(parseDecimal('1.50'), parseDecimal('-3'))).toBe(-0.5);
  });

  it('should change the scale of a number only where it stays the same number', () => {
    fc.assert(
      fc.property(decimalText, fc.integer({ min: 0, max: 20 }), (text, scale) => {
        const rescaled = rescaleDecimal(parseDecimal(text), scale);
        if (rescaled) {
          expect([rescaled.scale, compareDecimalTexts(formatDecimal(rescaled), text)]).toEqual([scale, 0]);
        } else {
          expect(text.slice(text.indexOf('.') + 1 + scale)).toMatch(/[1-9]/);
        }
      }),
    );
  });

  it('should keep the earlier text of two equal numbers, as written', () => {
    expect(maxDecimalText('1.50', '1.5')).toBe('1.50');
    expect(minDecimalText('1.50', '1.5')).toBe('1.50');
  });

  it.each([
    '',
    '.',
    '1.',
    '.5',
    '+1',
    '1e5',
    '1E-7',
    'NaN',
    'Infinity',
    '0x10',
    '1,5',
    ' 1',
    '1 ',
    '1\n',
    '--1',
    '1.2.3',
    '１',
  ])('should refuse %j', (text) => {
    expect(isDecimalText(text)).toBe(false);
    expect(() => parseDecimal(text)).toThrow(InvalidDecimalError);
  });

  it('should refuse a text that is longer than any price, and not repeat all of it', () => {
    expect(isDecimalText('1'.repeat(MAX_DECIMAL_LENGTH))).toBe(true);
    const text = '1'.repeat(100_000);
    expect(isDecimalText(text)).toBe(false);
    const error = new InvalidDecimalError(text);
    expect(error.message.length).toBeLessThan(200);
    expect(error.code).toBe('DECIMAL.INVALID');
  });
});
