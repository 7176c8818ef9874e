import { CANDLE_INTERVALS, DAY, MINUTE, type StoredCandle, type TimeKey } from '@app/domain';
import fc from 'fast-check';
import { capture, MIDNIGHT } from '../support/captures';
import { withCandleStore } from '../support/candle-store';

const SYMBOLS = ['AAA', 'BBB'];
const LISTED = MIDNIGHT - 100 * DAY;

/** A time between captures, at one, before all or after all. */
const asOf = fc
  .record({ open: fc.constantFrom(-60, -3, -1, 0, 1), delay: fc.constantFrom(-5, 0, 1, 3, 11, 100, 60 * 25) })
  .map(({ open, delay }) => MIDNIGHT + (open + 1 + delay) * MINUTE + 7);

describe('candles as they were known', () => {
  it('should be those of a store that has nothing but what had been captured by then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(capture, { minLength: 1, maxLength: 24 }),
        asOf,
        fc.constantFrom(...CANDLE_INTERVALS),
        (captures, time, interval) =>
          withCandleStore((all) =>
            withCandleStore(async (then) => {
              await all.listedAt(SYMBOLS, LISTED);
              await all.take(captures);
              await then.listedAt(SYMBOLS, LISTED);
              await then.take(captures.filter(({ capturedAt }) => capturedAt <= time));
              const expected = await (await then.reader()).range(SYMBOLS, interval, {}, 5_000);
              const reader = await all.reader();
              expect(await reader.range(SYMBOLS, interval, {}, 5_000, undefined, time)).toEqual(expected);

              const paged: StoredCandle[] = [];
              for (let after: TimeKey | undefined; ;) {
                const page = await reader.range(SYMBOLS, interval, {}, 1, after, time);
                const last = page[0];
                if (!last) break;
                paged.push(last);
                after = { time: last.openTime, symbol: last.symbol };
              }
              expect(paged).toEqual(expected);
            }),
          ),
      ),
      { numRuns: 60 },
    );
  });
});
