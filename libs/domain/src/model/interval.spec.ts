import fc from 'fast-check';
import { BucketGrid, CANDLE_INTERVALS, storedCandlesIn, storedIntervalOf, intervalLength } from './interval';
import { formatBucketTime, parseIsoTime, type EpochMicros } from './time';

const at = (text: string): EpochMicros => parseIsoTime(text) ?? NaN;
const FIRST = at('2017-08-17T04:00:00Z');

describe('BucketGrid', () => {
  it.each([
    ['1m', '2026-01-15T14:03:59.999Z', '2026-01-15T14:03:00Z', '2026-01-15T14:04:00Z'],
    ['3m', '2026-01-15T14:05:00Z', '2026-01-15T14:03:00Z', '2026-01-15T14:06:00Z'],
    ['15m', '2026-01-15T14:59:00Z', '2026-01-15T14:45:00Z', '2026-01-15T15:00:00Z'],
    ['8h', '2026-01-15T14:00:00Z', '2026-01-15T08:00:00Z', '2026-01-15T16:00:00Z'],
    ['12h', '2026-01-15T12:00:00Z', '2026-01-15T12:00:00Z', '2026-01-16T00:00:00Z'],
    ['1d', '2026-01-15T23:59:00Z', '2026-01-15T00:00:00Z', '2026-01-16T00:00:00Z'],
    // The first bucket of BTCUSDT opens on its first day.
    ['3d', '2017-08-17T04:00:00Z', '2017-08-17T00:00:00Z', '2017-08-20T00:00:00Z'],
    ['3d', '2017-08-20T00:00:00Z', '2017-08-20T00:00:00Z', '2017-08-23T00:00:00Z'],
    ['1w', '2017-08-17T04:00:00Z', '2017-08-14T00:00:00Z', '2017-08-21T00:00:00Z'],
    ['1w', '2026-01-05T00:00:00Z', '2026-01-05T00:00:00Z', '2026-01-12T00:00:00Z'],
    ['1M', '2024-02-29T23:59:59.999Z', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['1M', '2025-12-31T00:00:00Z', '2025-12-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ] as const)('should put a %s bucket around %s from %s to %s', (interval, time, start, end) => {
    const grid = new BucketGrid(interval, FIRST);
    expect(formatBucketTime(grid.startOf(at(time)))).toBe(start);
    expect(formatBucketTime(grid.endOf(at(time)))).toBe(end);
  });

  it('should divide time without gap or overlap, on the bounds of what is stored, for every interval', () => {
    const times = fc.integer({ min: FIRST, max: at('2099-01-01') });
    fc.assert(
      fc.property(fc.constantFrom(...CANDLE_INTERVALS), times, times, (interval, time, firstMinute) => {
        const grid = new BucketGrid(interval, firstMinute);
        const [start, end] = [grid.startOf(time), grid.endOf(time)];
        expect(start <= time && time < end).toBe(true);
        expect([grid.startOf(start), grid.startOf(end - 1), grid.startOf(end)]).toEqual([start, start, end]);
        expect([grid.firstFrom(start), grid.firstFrom(start + 1)]).toEqual([start, end]);
        const stored = intervalLength(storedIntervalOf(interval));
        expect([start % stored, end % stored]).toEqual([0, 0]);
        expect((end - start) / stored).toBeLessThanOrEqual(storedCandlesIn(interval));
      }),
    );
  });
});

describe('the stored interval that a candle is made of', () => {
  it('should be the coarsest that divides it', () => {
    expect(CANDLE_INTERVALS.map((interval) => `${interval}:${storedIntervalOf(interval)}`).join(' ')).toBe(
      '1m:1m 3m:1m 5m:1m 15m:1m 30m:1m 1h:1h 2h:1h 4h:1h 6h:1h 8h:1h 12h:1h 1d:1d 3d:1d 1w:1d 1M:1d',
    );
  });
});
