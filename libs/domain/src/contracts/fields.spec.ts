import { MILLISECOND } from '../model';
import { ContractViolationError } from './contract-violation.error';
import { eventTimeField, marketTimeField } from './fields';

const read = (value: unknown): number => eventTimeField({ at: value }, 'at');
const readMarket = (value: unknown): number => marketTimeField({ at: value }, 'at');

describe('time fields', () => {
  it('should read the same text the same each time, and other texts as what they are', () => {
    const base = Date.UTC(2026, 0, 15, 14, 3, 22);
    for (let round = 0; round < 2; round += 1) {
      for (let second = 0; second < 200; second += 1) {
        const instant = new Date(base + second * 1_000).toISOString();
        expect(read(`${instant.slice(0, 19)}.913852+00:00`)).toBe((base + second * 1_000) * MILLISECOND + 913_852);
        expect(readMarket(instant)).toBe((base + second * 1_000) * MILLISECOND);
      }
    }
  });

  it.each([
    '2026-01-15T14:03:22.913852Z',
    '2026-01-15T14:03:22.913+00:00',
    '2026-02-30T14:03:22.913852+00:00',
    '',
    1_768_485_802,
    null,
    undefined,
  ])('should refuse %j as a capture time, however often', (value) => {
    for (let round = 0; round < 2; round += 1) expect(() => read(value)).toThrow(ContractViolationError);
  });

  it('should not take a capture time for a time of the market, nor the other way round', () => {
    const [capture, market] = ['2026-01-15T14:03:22.000000+00:00', '2026-01-15T14:03:22.000Z'];
    expect(read(capture)).toBe(readMarket(market));
    expect(() => readMarket(capture)).toThrow(ContractViolationError);
    expect(() => read(market)).toThrow(ContractViolationError);
  });
});
