import { parseDecimal } from '@app/domain';
import fc from 'fast-check';
import { logRatio } from './log-ratio';

const price = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }).map((units) => ({ units, scale: 8 }));

describe('log ratios', () => {
  it('should keep every digit of a move in the last digit of a price', () => {
    // ln(1 + x) = x − x² / 2 + …, and x is 1e-8 / 98765.4321.
    const moved = logRatio(parseDecimal('98765.43210001'), parseDecimal('98765.43210000'));
    expect(moved / (1e-8 / 98765.4321)).toBeCloseTo(1, 12);
  });

  it('should be the difference of the logarithms, and change its sign when turned round', () => {
    fc.assert(
      fc.property(price, price, (a, b) => {
        const ratio = logRatio(a, b);
        expect(ratio).toBeCloseTo(Math.log(Number(a.units)) - Math.log(Number(b.units)), 9);
        expect(ratio + logRatio(b, a)).toBeCloseTo(0, 12);
      }),
    );
  });
});
