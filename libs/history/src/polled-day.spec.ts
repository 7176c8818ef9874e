import { compareDecimalTexts, SECOND, type EpochMicros } from '@app/domain';
import fc from 'fast-check';
import { PolledDay, polledDayOf, type InstantSources, type PolledPrice } from './polled-day';

const T = Date.UTC(2026, 0, 15) * 1_000;

/** Prices of a day with distinct keys: a few instants, a few sources. */
const prices = fc
  .uniqueArray(
    fc.record({
      second: fc.integer({ min: 0, max: 6 }),
      source: fc.constantFrom('a', 'b', 'c'),
      lastPrice: fc.constantFrom('10', '9.5', '10.25', '11', '7.75'),
      volume: fc.integer({ min: 1, max: 99 }).map(String),
    }),
    { minLength: 1, maxLength: 15, selector: ({ second, source }) => `${second} ${source}` },
  )
  .map((row) => row.map(({ second, ...price }): PolledPrice => ({ ...price, timestamp: T + second * SECOND })));

const inOrder = (row: readonly PolledPrice[]): PolledPrice[] =>
  [...row].sort((a, b) => a.timestamp - b.timestamp || (a.source < b.source ? -1 : 1));

function oneByOne(row: readonly PolledPrice[]): PolledDay {
  const day = new PolledDay();
  row.forEach((price, index) => {
    const sourcesAt = (timestamp: EpochMicros): InstantSources => {
      const sources = row
        .slice(0, index + 1)
        .filter((known) => known.timestamp === timestamp)
        .map(({ source }) => source)
        .sort();
      return { first: sources[0]!, last: sources.at(-1)! };
    };
    day.add(price, sourcesAt);
  });
  return day;
}

describe('a day of polled prices', () => {
  it('should be open, high, low and close of its prices in order, with the last volume', () => {
    fc.assert(
      fc.property(prices, (row) => {
        const [first, last] = [inOrder(row)[0]!, inOrder(row).at(-1)!];
        const values = row.map(({ lastPrice }) => lastPrice).sort(compareDecimalTexts);
        expect(polledDayOf(inOrder(row))).toEqual({
          open: first.lastPrice,
          high: values.at(-1),
          low: values[0],
          close: last.lastPrice,
          volume: last.volume,
          firstTimestamp: first.timestamp,
          lastTimestamp: last.timestamp,
        });
      }),
    );
  });

  it('should be the same in whatever order the prices come', () => {
    fc.assert(
      fc.property(prices, (row) => {
        expect(oneByOne(row).values).toEqual(polledDayOf(inOrder(row)));
      }),
    );
  });

  it('should go on from what is known of it', () => {
    fc.assert(
      fc.property(prices, fc.nat(), (row, cut) => {
        const sorted = inOrder(row).filter(({ source }) => source === 'a');
        const known = polledDayOf(sorted.slice(0, cut % (sorted.length + 1)));
        const day = new PolledDay(known && { ...known });
        for (const price of sorted.slice(cut % (sorted.length + 1))) day.add(price, () => ({ first: 'a', last: 'a' }));
        expect(day.values).toEqual(polledDayOf(sorted));
      }),
    );
  });

  it('should be nothing without a price, and before all instants', () => {
    expect(polledDayOf([])).toBeUndefined();
    expect(new PolledDay().lastTimestamp).toBe(-Infinity);
  });
});
