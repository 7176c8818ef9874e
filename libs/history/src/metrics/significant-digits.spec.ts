import fc from 'fast-check';
import { formatStatistic } from './significant-digits';

describe('statistics as text', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [-0.5, '-0.5'],
    [1 / 3, '0.3333333333'],
    [2 / 3e7, '0.00000006666666667'],
    [123456.7890123, '123456.789'],
    [99999999999, '100000000000'],
    [12345678901234, '12345678900000'],
    [1.00000000049, '1'],
    [1e-300, `0.${'0'.repeat(299)}1`],
  ])('should write %d as %s', (value, text) => {
    expect(formatStatistic(value)).toBe(text);
  });

  it('should be within half a unit of the tenth digit, without exponent and without trailing zeros', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e18, max: 1e18 }), (value) => {
        const text = formatStatistic(value);
        expect(text).toMatch(/^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 5.0001e-10);
      }),
    );
  });
});
