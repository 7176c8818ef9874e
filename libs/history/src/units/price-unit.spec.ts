import { compareDecimalTexts, DAY, SECOND, type PriceEvent } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { KNOWN_SYMBOLS } from './known-symbols';
import {
  PolledDay,
  polledDayOf,
  PRICE_EVENTS,
  priceUnit,
  TICKER_DAYS,
  type PolledPrice,
  type TickerDayRow,
} from './price-unit';

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;

/** Around midnight, of a few symbols, instants and sources; the numbers follow from the key, as those of a capture do. */
const event = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', '币安人生USDT'),
    second: fc.integer({ min: -6, max: 6 }),
    // The last two are in another order by code units than by code points.
    source: fc.constantFrom('a', 'b', '\u{ff5e}', '\u{1f600}'),
  })
  .map(({ symbol, second, source }): PriceEvent => ({
    symbol,
    timestamp: MIDNIGHT + second * SECOND,
    source,
    lastPrice: `${((second + 11) * (source.codePointAt(0) ?? 0)) % 37}.${source === 'a' ? '5' : '25'}`,
    priceChangePercent: '-1.25',
    volume: String(second + 100),
  }));

const batches = fc.array(fc.array(event, { maxLength: 40 }), { minLength: 1, maxLength: 5 });
/** As events nearly always come. */
const inOrder = batches.map((given) => {
  const sorted = given.flat().sort((a, b) => a.timestamp - b.timestamp);
  return given.map(({ length }) => sorted.splice(0, length));
});

const keyOf = ({ symbol, timestamp, source }: PriceEvent): string => `${symbol} ${timestamp} ${source}`;

function writeAll(given: readonly (readonly PriceEvent[])[]): {
  readonly rows: MemoryRows;
  readonly outcomes: readonly KindOutcome[];
} {
  const rows = new MemoryRows();
  return { rows, outcomes: given.map((batch) => runUnit(rows, priceUnit(batch))) };
}

describe('a unit of prices', () => {
  it('should accept each key once, the first time that it comes, and say so', () => {
    fc.assert(
      fc.property(fc.oneof(batches, inOrder), (given) => {
        const { rows, outcomes } = writeAll(given);
        const seen = new Map<string, PriceEvent>();
        const expected = given.flat().map((one) => {
          const isNew = !seen.has(keyOf(one));
          if (isNew) seen.set(keyOf(one), one);
          return isNew;
        });
        expect(outcomes.flatMap(({ kept }) => kept)).toEqual(expected);
        expect(outcomes.flatMap((outcome) => outcome.outcomes)).toEqual(
          expected.map((isNew) => (isNew ? 'taken' : 'repeat')),
        );
        const told = outcomes.flatMap(({ changes }) => changes.flatMap((change): readonly object[] => change.items));
        expect(told).toEqual(given.flat().filter((_, index) => expected[index]));
        expect(rows.all(PRICE_EVENTS).map(keyOf).sort()).toEqual([...seen.keys()].sort());
        expect(rows.all(KNOWN_SYMBOLS).map(({ symbol }) => symbol)).toEqual(
          [...new Set(given.flat().map(({ symbol }) => symbol))].sort(),
        );
      }),
    );
  });

  it('should keep of each day what all of its prices say, in whatever order and units they came', () => {
    fc.assert(
      fc.property(fc.oneof(batches, inOrder), (given) => {
        const { rows } = writeAll(given);
        const days = new Map<string, PriceEvent[]>();
        for (const price of rows.all(PRICE_EVENTS)) {
          const date = price.timestamp - (price.timestamp % DAY);
          const key = `${price.symbol} ${date}`;
          days.set(key, [...(days.get(key) ?? []), price]);
        }
        const expected = [...days.values()].map((prices) => {
          const [{ symbol, timestamp }] = prices as [PriceEvent];
          return polledDayOf(symbol, timestamp - (timestamp % DAY), prices);
        });
        const stored = rows.all(TICKER_DAYS);
        expect(stored).toHaveLength(expected.length);
        expect(stored).toEqual(expect.arrayContaining(expected));
      }),
    );
  });

  it('should ask once for what comes after all that its day has seen, and twice for anything else', () => {
    const rows = new MemoryRows();
    const price = (second: number): PriceEvent => ({
      symbol: 'BTCUSDT',
      timestamp: MIDNIGHT + second * SECOND,
      source: 'a',
      lastPrice: '1.5',
      priceChangePercent: '0',
      volume: '7',
    });
    const roundsOf = (...given: PriceEvent[]): number => {
      const before = rows.rounds;
      runUnit(rows, priceUnit(given));
      return rows.rounds - before;
    };
    expect(roundsOf()).toBe(0);
    expect(roundsOf(price(1), price(2))).toBe(1);
    expect(roundsOf(price(4), price(3), price(4))).toBe(1);
    expect(roundsOf(price(4), price(5))).toBe(2);
  });

  it('should change nothing where all are repeats', () => {
    const rows = new MemoryRows();
    const price = {
      symbol: 'BTCUSDT',
      timestamp: MIDNIGHT,
      source: 'a',
      lastPrice: '1',
      priceChangePercent: '0',
      volume: '7',
    };
    runUnit(rows, priceUnit([price]));
    const unit = priceUnit([price]);
    let step = unit.next([]);
    while (!step.done) step = unit.next(rows.load(step.value));
    expect(step.value.changes.map((change) => ('rows' in change ? change.rows : change))).toEqual([[], [], []]);
  });
});

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
  .map((row) => row.map(({ second, ...price }): PolledPrice => ({ ...price, timestamp: MIDNIGHT + second * SECOND })));

const sorted = (row: readonly PolledPrice[]): PolledPrice[] =>
  [...row].sort((a, b) => a.timestamp - b.timestamp || (a.source < b.source ? -1 : 1));

const dayOf = (row: readonly PolledPrice[]): TickerDayRow | undefined => polledDayOf('BTCUSDT', MIDNIGHT, row);

describe('a day of polled prices', () => {
  it('should be open, high, low and close of its prices in order, with the last volume', () => {
    fc.assert(
      fc.property(prices, (row) => {
        const [first, last] = [sorted(row)[0]!, sorted(row).at(-1)!];
        const values = row.map(({ lastPrice }) => lastPrice).sort(compareDecimalTexts);
        expect(dayOf(sorted(row))).toEqual({
          symbol: 'BTCUSDT',
          date: MIDNIGHT,
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
        expect(dayOf(row)).toEqual(dayOf(sorted(row)));
      }),
    );
  });

  it('should go on from what is known of it', () => {
    fc.assert(
      fc.property(prices, fc.nat(), (row, cut) => {
        const ofOneSource = sorted(row).filter(({ source }) => source === 'a');
        const known = dayOf(ofOneSource.slice(0, cut % (ofOneSource.length + 1)));
        const day = new PolledDay('BTCUSDT', MIDNIGHT);
        day.goOnFrom(known);
        for (const price of ofOneSource.slice(cut % (ofOneSource.length + 1))) expect(day.add(price)).toBe(true);
        expect(day.row).toEqual(dayOf(ofOneSource));
      }),
    );
  });

  it('should be nothing without a price, of which nothing is stored at any instant', () => {
    expect(dayOf([])).toBeUndefined();
    expect(new PolledDay('BTCUSDT', MIDNIGHT).hasToAsk(-Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});
