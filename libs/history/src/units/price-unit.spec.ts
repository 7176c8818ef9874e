import { DAY, SECOND, type PriceEvent } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { polledDayOf } from '../polled-day';
import { runUnit } from '../rows/unit';
import type { KindOutcome } from './kind-outcome';
import { KNOWN_SYMBOLS } from './known-symbols';
import { PRICE_EVENTS, priceUnit, TICKER_DAYS } from './price-unit';

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
        const stored = rows.all(TICKER_DAYS).map(({ symbol, date, ...values }) => [`${symbol} ${date}`, values]);
        expect(new Map(stored as [string, unknown][])).toEqual(
          new Map([...days].map(([key, prices]) => [key, polledDayOf(prices)])),
        );
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
