import { compareCodePoints, MINUTE, type EpochMicros, type PriceEvent, type PriceEventKey } from '@app/domain';
import { FakeClock } from '@app/testing';
import fc from 'fast-check';
import { PriceEvents, type EventInquiry, type EventPage, type EventPlace, type PriceRows } from './price-events';

const NOW = Date.UTC(2026, 0, 15, 12) * 1_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', '1INCHUSDT', '币安人生USDT', '😀USDT'];
const SOURCES = ['a', 'b', 'c'];

function priceEvent(symbol: string, timestamp: EpochMicros, source: string): PriceEvent {
  return { symbol, timestamp, source, lastPrice: '1', priceChangePercent: '0', volume: '2' };
}

const comparePlaces = (a: EventPlace, b: EventPlace): number =>
  a.timestamp - b.timestamp || compareCodePoints(a.source, b.source);

class MemoryPrices implements PriceRows {
  /** Each page that was asked for, and how many rows it had. */
  readonly pages: { readonly page: EventPage; readonly rows: number }[] = [];

  constructor(private readonly events: readonly PriceEvent[]) {}

  find(inquiry: EventInquiry): Promise<PriceEvent[]> {
    let step = inquiry.next([]);
    while (!step.done) step = inquiry.next(step.value.map((page) => this.page(page)));
    return Promise.resolve(step.value);
  }

  countAfter(symbols: readonly string[], time: EpochMicros): Promise<number> {
    return Promise.resolve(
      this.events.filter(({ symbol, timestamp }) => symbols.includes(symbol) && timestamp > time).length,
    );
  }

  private page(page: EventPage): PriceEvent[] {
    const events = this.events.filter(({ symbol }) => symbol === page.symbol).sort(comparePlaces);
    const found =
      'before' in page
        ? events.filter((event) => comparePlaces(event, page.before) < 0).reverse()
        : events.filter((event) => comparePlaces(event, page.after) > 0 && event.timestamp < page.until);
    const rows = found.slice(0, page.size);
    this.pages.push({ page, rows: rows.length });
    return rows;
  }
}

/** Events around now, also some that are stamped ahead of their time; one symbol may have far more than the others. */
const stores = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        symbol: fc.constantFrom(...SYMBOLS),
        at: fc.integer({ min: -8, max: 4 }),
        source: fc.constantFrom(...SOURCES),
      }),
      { maxLength: 60, selector: ({ symbol, at, source }) => `${symbol} ${at} ${source}` },
    ),
    fc.integer({ min: 0, max: 200 }),
  )
  .map(([events, more]) => [
    ...events.map(({ symbol, at, source }) => priceEvent(symbol, NOW + (at * MINUTE) / 2, source)),
    ...Array.from({ length: more }, (_, index) => priceEvent('ETHUSDT', NOW - 10 * MINUTE + index, 'a')),
  ]);

const limits = fc.integer({ min: 1, max: 250 });
const selections = fc
  .subarray(SYMBOLS, { minLength: 1 })
  .chain((symbols) => fc.shuffledSubarray(symbols, { minLength: 1 }));

const newestFirst = (a: PriceEvent, b: PriceEvent): number =>
  b.timestamp - a.timestamp || compareCodePoints(a.symbol, b.symbol) || compareCodePoints(b.source, a.source);

const ascending = (a: PriceEvent, b: PriceEvent): number =>
  a.timestamp - b.timestamp || compareCodePoints(a.symbol, b.symbol) || compareCodePoints(a.source, b.source);

const keyOf = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });
const isNews = ({ timestamp }: PriceEvent): boolean => timestamp <= NOW + MINUTE;

const readerOf = (rows: MemoryPrices): PriceEvents => new PriceEvents(rows, new FakeClock(NOW));

/** All pages of a question, one after the other. */
async function walk(page: (after: PriceEventKey | undefined) => Promise<PriceEvent[]>): Promise<PriceEvent[]> {
  const seen: PriceEvent[] = [];
  for (let after: PriceEventKey | undefined; ;) {
    const rows = await page(after);
    seen.push(...rows);
    const last = rows.at(-1);
    if (!last) return seen;
    after = keyOf(last);
  }
}

describe('price events of several symbols', () => {
  it('should be walked newest first, without those that are stamped ahead of their time', async () => {
    await fc.assert(
      fc.asyncProperty(stores, selections, limits, async (events, symbols, limit) => {
        const reader = readerOf(new MemoryPrices(events));
        const wanted = events.filter((event) => symbols.includes(event.symbol) && isNews(event));
        expect(await walk((after) => reader.latest(symbols, limit, after))).toEqual(wanted.sort(newestFirst));
      }),
    );
  });

  it('should be walked through a range by time, those ahead of their time too', async () => {
    const bounds = fc.tuple(fc.integer({ min: -8, max: 4 }), fc.integer({ min: -8, max: 4 }));
    await fc.assert(
      fc.asyncProperty(stores, selections, limits, bounds, async (events, symbols, limit, [from, until]) => {
        const reader = readerOf(new MemoryPrices(events));
        const range = { start: NOW + (from * MINUTE) / 2, end: NOW + (until * MINUTE) / 2 };
        const wanted = events.filter(
          ({ symbol, timestamp }) => symbols.includes(symbol) && timestamp >= range.start && timestamp < range.end,
        );
        expect(await walk((after) => reader.range(symbols, range, limit, after))).toEqual(wanted.sort(ascending));
      }),
    );
  });

  it('should have one newest of each symbol that has any, by symbol', async () => {
    await fc.assert(
      fc.asyncProperty(stores, selections, async (events, symbols) => {
        const news = events.filter(isNews).sort(newestFirst);
        const newest = [...symbols].sort(compareCodePoints).flatMap((symbol) => {
          const first = news.find((event) => event.symbol === symbol);
          return first ? [first] : [];
        });
        expect(await readerOf(new MemoryPrices(events)).newest(symbols)).toEqual(newest);
      }),
    );
  });

  it('should count those that are left out of what is newest', async () => {
    await fc.assert(
      fc.asyncProperty(stores, selections, async (events, symbols) => {
        const ahead = events.filter((event) => symbols.includes(event.symbol) && !isNews(event));
        expect(await readerOf(new MemoryPrices(events)).countAhead(symbols)).toBe(ahead.length);
      }),
    );
  });

  it('should be read in one page of a single symbol, and in few of many', async () => {
    const events = Array.from({ length: 10_000 }, (_, index) => priceEvent('BTCUSDT', NOW - index, 'a'));
    const alone = new MemoryPrices(events);
    await readerOf(alone).latest(['BTCUSDT'], 5_000);
    expect(alone.pages.map(({ rows }) => rows)).toEqual([5_000]);
    const among = new MemoryPrices(events);
    await readerOf(among).latest(SYMBOLS, 5_000);
    expect(among.pages.map(({ rows }) => rows)).toEqual([1_001, 0, 0, 0, 0, 5_000]);
  });
});
