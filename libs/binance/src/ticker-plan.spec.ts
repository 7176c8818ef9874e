import { planTickerRequests } from './ticker-plan';

const symbols = (count: number): string[] => Array.from({ length: count }, (_, index) => `S${index}USDT`);

describe('planTickerRequests', () => {
  it.each([
    [0, []],
    [1, [1]],
    [20, [20]],
    [21, [20, 1]],
    [100, [20, 20, 20, 20, 20]],
  ])('should ask for %i symbols in lists of %j', (count, sizes) => {
    const plan = planTickerRequests(symbols(count));
    expect(plan).toEqual(expect.any(Array));
    expect((plan as string[][]).map(({ length }) => length)).toEqual(sizes);
    expect((plan as string[][]).flat()).toEqual(symbols(count));
  });

  it('should ask for all at once when lists would cost more', () => {
    expect(planTickerRequests(symbols(520))).toHaveLength(26);
    expect(planTickerRequests(symbols(521))).toBe('all');
  });
});
