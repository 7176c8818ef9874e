import { parseDecimal } from '@app/domain';
import fc from 'fast-check';
import type { DayObservation } from './day-observation';
import { maximumDrawdown } from './drawdown';
import { logRatio } from './log-ratio';
import { formatStatistic } from './significant-digits';
import { closeToCloseVolatility, garmanKlassVolatility, parkinsonVolatility, yangZhangVolatility } from './volatility';

const price = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }).map((units) => ({ units, scale: 8 }));

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

describe('volatilities', () => {
  const YEAR = Math.sqrt(365);
  const observation = (
    values: Partial<DayObservation>,
  ): DayObservation & { step: NonNullable<DayObservation['step']> } => ({
    close: parseDecimal('1'),
    range: 0,
    openToClose: 0,
    rogersSatchell: 0,
    ...values,
    step: values.step ?? { closeToClose: 0, closeToOpen: 0 },
  });

  it('should divide the variance of returns by n - 1', () => {
    const steps = [0.01, 0.02, 0.03].map((closeToClose) => ({ closeToClose, closeToOpen: 0 }));
    expect(closeToCloseVolatility(steps)).toBeCloseTo(0.01 * YEAR, 14);
  });

  it('should make the range-based estimates of the papers', () => {
    const days = [0.1, 0.2].map((range) => observation({ range, openToClose: range / 2 }));
    const squares = (0.01 + 0.04) / 2;
    expect(parkinsonVolatility(days)).toBeCloseTo(Math.sqrt(squares / (4 * Math.log(2))) * YEAR, 14);
    const factor = 0.5 - (2 * Math.log(2) - 1) / 4;
    expect(garmanKlassVolatility(days)).toBeCloseTo(Math.sqrt(squares * factor) * YEAR, 14);
  });

  it('should weigh opening, trading and Rogers-Satchell terms as Yang and Zhang do', () => {
    const days = [1, 2, 3].map((n) =>
      observation({ openToClose: n / 50, rogersSatchell: n / 1000, step: { closeToClose: 0, closeToOpen: n / 100 } }),
    );
    const k = 0.34 / (1.34 + 4 / 2);
    expect(yangZhangVolatility(days)).toBeCloseTo(Math.sqrt(0.0001 + k * 0.0004 + (1 - k) * 0.002) * YEAR, 14);
  });

  it('should be 0 where nothing moves', () => {
    const days = Array.from({ length: 30 }, () => observation({}));
    expect(yangZhangVolatility(days)).toBe(0);
    expect(garmanKlassVolatility(days)).toBe(0);
  });
});
