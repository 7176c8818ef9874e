import { accountOfMinute, BucketGrid, HOUR, MILLISECOND, MINUTE } from '@app/domain';
import fc from 'fast-check';
import { inBuckets, isAsKnown, rolledCandle, versionKnownAt } from './bucket-candles';
import { rollUpMinutes } from './roll-up';

const T = Date.UTC(2026, 0, 15) * 1_000;

describe('buckets of candles', () => {
  it('should hold every part that is known, in order, each in the bucket of its time', () => {
    const parts = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.boolean()))
      .map((row) => [...row].sort(([a], [b]) => a - b))
      .map((row) =>
        row.map(([minute, isKnown], index) => ({
          openTime: T + minute * MINUTE,
          part: isKnown ? index + 1 : undefined,
        })),
      );
    const grid = new BucketGrid('1h', 0);
    fc.assert(
      fc.property(parts, (row) => {
        const buckets = inBuckets(row, grid);
        const starts = buckets.map(({ openTime }) => openTime);
        expect(starts).toEqual([...new Set(row.map(({ openTime }) => grid.startOf(openTime)))]);
        expect(buckets.flatMap((bucket) => bucket.parts)).toEqual(row.flatMap(({ part }) => part ?? []));
        for (const { openTime, parts: held } of buckets) {
          const ofBucket = row.filter((one) => grid.startOf(one.openTime) === openTime);
          expect(held).toEqual(ofBucket.flatMap(({ part }) => part ?? []));
        }
      }),
    );
  });

  it('should be candles from their open to the millisecond before the next, made here', () => {
    const numbers = { open: '1', high: '2', low: '1', close: '2', volume: '3', quoteVolume: '4', tradeCount: 5 };
    const taker = { takerBuyVolume: '1', takerBuyQuoteVolume: '1' };
    const rollUp = rollUpMinutes([{ ...numbers, ...taker, openTime: T, capturedAt: T + MINUTE, revision: 3 }])!;
    const account = accountOfMinute(T);
    expect(rolledCandle('BTCUSDT', { start: T, end: T + HOUR }, rollUp, account)).toEqual({
      ...numbers,
      ...taker,
      symbol: 'BTCUSDT',
      openTime: T,
      closeTime: T + HOUR - MILLISECOND,
      source: 'rollup_1m',
      capturedAt: T + MINUTE,
      revision: 3,
      account,
    });
  });
});

describe('candles as they were known at a time', () => {
  it('should be the current version once that was captured, an older one before, and none where there was none', () => {
    const version = { capturedAt: T, revision: 2 };
    expect(versionKnownAt(version, T)).toBe('current');
    expect(versionKnownAt(version, T - 1)).toBe('superseded');
    expect(versionKnownAt({ ...version, revision: 1 }, T - 1)).toBe('none');
  });

  it('should be hours and days as they are once their newest minute was captured', () => {
    expect([T, T - 1].map((asOf) => isAsKnown({ capturedAt: T }, asOf))).toEqual([true, false]);
  });
});
