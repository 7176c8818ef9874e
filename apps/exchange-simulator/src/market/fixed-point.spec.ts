import { changePercent, divideRounded, formatUnits, parseUnits } from './fixed-point';

describe('fixed-point decimals', () => {
  it('should write eight decimals', () => {
    expect(formatUnits(6_800_012n, 2)).toBe('68000.12000000');
    expect(formatUnits(-7, 8)).toBe('-0.00000007');
    expect(formatUnits(0, 0)).toBe('0.00000000');
  });

  it('should read what it writes, also beyond the safe integers', () => {
    expect(parseUnits('92233720368.54775807')).toBe(9_223_372_036_854_775_807n);
    expect(parseUnits('1.5')).toBe(150_000_000n);
    expect(parseUnits('-0.01')).toBe(-1_000_000n);
    expect(() => parseUnits('1e5')).toThrow(RangeError);
    expect(() => parseUnits('0.123456789')).toThrow(RangeError);
  });

  it('should round half away from zero', () => {
    expect(divideRounded(5n, 2n)).toBe(3n);
    expect(divideRounded(-5n, 2n)).toBe(-3n);
    expect(divideRounded(4n, 3n)).toBe(1n);
  });

  it('should give a change in percent with three decimals', () => {
    // A recorded ticker of ETHBTC, 2020-04-15.
    expect(changePercent(parseUnits('0.02316000'), parseUnits('0.02310400'))).toBe('-0.242');
    expect(changePercent(0n, 5n)).toBe('0.000');
    expect(changePercent(100n, 300n)).toBe('200.000');
  });
});
