import { MINUTE, sameCandleNumbers, SECOND, type MinuteCandle } from '@app/domain';
import fc from 'fast-check';
import { compareCaptures, firstRevision, versionsOf } from './candle-versions';

const T = Date.UTC(2026, 0, 15) * 1_000;

const capture = fc
  .record({
    close: fc.constantFrom('10.5', '10.50', '11', '12'),
    volume: fc.constantFrom('1', '2'),
    tradeCount: fc.integer({ min: 1, max: 2 }),
    source: fc.constantFrom('a', 'b'),
    second: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ second, ...fields }): MinuteCandle => ({
    symbol: 'BTCUSDT',
    openTime: T,
    closeTime: T + MINUTE - 1_000,
    open: '10',
    high: '13',
    low: '9',
    quoteVolume: '15',
    takerBuyVolume: '0.5',
    takerBuyQuoteVolume: '5',
    ...fields,
    capturedAt: T + MINUTE + second * SECOND,
  }));

const captures = fc.array(capture, { minLength: 1, maxLength: 10 });

describe('versions of a minute', () => {
  it('should depend on the set of captures alone', () => {
    fc.assert(
      fc.property(captures, fc.array(fc.nat()), (row, picks) => {
        const again = picks.map((pick) => row[pick % row.length]!);
        expect(versionsOf([...again, ...row.toReversed()])).toEqual(versionsOf(row));
      }),
    );
  });

  it('should have other numbers than the version before, and end with those that were captured last', () => {
    fc.assert(
      fc.property(captures, (row) => {
        const { versions, repeats } = versionsOf(row);
        versions.slice(1).forEach((version, index) => {
          expect(sameCandleNumbers(version, versions[index]!)).toBe(false);
        });
        const last = [...row].sort(compareCaptures).at(-1)!;
        expect(sameCandleNumbers(versions.at(-1)!, last)).toBe(true);
        for (const repeat of repeats) {
          const before = versions.filter(({ capturedAt }) => capturedAt < repeat.capturedAt).at(-1);
          expect(before && sameCandleNumbers(before, repeat)).toBe(true);
        }
      }),
    );
  });

  it('should put captures in one order only: by time, then by trades, numbers and writing', () => {
    fc.assert(
      fc.property(capture, capture, capture, (a, b, c) => {
        expect(Math.sign(compareCaptures(a, b))).toBe(-Math.sign(compareCaptures(b, a)) + 0);
        if (compareCaptures(a, b) <= 0 && compareCaptures(b, c) <= 0) {
          expect(compareCaptures(a, c)).toBeLessThanOrEqual(0);
        }
        if (compareCaptures(a, b) === 0) expect(a).toEqual(b);
      }),
    );
  });

  it('should count from the second revision where the first answer was that there is no such minute', () => {
    expect([firstRevision(false), firstRevision(true)]).toEqual([1, 2]);
  });
});
