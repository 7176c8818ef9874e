import { parseDecimal } from '@app/domain';
import fc from 'fast-check';
import { maximumDrawdown } from './drawdown';

const price = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }).map((units) => ({ units, scale: 8 }));

describe('maximum drawdown', () => {
  it('should be the largest of all losses from an earlier to a later close', () => {
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 30 }), (closes) => {
        const losses = closes.flatMap((from, index) =>
          closes.slice(index).map((to) => Number(from.units - to.units) / Number(from.units)),
        );
        expect(maximumDrawdown(closes)).toBe(Math.max(0, ...losses));
      }),
    );
    expect(maximumDrawdown(['100', '75.00', '80', '60', '120'].map(parseDecimal))).toBe(0.4);
  });
});
