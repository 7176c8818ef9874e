import { parseDecimal } from '@app/domain';
import type { DayObservation } from './day-observation';
import { closeToCloseVolatility, garmanKlassVolatility, parkinsonVolatility, yangZhangVolatility } from './volatility';

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
