import { BucketGrid, DAY, MINUTE } from './interval';

const at = (text: string): number => Date.parse(text);

describe('BucketGrid', () => {
  it('should open weeks on Monday and months on the first', () => {
    const time = at('2024-03-07T15:04:05.678Z');
    expect(new BucketGrid('1w', 0).startOf(time)).toBe(at('2024-03-04'));
    expect(new BucketGrid('1M', 0).startOf(time)).toBe(at('2024-03-01'));
    expect(new BucketGrid('1M', 0).before(at('2024-03-01'))).toBe(at('2024-02-01'));
    expect(new BucketGrid('1M', 0).after(at('2024-12-01'))).toBe(at('2025-01-01'));
  });

  it('should count three-day buckets from the first trading day', () => {
    // Recorded: ETHBTC opens its three-day candles from 2017-07-14 on, BTCUSDT from 2017-08-17.
    expect(new BucketGrid('3d', at('2017-07-14T04:00Z')).startOf(at('2017-07-19T23:00Z'))).toBe(at('2017-07-17'));
    expect(new BucketGrid('3d', at('2017-08-17T04:00Z')).startOf(at('2017-08-19T23:00Z'))).toBe(at('2017-08-17'));
  });

  it('should move the buckets, not the times, to another time zone', () => {
    const grid = new BucketGrid('1d', 0, 345 * MINUTE);
    expect(grid.startOf(at('2024-03-07T12:00Z'))).toBe(at('2024-03-06T18:15Z'));
    expect(new BucketGrid('1M', 0, -60 * MINUTE).startOf(at('2024-03-01T00:30Z'))).toBe(at('2024-02-01T01:00Z'));
  });

  it('should give the first bucket that does not open before a time', () => {
    const grid = new BucketGrid('1d', 0);
    expect(grid.firstFrom(3 * DAY)).toBe(3 * DAY);
    expect(grid.firstFrom(3 * DAY + 0.001)).toBe(4 * DAY);
  });
});
