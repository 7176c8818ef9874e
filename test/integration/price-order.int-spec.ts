import { DAY, MINUTE, floorTo, formatDate, type OutgoingEvent } from '@app/domain';
import fc from 'fast-check';
import { NOON, TestStore, priceEvent } from '../support/test-store';

const MIDNIGHT = floorTo(NOON, DAY) + DAY;
const SYMBOLS = ['BTCUSDT', 'ETHBTC', '币安人生USDT'];
const SOURCES = ['another_source', 'binance_ticker_24hr'];
const RUNS = { numRuns: 30 };

/** An event of a key; its numbers follow from the key, and are of different lengths. */
interface Event {
  readonly symbol: string;
  readonly timestamp: number;
  readonly source: string;
  readonly lastPrice: string;
  readonly volume: string;
}

const event: fc.Arbitrary<Event> = fc
  .record({ symbol: fc.constantFrom(...SYMBOLS), minute: fc.integer({ min: -40, max: 40 }), source: fc.nat(1) })
  .map(({ symbol, minute, source }) => ({
    symbol,
    timestamp: MIDNIGHT + minute * MINUTE,
    source: SOURCES[source] ?? '',
    lastPrice: `${(minute + 50) * (((minute + source) & 3) + 1)}.${source === 0 ? '125' : '25'}`,
    volume: `${minute + 100}.${source}`,
  }));

/** Events in an arbitrary order, repeats among them, and how many each batch holds. */
const arrivals = fc.record({
  events: fc.oneof(
    fc.array(event, { minLength: 1, maxLength: 300 }),
    // As they nearly always come: in order of time, which lets many go in at once.
    fc
      .array(event, { minLength: 100, maxLength: 300 })
      .map((events) => events.sort((a, b) => a.timestamp - b.timestamp || (a.source < b.source ? -1 : 1))),
  ),
  sizes: fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 6 }),
});

const keyOf = ({ symbol, timestamp, source }: Event): string => `${symbol} ${timestamp} ${source}`;
const outgoing = ({ symbol, timestamp, ...rest }: Event): OutgoingEvent => priceEvent(symbol, timestamp, rest);

function batchesOf(events: readonly Event[], sizes: readonly number[]): Event[][] {
  const batches: Event[][] = [];
  for (let start = 0, turn = 0; start < events.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    batches.push(events.slice(start, start + size));
    start += size;
  }
  return batches;
}

/** What a day of a symbol says of its events, by its definition. */
function dayOf(events: readonly Event[]): unknown {
  const ordered = [...events].sort((a, b) => a.timestamp - b.timestamp || (a.source < b.source ? -1 : 1));
  const byPrice = [...events].sort((a, b) => Number(a.lastPrice) - Number(b.lastPrice));
  const [first, last] = [ordered[0], ordered.at(-1)];
  return {
    open: first?.lastPrice,
    high: byPrice.at(-1)?.lastPrice,
    low: byPrice[0]?.lastPrice,
    close: last?.lastPrice,
    volume: last?.volume,
    first_timestamp: first?.timestamp,
    last_timestamp: last?.timestamp,
  };
}

describe('price events in any order of arrival', () => {
  it('should take each key once, say so, and leave rows, days and lines that follow from the set', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ events, sizes }) => {
        const store = new TestStore();
        try {
          await store.open();
          const byKey = new Map<string, Event>();
          for (const batch of batchesOf(events, sizes)) {
            const before = byKey.size;
            for (const one of batch) if (!byKey.has(keyOf(one))) byKey.set(keyOf(one), one);
            const taken = byKey.size - before;
            const result = { taken, repeats: batch.length - taken, revisions: 0 };
            expect(await store.take(...batch.map(outgoing))).toEqual(result);
          }
          const taken = [...byKey.values()];
          for (const date of [MIDNIGHT - DAY, MIDNIGHT]) {
            const ofDate = taken.filter(({ timestamp }) => floorTo(timestamp, DAY) === date);
            const lines = ofDate.map((one) => outgoing(one).value);
            if (lines.length > 0) {
              expect(store.bronzeLines(`crypto_prices_${formatDate(date)}.jsonl`)).toEqual(lines);
            }
            for (const symbol of SYMBOLS) {
              const ofSymbol = ofDate.filter((one) => one.symbol === symbol);
              const rows = store.rows(
                `SELECT open, high, low, close, volume, first_timestamp, last_timestamp FROM ticker_days
                 WHERE symbol = '${symbol}' AND date = ${date}`,
              );
              expect(rows).toEqual(ofSymbol.length > 0 ? [dayOf(ofSymbol)] : []);
            }
          }
          expect(
            store
              .rows('SELECT symbol, timestamp, source, last_price AS lastPrice, volume FROM price_events')
              .map((row) => JSON.stringify(row))
              .sort(),
          ).toEqual(
            taken
              .map(({ symbol, timestamp, source, lastPrice, volume }) =>
                JSON.stringify({ symbol, timestamp, source, lastPrice, volume }),
              )
              .sort(),
          );
        } finally {
          await store.dispose();
        }
      }),
      RUNS,
    );
  });
});
