import { DAY } from '@app/domain';
import fc from 'fast-check';
import { METRICS_REACH, metricsOfDays } from './daily-metrics';
import type { MetricsDay } from './metrics-day';
import { trueRange, volumeWeightedPrice } from './price-metrics';

const ALL = { start: 0, end: Number.MAX_SAFE_INTEGER };

const day = (index: number, changes: Partial<MetricsDay> = {}): MetricsDay => ({
  date: (20_000 + index) * DAY,
  open: '100.00',
  high: '110.00',
  low: '95.00',
  close: '105.00',
  volume: '2.0',
  quoteVolume: '205.0',
  ...changes,
});

const cents = fc.integer({ min: 1, max: 1_000_000_000 });

/** Days of a history with gaps, ascending. */
const history = fc
  .uniqueArray(fc.record({ index: fc.nat(90), prices: fc.tuple(cents, cents, cents, cents) }), {
    selector: ({ index }) => index,
    maxLength: 91,
  })
  .map((days) =>
    days
      .sort((a, b) => a.index - b.index)
      .map(({ index, prices }) => {
        const at = (units: number): string => (units / 100).toFixed(2);
        const [open, close] = prices;
        return day(index, {
          open: at(open),
          high: at(Math.max(...prices)),
          low: at(Math.min(...prices)),
          close: at(close),
        });
      }),
  );

describe('VWAP', () => {
  it.each([
    ['3', '10', '3.33333333'],
    ['3', '20', '6.66666667'],
    ['8', '0.00000001', '0.00000000'],
    ['2', '0.00000001', '0.00000000'],
    ['2', '0.00000003', '0.00000002'],
    ['2', '0.00000005', '0.00000002'],
    ['0.00000003', '3703703670370370367037.03703703', '123456789012345678901234567901.00000000'],
  ])('should divide %s into %s exactly and round half-even to %s', (volume, quoteVolume, vwap) => {
    expect(volumeWeightedPrice(day(0, { volume, quoteVolume }))).toBe(vwap);
  });

  it('should be empty where it has more digits than a table holds: the volumes contradict each other', () => {
    const most = day(0, { volume: '0.00000001', quoteVolume: '9999999999999999999999.99999999' });
    expect(volumeWeightedPrice(most)).toBe('999999999999999999999999999999.00000000');
    expect(volumeWeightedPrice({ ...most, quoteVolume: '10000000000000000000000.00000000' })).toBeNull();
  });

  it('should be empty where nothing was traded', () => {
    expect(volumeWeightedPrice(day(0, { volume: '0.00000000', quoteVolume: '0.00000000' }))).toBeNull();
  });
});

describe('true range', () => {
  it.each([
    ['105', '15.00'],
    ['120.5', '25.50'],
    ['90.001', '19.999'],
  ])('should reach to a previous close of %s: %s', (close, range) => {
    expect(trueRange(day(0), close)).toBe(range);
  });
});

describe('daily metrics', () => {
  it('should need 24 of 30 days, and 6 of 7 returns', () => {
    const rows = metricsOfDays(
      Array.from({ length: 30 }, (_, index) => day(index)),
      ALL,
    );
    const firstWith = (of: (row: (typeof rows)[number]) => string | null): number =>
      rows.findIndex((row) => of(row) !== null);
    expect(firstWith((row) => row.logReturn)).toBe(1);
    expect(firstWith((row) => row.trueRange)).toBe(1);
    expect(firstWith((row) => row.volClose7d)).toBe(6);
    expect(firstWith((row) => row.volParkinson30d)).toBe(23);
    expect(firstWith((row) => row.volGarmanKlass30d)).toBe(23);
    expect(firstWith((row) => row.maxDrawdown30d)).toBe(23);
    expect(firstWith((row) => row.volClose30d)).toBe(24);
    expect(firstWith((row) => row.volYangZhang30d)).toBe(24);
    expect(rows.map(({ observations }) => observations)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it('should count dates, not days: a gap leaves the window as old as it is', () => {
    const rows = metricsOfDays([...Array.from({ length: 30 }, (_, index) => day(index)), day(40)], ALL);
    expect(rows.at(-1)).toMatchObject({ observations: 20, logReturn: null, trueRange: null, volParkinson30d: null });
  });

  it('should tell nothing of a price of 0 but what needs no logarithm', () => {
    const rows = metricsOfDays([day(0), day(1, { low: '0.00' }), day(2)], ALL);
    expect(rows[1]).toMatchObject({ logReturn: null, trueRange: '110.00', observations: 1 });
    expect(rows[2]).toMatchObject({ logReturn: null, trueRange: '15.00', observations: 2 });
  });

  it('should be the same from all days and from those that a row reaches back to', () => {
    fc.assert(
      fc.property(history, fc.nat(90), fc.nat(20), (days, first, length) => {
        const range = { start: (20_000 + first) * DAY, end: (20_000 + first + length) * DAY };
        const reached = days.filter(({ date }) => date >= range.start - METRICS_REACH * DAY && date < range.end);
        const wanted = metricsOfDays(days, ALL).filter(({ date }) => date >= range.start && date < range.end);
        expect(metricsOfDays(reached, range)).toEqual(wanted);
      }),
    );
  });
});
