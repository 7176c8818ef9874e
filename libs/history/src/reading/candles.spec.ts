import {
  accountOfMinute,
  CandleGridUnknownError,
  compareCodePoints,
  DAY,
  floorTo,
  HOUR,
  MINUTE,
  type CandleInterval,
  type EpochMicros,
  type StoredCandle,
  type StoredInterval,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import fc from 'fast-check';
import { rollUpMinutes, type JoinedMinute } from '../roll-up';
import type { AccountRows, StoredRollUp } from './candle-rows';
import { Candles, type CandleStore } from './candles';

const T = Date.UTC(2026, 0, 15) * 1_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', '1INCHUSDT', '币安人生USDT', '😀USDT'];
const LENGTHS = { '1m': MINUTE, '5m': 5 * MINUTE, '1h': HOUR, '4h': 4 * HOUR, '1d': DAY } as const;

function minute(symbol: string, openTime: EpochMicros): StoredCandle {
  const numbers = { open: '1', high: '2', low: '1', close: '2', volume: '3', quoteVolume: '4' };
  return {
    ...numbers,
    takerBuyVolume: '1',
    takerBuyQuoteVolume: '1',
    tradeCount: 5,
    symbol,
    openTime,
    closeTime: openTime + MINUTE - 1,
    source: 'a',
    capturedAt: openTime + MINUTE,
    revision: 1,
    account: accountOfMinute(openTime),
  };
}

function joined(row: StoredCandle): JoinedMinute {
  const { openTime, tradeCount, capturedAt, revision, open, high, low, close, volume, quoteVolume } = row;
  const decimals = [open, high, low, close, volume, quoteVolume, row.takerBuyVolume, row.takerBuyQuoteVolume];
  return [openTime, tradeCount, capturedAt, revision, decimals.join(' ')];
}

/** Minutes of several symbols, none of them revised, ascending by time; hours and days are made of them. */
class MemoryCandles implements CandleStore {
  /** How many rows each page had, with the symbol that it is of. */
  readonly pages: { readonly symbol: string; readonly rows: number }[] = [];

  constructor(
    readonly stored: readonly StoredCandle[],
    private readonly listed: ReadonlyMap<string, EpochMicros> = new Map(),
  ) {}

  inOneState<T>(reading: () => T): Promise<T> {
    return Promise.resolve().then(reading);
  }

  hasCandles(symbol: string): boolean {
    return this.of(symbol).length > 0;
  }

  firstCapture(symbol: string): EpochMicros | undefined {
    return this.of(symbol)[0]?.capturedAt;
  }

  firstListed(symbol: string): EpochMicros | undefined {
    return this.listed.get(symbol);
  }

  firstMinute(symbol: string, from: EpochMicros, until: EpochMicros): EpochMicros | undefined {
    return this.of(symbol, from, until)[0]?.openTime;
  }

  minutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): StoredCandle[] {
    return this.noted(symbol, this.of(symbol, from, until).slice(0, size));
  }

  joinedMinutes(symbol: string, from: EpochMicros, until: EpochMicros, size: number): JoinedMinute[] {
    return this.minutes(symbol, from, until, size).map(joined);
  }

  rollUps(
    symbol: string,
    interval: StoredInterval,
    from: EpochMicros,
    until: EpochMicros,
    size: number,
  ): StoredRollUp[] {
    const buckets = new Map<EpochMicros, StoredCandle[]>();
    for (const row of this.of(symbol)) {
      const start = floorTo(row.openTime, LENGTHS[interval]);
      buckets.set(start, [...(buckets.get(start) ?? []), row]);
    }
    const rows = [...buckets]
      .filter(([openTime]) => openTime >= from && openTime < until)
      .slice(0, size)
      .map(([openTime, minutes]) => ({ openTime, rollUp: rollUpMinutes(minutes)! }));
    return this.noted(symbol, rows);
  }

  joinedKnown(symbol: string, from: EpochMicros, until: EpochMicros, asOf: EpochMicros): JoinedMinute[] {
    return this.of(symbol, from, until)
      .filter(({ capturedAt }) => capturedAt <= asOf)
      .map(joined);
  }

  superseded(): undefined {
    return undefined;
  }

  joinedSuperseded(): undefined {
    return undefined;
  }

  stampOf(): undefined {
    return undefined;
  }

  private of(wanted: string, from = 0, until = Infinity): StoredCandle[] {
    return this.stored.filter(({ symbol, openTime }) => symbol === wanted && openTime >= from && openTime < until);
  }

  private noted<Row>(symbol: string, rows: Row[]): Row[] {
    this.pages.push({ symbol, rows: rows.length });
    return rows;
  }
}

const NOTHING_STOPPED: AccountRows = {
  firstDue: () => undefined,
  stopped: () => [],
  stoppedDays: () => [],
  notedStops: () => [],
  capturedBy: () => [],
};

