import type { EventKind } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import type { KindHistory } from '../kinds/kind-history';
import { describeTable } from '../rows/table';
import { runUnit } from '../rows/unit';
import { keyedUnit } from './keyed-unit';
import type { KindOutcome } from './kind-outcome';
import { KNOWN_SYMBOLS } from './known-symbols';

interface Quote {
  readonly symbol: string;
  readonly number: number;
  readonly source: string;
  readonly price: string;
  /** Where the exchange says it. */
  readonly side?: string;
}

const QUOTE_KIND: EventKind<Quote> = {
  name: 'quote',
  topic: 'crypto_quotes',
  parse: (line) => JSON.parse(line) as Quote,
  toContract: (quote) => quote,
  keyOf: ({ symbol, number, source }) => ({ symbol, time: number, source }),
  capturedAt: ({ number }) => number,
};

const QUOTES = describeTable('quotes', ['symbol', 'number'], {
  symbol: 'text',
  number: 'integer',
  source: 'text',
  price: 'decimal',
  side: 'text?',
});

const HISTORY: KindHistory = {
  kind: QUOTE_KIND.name,
  rows: QUOTES,
  captures: [],
  time: 'number',
  capturedAt: 'number',
  content: ['price'],
  pageSpan: 100,
  timeText: String,
};

const quote = (number: number, changes: Partial<Quote> = {}): Quote => ({
  symbol: 'BTCUSDT',
  number,
  source: 'stream',
  price: '1.5',
  ...changes,
});

describe('a unit of events with a row for each key', () => {
  let rows: MemoryRows;

  beforeEach(() => {
    rows = new MemoryRows();
  });

  const write = (...events: readonly Quote[]): KindOutcome => runUnit(rows, keyedUnit(QUOTE_KIND, HISTORY, events));

  it('should accept each key once, the first time that it comes, and say so', () => {
    const event = fc
      .record({
        symbol: fc.constantFrom('BTCUSDT', '币安人生USDT', 'A1'),
        number: fc.integer({ min: 0, max: 12 }),
        source: fc.constantFrom('a', 'b'),
      })
      .map(({ number, ...others }) => quote(number, others));
    const batches = fc.array(fc.array(event, { maxLength: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(batches, (given) => {
        rows = new MemoryRows();
        const seen = new Map<string, Quote>();
        const areNew = given.flat().map((one) => {
          const key = `${one.symbol} ${one.number}`;
          const isNew = !seen.has(key);
          if (isNew) seen.set(key, one);
          return isNew;
        });
        const outcomes = given.map((batch) => write(...batch));
        expect(outcomes.flatMap(({ kept }) => kept)).toEqual(areNew);
        expect(outcomes.flatMap((outcome) => outcome.outcomes)).toEqual(
          areNew.map((isNew) => (isNew ? 'taken' : 'repeat')),
        );
        expect(new Map(rows.all(QUOTES).map((row) => [`${row.symbol} ${row.number}`, row]))).toEqual(
          new Map([...seen].map(([key, one]) => [key, { ...one, side: null }])),
        );
        expect(rows.all(KNOWN_SYMBOLS).map(({ symbol }) => symbol)).toEqual(
          [...new Set(given.flat().map(({ symbol }) => symbol))].sort(),
        );
      }),
    );
  });

  it('should leave the row of a key as it is, whatever comes under that key later', () => {
    write(quote(1, { side: 'buy' }));
    expect(write(quote(1, { price: '2', source: 'another' }), quote(2))).toEqual({
      outcomes: ['repeat', 'taken'],
      kept: [false, true],
      promoted: [],
      changes: [],
    });
    expect(rows.all(QUOTES)).toEqual([quote(1, { side: 'buy' }), { ...quote(2), side: null }]);
  });

  it('should keep no field that the table has not', () => {
    write({ ...quote(1), note: 'of another version' } as Quote);
    expect(rows.all(QUOTES)).toEqual([{ ...quote(1), side: null }]);
  });

  it('should ask once for each unit, and not at all where nothing comes', () => {
    write();
    expect(rows.rounds).toBe(0);
    write(quote(1), quote(2, { symbol: 'ETHUSDT' }));
    expect(rows.rounds).toBe(1);
  });
});
