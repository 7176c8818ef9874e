import { CANDLE_KIND, eventToWrite, MINUTE, type CandleChange, type MinuteCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { fetchedOutcome } from './fetched-outcome';

const T = Date.UTC(2026, 0, 15) * 1_000;
const at = (place: number): MinuteCandle => buildMinute('BTCUSDT', T + place * MINUTE);
const changeOf = ({ symbol, openTime }: MinuteCandle): CandleChange => ({ symbol, openTime, revision: 1 });

/** Candles of a range, which of them changed their minute, and candles that earlier versions kept without a line. */
const outcomes = fc
  .record({
    flags: fc.array(fc.boolean(), { maxLength: 20 }),
    promoted: fc.array(fc.integer({ min: 100, max: 120 }), { maxLength: 3 }),
  })
  .map(({ flags, promoted }) => {
    const candles = flags.map((_, place) => at(place));
    const news = candles.filter((_, place) => flags[place]);
    return { candles, news, promoted: promoted.map(at) };
  });

describe('what fetched minutes leave behind', () => {
  it('should be lines of those alone that had been kept without one', () => {
    fc.assert(
      fc.property(outcomes, ({ candles, news, promoted }) => {
        const { kept } = fetchedOutcome(CANDLE_KIND, candles, { promoted, changed: news.map(changeOf) });
        expect(kept).toEqual(promoted.map((candle) => eventToWrite(CANDLE_KIND, candle)));
      }),
    );
  });

  it('should accept what the store has now and had not before, and nothing that only repeats', () => {
    fc.assert(
      fc.property(outcomes, ({ candles, news, promoted }) => {
        const { accepted } = fetchedOutcome(CANDLE_KIND, candles, { promoted, changed: news.map(changeOf) });
        expect(accepted.map(({ event }) => event)).toEqual([...promoted, ...news]);
      }),
    );
  });

  it('should tell one range of its symbol, and none where nothing changed', () => {
    fc.assert(
      fc.property(outcomes, ({ candles, news, promoted }) => {
        const { changes } = fetchedOutcome(CANDLE_KIND, candles, { promoted, changed: news.map(changeOf) });
        const [first, last] = [news[0], news.at(-1)];
        const items =
          first && last
            ? [{ symbol: 'BTCUSDT', start: first.openTime, end: last.openTime + MINUTE, count: news.length }]
            : [];
        expect(changes).toEqual([{ kind: 'history', items }]);
      }),
    );
  });
});
