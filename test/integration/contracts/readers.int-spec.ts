import {
  DAY,
  HOUR,
  MINUTE,
  compareCodePoints,
  parsePriceEvent,
  type OutgoingEvent,
  type PriceEvent,
  type PriceEventKey,
  type PriceEventReader,
  type SymbolCoverage,
  type TimeKey,
} from '@app/domain';
import { buildMinute } from '@app/testing';
import type { Readers } from '../../support/stored-history';
import { NOON, ORIGIN, TestStore, candleEvent, priceEvent } from '../../support/test-store';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', '币安人生USDT'];
const SOURCES = ['binance_api_v3_ticker_24hr', 'another_source', 'zz'];

const keyOf = ({ timestamp, symbol, source }: PriceEvent): PriceEventKey => ({ time: timestamp, symbol, source });
const nameOf = ({ timestamp, symbol, source }: PriceEvent): string => `${timestamp} ${symbol} ${source}`;

/** One event of each symbol at each instant, and of every source at each third one. */
function events(instants: number, first = NOON): OutgoingEvent[] {
  return Array.from({ length: instants }, (_, instant) =>
    SYMBOLS.flatMap((symbol) =>
      (instant % 3 === 0 ? SOURCES : SOURCES.slice(0, 1)).map((source) =>
        priceEvent(symbol, first + instant * 10, { source, lastPrice: `${instant + 1}.50` }),
      ),
    ),
  ).flat();
}

const parsed = (outgoing: readonly OutgoingEvent[]): PriceEvent[] =>
  outgoing.map(({ value }) => parsePriceEvent(value));

const ascending = (a: PriceEvent, b: PriceEvent): number =>
  a.timestamp - b.timestamp || compareCodePoints(a.symbol, b.symbol) || compareCodePoints(a.source, b.source);

/** Newest first, then by symbol, then by source backwards. */
const newestFirst = (a: PriceEvent, b: PriceEvent): number =>
  b.timestamp - a.timestamp || compareCodePoints(a.symbol, b.symbol) || compareCodePoints(b.source, a.source);