const stores = fc
  .uniqueArray(fc.record({ symbol: fc.constantFrom(...SYMBOLS), place: fc.integer({ min: 0, max: 2 * 1_440 - 1 }) }), {
    maxLength: 80,
    selector: ({ symbol, place }) => `${symbol} ${place}`,
  })
  .map((rows) => rows.map(({ symbol, place }) => minute(symbol, T + place * MINUTE)))
  .map((rows) => rows.sort((a, b) => a.openTime - b.openTime || compareCodePoints(a.symbol, b.symbol)));

const limits = fc.integer({ min: 1, max: 100 });
const ranges = fc
  .tuple(fc.integer({ min: 0, max: 48 }), fc.integer({ min: 0, max: 48 }))
  .map(([a, b]): TimeRange => ({ start: T + Math.min(a, b) * HOUR, end: T + Math.max(a, b) * HOUR }));

const name = ({ openTime, symbol }: { readonly openTime: EpochMicros; readonly symbol: string }): string =>
  `${openTime} ${symbol}`;

/** Candles of all pages of a question, one after the other, by time and symbol. */
async function walk(
  store: MemoryCandles,
  interval: CandleInterval,
  range: Partial<TimeRange>,
  limit: number,
  asOf?: EpochMicros,
): Promise<string[]> {
  const reader = new Candles(store, NOTHING_STOPPED);
  const seen: string[] = [];
  for (let after: TimeKey | undefined; ;) {
    const rows = await reader.range(SYMBOLS, interval, range, limit, after, asOf);
    expect(rows.length).toBeLessThanOrEqual(limit);
    seen.push(...rows.map(name));
    const last = rows.at(-1);
    if (!last) return seen;
    after = { time: last.openTime, symbol: last.symbol };
  }
}

describe('candles of several symbols', () => {
  it('should be walked by time, then by symbol, whether they are stored or made', async () => {
    const intervals = fc.constantFrom<keyof typeof LENGTHS>('1m', '5m', '1h', '4h', '1d');
    await fc.assert(
      fc.asyncProperty(stores, intervals, ranges, limits, async (rows, interval, range, limit) => {
        const opened = rows.map(({ symbol, openTime }) => ({ symbol, openTime: floorTo(openTime, LENGTHS[interval]) }));
        const wanted = opened
          .filter(({ openTime }) => openTime >= range.start && openTime < range.end)
          .sort((a, b) => a.openTime - b.openTime || compareCodePoints(a.symbol, b.symbol));
        expect(await walk(new MemoryCandles(rows), interval, range, limit)).toEqual([...new Set(wanted.map(name))]);
      }),
    );
  });

  it('should be those of the minutes that had been captured, as known at a time', async () => {
    const times = fc.integer({ min: 0, max: 48 * 60 });
    await fc.assert(
      fc.asyncProperty(stores, times, limits, async (rows, place, limit) => {
        const asOf = T + place * MINUTE;
        const wanted = rows.filter(({ capturedAt }) => capturedAt <= asOf);
        expect(await walk(new MemoryCandles(rows), '1m', {}, limit, asOf)).toEqual(wanted.map(name));
      }),
    );
  });

  it('should not be looked for in symbols of which nothing had been captured by then', async () => {
    const rows = [minute('BTCUSDT', T), minute('ETHUSDT', T + HOUR)];
    const store = new MemoryCandles(rows);
    expect(await walk(store, '5m', {}, 10, T + HOUR)).toEqual([name(minute('BTCUSDT', T))]);
    expect(new Set(store.pages.map(({ symbol }) => symbol))).toEqual(new Set(['BTCUSDT']));
  });

  it('should be refused of three days by the names of the symbols whose first candle is not known', async () => {
    const rows = [minute('BTCUSDT', T), minute('ETHUSDT', T), minute('1INCHUSDT', T)];
    const reader = new Candles(new MemoryCandles(rows, new Map([['ETHUSDT', T]])), NOTHING_STOPPED);
    await expect(reader.range(SYMBOLS, '3d', {}, 10)).rejects.toEqual(
      new CandleGridUnknownError(['BTCUSDT', '1INCHUSDT']),
    );
  });

  it('should be counted in threes of days from the first candle that the exchange has', async () => {
    const store = new MemoryCandles([minute('ETHUSDT', T)], new Map([['ETHUSDT', T - 4 * DAY]]));
    expect(await walk(store, '3d', {}, 10)).toEqual([name({ openTime: T - DAY, symbol: 'ETHUSDT' })]);
  });

  it('should be read a share of the page from each symbol', async () => {
    const rows = SYMBOLS.flatMap((symbol) => Array.from({ length: 100 }, (_, at) => minute(symbol, T + at * MINUTE)));
    const store = new MemoryCandles(rows);
    await new Candles(store, NOTHING_STOPPED).range(SYMBOLS, '1m', {}, 250);
    expect(store.pages).toEqual(SYMBOLS.map((symbol) => ({ symbol, rows: 51 })));
  });
});
