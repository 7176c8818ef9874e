import fc from 'fast-check';
import { addDecimalTexts, InvalidDecimalError } from './decimal';
import { DecimalSum } from './decimal-sum';

/** Texts of the exchange's size, and now and then one that is too long for small integers, or negative. */
const decimal = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.bigInt(0n, 10n ** 12n) }, fc.bigInt(-(10n ** 30n), 10n ** 30n)),
    fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^\d{0,8}$/) }, fc.stringMatching(/^\d{9,20}$/)),
  )
  .map(([whole, fraction]) => (fraction === '' ? whole.toString() : `${whole.toString()}.${fraction}`));

function sumDecimalTexts(texts: readonly string[]): string {
  const sum = new DecimalSum();
  for (const text of texts) sum.add(text);
  return sum.toString();
}

describe('DecimalSum', () => {
  it('should equal the sum of all texts two by two, with the largest of their scales', () => {
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 50 }), (texts) => {
        expect(sumDecimalTexts(texts)).toBe(texts.reduce(addDecimalTexts));
      }),
    );
  });

  it('should stay exact beyond the safe integers', () => {
    const largest = '999999999999.99999999';
    expect(sumDecimalTexts(Array.from({ length: 100_000 }, () => largest))).toBe('99999999999999999.99900000');
  });

  it('should be nothing at first, and be readable at any time', () => {
    expect(sumDecimalTexts([])).toBe('0');
    const sum = new DecimalSum();
    sum.add('0.50');
    expect(sum.toString()).toBe('0.50');
    sum.add('1.5');
    expect(sum.toString()).toBe('2.00');
  });

  it.each(['', '.', '1.', '.5', '1e5', '+1', '1,5', ' 1', '1.2.3', '１'])('should refuse %j', (text) => {
    expect(() => {
      new DecimalSum().add(text);
    }).toThrow(InvalidDecimalError);
  });
});