/** All pages of a question, with something happening between them. */
async function walk(
  page: (after: PriceEventKey | undefined) => Promise<PriceEvent[]>,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<PriceEvent[]> {
  const seen: PriceEvent[] = [];
  for (let after: PriceEventKey | undefined; ;) {
    const rows = await page(after);
    seen.push(...rows);
    const last = rows.at(-1);
    if (!last) return seen;
    after = keyOf(last);
    await between();
  }
}

interface Subject {
  readonly readers: Readers;
  put(...events: OutgoingEvent[]): Promise<unknown>;
  dispose(): Promise<void>;
}

async function sqliteSubject(): Promise<Subject> {
  const store = new TestStore();
  await store.open();
  return {
    readers: await store.readers(),
    put: (...more) => store.take(...more),
    dispose: () => store.dispose(),
  };
}

describe.each([['SQLite', sqliteSubject]])('the contract of PriceEventReader: %s', (_, make) => {
  let subject: Subject;
  let reader: PriceEventReader;

  beforeEach(async () => {
    subject = await make();
    reader = subject.readers.events;
  });

  afterEach(() => subject.dispose());

  const everything = { start: NOON - HOUR, end: NOON + HOUR };

  it.each([1, 2, 5, 7, 100])('should page through every event once, in order, by pages of %i', async (limit) => {
    const all = events(20);
    await subject.put(...[...all].reverse());
    expect(await walk((after) => reader.range(SYMBOLS, everything, limit, after))).toEqual(parsed(all).sort(ascending));
    expect(await walk((after) => reader.latest(SYMBOLS, limit, after))).toEqual(parsed(all).sort(newestFirst));
    const [one] = SYMBOLS as [string];
    const ofOne = parsed(all).filter(({ symbol }) => symbol === one);
    expect(await walk((after) => reader.range([one], everything, limit, after))).toEqual(ofOne.sort(ascending));
    expect(await walk((after) => reader.latest([one], limit, after))).toEqual(ofOne.sort(newestFirst));
  });

  it('should give every event that was there exactly once while others are inserted on all sides', async () => {
    const before = events(30);
    await subject.put(...before);
    const names = new Set(parsed(before).map(nameOf));
    let round = 0;
    for (const [order, page] of [
      [ascending, (after: PriceEventKey | undefined) => reader.range(SYMBOLS, everything, 4, after)],
      [newestFirst, (after: PriceEventKey | undefined) => reader.latest(SYMBOLS, 4, after)],
    ] as const) {
      const end = round + 60;
      const seen = await walk(page, async () => {
        if (round === end) return;
        round += 1;
        // Around what was there, between its instants, and further sources of its instants.
        await subject.put(
          priceEvent(SYMBOLS[round % 3]!, NOON - round),
          priceEvent(SYMBOLS[round % 3]!, NOON + round * 5 + 1),
          priceEvent(SYMBOLS[round % 3]!, NOON + round * 10, { source: `late${round}` }),
          priceEvent(SYMBOLS[round % 3]!, NOON + 1_000 + round),
        );
      });
      expect(seen).toEqual([...seen].sort(order));
      expect(new Set(seen.map(nameOf)).size).toBe(seen.length);
      const again = seen.filter((event) => names.has(nameOf(event)));
      expect(again).toEqual(parsed(before).sort(order));
    }
  });

  it('should keep to half-open bounds, and to the symbols asked for', async () => {
    await subject.put(...events(10));
    const range = { start: NOON + 10, end: NOON + 30 };
    const times = (await reader.range(['ETHUSDT'], range, 100)).map(({ timestamp }) => timestamp);
    expect(times).toEqual([NOON + 10, NOON + 20]);
    expect(await reader.range(['ETHUSDT'], { start: NOON + 31, end: NOON + 39 }, 100)).toEqual([]);
    expect(await reader.range(['UNKNOWN'], everything, 100)).toEqual([]);
    // A cursor from before the range does not widen it.
    const after = { time: NOON, symbol: 'BTCUSDT', source: 'zz' };
    expect((await reader.range(['ETHUSDT'], range, 1, after))[0]?.timestamp).toBe(NOON + 10);
  });

  it('should give the newest event of each symbol that has one', async () => {
    await subject.put(...events(4));
    const newest = await reader.newest(['币安人生USDT', 'UNKNOWN', 'BTCUSDT']);
    expect(newest.map(nameOf)).toEqual([`${NOON + 30} BTCUSDT zz`, `${NOON + 30} 币安人生USDT zz`]);
  });
});

describe('the readers of a real store', () => {
  let store: TestStore;
  let readers: Readers;

  beforeEach(async () => {
    store = new TestStore();
    await store.open();
    readers = await store.readers();
  });

  afterEach(async () => {
    await store.dispose();
  });

  it('should merge many symbols in the order of time and code points, with few rows read ahead', async () => {
    const symbols = Array.from({ length: 60 }, (_, index) => `S${index}USDT`);
    const all = Array.from({ length: 40 }, (_, instant) =>
      symbols.map((symbol) => priceEvent(symbol, NOON + instant * 1_000)),
    ).flat();
    // One symbol has many more rows than the others.
    all.push(...Array.from({ length: 600 }, (_, index) => priceEvent('S7USDT', NOON + 50_000 + index)));
    await store.take(...all);
    const range = { start: NOON, end: NOON + HOUR };
    const seen = await walk((after) => readers.events.range(symbols, range, 251, after));
    expect(seen).toEqual(parsed(all).sort(ascending));
    expect(await readers.events.latest(symbols, 5_000)).toEqual(parsed(all).sort(newestFirst));
  });

  it('should page through candles of each interval, symbol by symbol within a time', async () => {
    const open = (index: number): number => NOON - 2 * DAY + index * 17 * MINUTE;
    const minutes = Array.from({ length: 200 }, (_, index) =>
      ['ETHUSDT', 'BTCUSDT'].map((symbol) => buildMinute(symbol, open(index))),
    ).flat();
    await store.take(...minutes.map(candleEvent));
    for (const [interval, length] of [
      ['1m', MINUTE],
      ['1h', HOUR],
      ['1d', DAY],
    ] as const) {
      const seen: string[] = [];
      for (let after: { time: number; symbol: string } | undefined; ;) {
        const rows = await readers.candles.range(['ETHUSDT', 'BTCUSDT'], interval, {}, 3, after);
        seen.push(...rows.map(({ openTime, symbol }) => `${openTime} ${symbol}`));
        const last = rows.at(-1);
        if (!last) break;
        after = { time: last.openTime, symbol: last.symbol };
      }
      const buckets = [...new Set(minutes.map(({ openTime }) => Math.floor(openTime / length) * length))];
      expect(seen).toEqual(buckets.flatMap((time) => [`${time} BTCUSDT`, `${time} ETHUSDT`]));
    }
  });

  it('should account for every minute of the ledger, in one answer and page by page', async () => {
    const start = NOON - 6 * HOUR;
    store.clock.set(NOON + 3 * MINUTE);
    const { history } = await store.reopen();
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      await history.track({ symbol, trackedSince: NOON, ledgerStart: start }, ORIGIN);
    }
    const minute = (index: number, tradeCount: number) =>
      candleEvent(buildMinute('BTCUSDT', start + index * MINUTE, { tradeCount }));
    await store.take(...[1, 2, 3, 4, 10, 11, 12, 20].map((index) => minute(index, index === 11 ? 0 : 1)));
    await history.markStopped('BTCUSDT', [{ start: start + 12 * MINUTE, end: start + 18 * MINUTE }]);
    await history.markStopped('ETHUSDT', [{ start, end: NOON }]);
    const all = await readers.coverage.ranges(['ETHUSDT', 'BTCUSDT'], {}, 1_000);
    expect(
      all
        .filter(({ symbol }) => symbol === 'BTCUSDT')
        .map(({ start: from, end, state }) => [(from - start) / MINUTE, (end - start) / MINUTE, state]),
    ).toEqual([
      [0, 1, 'missing'],
      [1, 5, 'captured'],
      [5, 10, 'missing'],
      [10, 11, 'captured'],
      [11, 12, 'quiet'],
      [12, 13, 'captured'],
      [13, 18, 'stopped'],
      [18, 20, 'missing'],
      [20, 21, 'captured'],
      [21, 361, 'missing'],
    ]);
    for (const limit of [1, 2, 3, 5]) {
      const seen: typeof all = [];
      for (let after: { time: number; symbol: string } | undefined; ;) {
        const rows = await readers.coverage.ranges(['ETHUSDT', 'BTCUSDT'], {}, limit, after);
        seen.push(...rows);
        const last = rows.at(-1);
        if (!last) break;
        after = { time: last.start, symbol: last.symbol };
      }
      expect(seen).toEqual(all);
    }
    const cut = await readers.coverage.ranges(
      ['BTCUSDT'],
      { start: start + 2.5 * MINUTE, end: start + 6 * MINUTE },
      10,
    );
    expect(cut.map(({ start: from, end }) => [(from - start) / MINUTE, (end - start) / MINUTE])).toEqual([
      [2, 5],
      [5, 6],
    ]);
    const [summary] = await readers.symbols.summaries(['BTCUSDT']);
    expect(summary).toMatchObject({ coveragePercent: '3.60', lastEvent: null });
  });

  it('should say why minutes are missing, and cut them where the reasons change, on whatever page', async () => {
    const start = NOON - HOUR;
    store.clock.set(NOON + 3 * MINUTE);
    const { history } = await store.reopen();
    const at = (from: number, end: number) => ({ start: start + from * MINUTE, end: start + end * MINUTE });
    const note = async (symbol: string, from: number, end: number, reason: string) =>
      history.noteUnfilled(symbol, at(from, end), [{ ...at(from, end), reason, askedAt: NOON }]);
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      await history.track({ symbol, trackedSince: NOON, ledgerStart: start }, ORIGIN);
    }
    await note('BTCUSDT', 10, 20, 'no row');
    await note('BTCUSDT', 20, 25, 'no row');
    await note('BTCUSDT', 25, 26, 'refused, "later"');
    await note('BTCUSDT', 30, 40, 'no row');
    for (let minute = 0; minute < 40; minute += 2) await note('ETHUSDT', minute, minute + 1, `reason ${minute}`);
    // What is noted of a minute that has come since is no longer so.
    await store.take(candleEvent(buildMinute('BTCUSDT', start + 35 * MINUTE)));
    const told = (rows: readonly SymbolCoverage[]) =>
      rows.map((row) => [(row.start - start) / MINUTE, (row.end - start) / MINUTE, row.state, row.reason]);
    expect(told(await readers.coverage.ranges(['BTCUSDT'], {}, 1_000))).toEqual([
      [0, 10, 'missing', 'not asked for yet'],
      [10, 25, 'missing', 'no row'],
      [25, 26, 'missing', 'refused, "later"'],
      [26, 30, 'missing', 'not asked for yet'],
      [30, 35, 'missing', 'no row'],
      [35, 36, 'captured', null],
      [36, 40, 'missing', 'no row'],
      [40, 61, 'missing', 'not asked for yet'],
    ]);
    expect(told(await readers.coverage.ranges(['BTCUSDT'], at(12, 26), 1_000))).toEqual([
      [12, 25, 'missing', 'no row'],
      [25, 26, 'missing', 'refused, "later"'],
    ]);
    const all = await readers.coverage.ranges(['ETHUSDT', 'BTCUSDT'], {}, 1_000);
    expect(all).toHaveLength(8 + 40);
    for (const limit of [1, 2, 3, 7]) {
      const seen: SymbolCoverage[] = [];
      for (let after: TimeKey | undefined; ;) {
        const rows = await readers.coverage.ranges(['ETHUSDT', 'BTCUSDT'], {}, limit, after);
        seen.push(...rows);
        const last = rows.at(-1);
        if (!last) break;
        after = { time: last.start, symbol: last.symbol };
      }
      expect(seen).toEqual(all);
    }
  });

  it('should make a day of snapshots only where no candle is, and leave open what snapshots do not tell', async () => {
    await store.take(
      priceEvent('BTCUSDT', NOON - DAY, { lastPrice: '5' }),
      priceEvent('BTCUSDT', NOON - DAY + 1, { lastPrice: '3', volume: '9.9' }),
      priceEvent('BTCUSDT', NOON, { lastPrice: '4' }),
      candleEvent(buildMinute('BTCUSDT', NOON)),
    );
    const bars = await readers.bars.bars(['BTCUSDT'], { start: NOON - 3 * DAY, end: NOON + DAY });
    expect(bars).toEqual([
      expect.objectContaining({ source: 'ticker', open: '5', low: '3', close: '3', volume: '9.9', tradeCount: null }),
      expect.objectContaining({ source: 'kline', tradeCount: 1, isFinal: false }),
    ]);
  });

  it('should say by its version that something changed, and only then', async () => {
    const before = await readers.status.version();
    expect(await readers.status.version()).toBe(before);
    await store.take(priceEvent('BTCUSDT', NOON));
    // It is looked up once for all requests of a turn.
    await new Promise(setImmediate);
    expect(await readers.status.version()).not.toBe(before);
  });

  it('should see a batch whole or not at all while it is being written', async () => {
    const batches = Array.from({ length: 20 }, (_, number) => events(4, NOON + number * 1_000));
    const progress = { written: 0 };
    const writer = (async () => {
      for (const batch of batches) {
        await store.take(...batch);
        progress.written += 1;
      }
    })();
    const sizes = new Set<number>();
    while (progress.written < batches.length) {
      sizes.add((await readers.events.latest(SYMBOLS, 5_000)).length);
      await new Promise(setImmediate);
    }
    await writer;
    const size = events(4).length;
    expect([...sizes].filter((count) => count % size !== 0)).toEqual([]);
    expect(await readers.events.latest(SYMBOLS, 5_000)).toHaveLength(20 * size);
  });
});
