import { gunzipSync } from 'node:zlib';
import {
  BI_TABLE_HEADERS,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  serializePriceEvent,
  TICKER_SOURCE,
  type MinuteCandle,
} from '@app/domain';
import { buildMinute, FakePorts } from '@app/testing';
import { rebuildStore } from '../support/rebuild';
import { Recorder } from '../support/recorder';

const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
const NOW = FIRST + 2 * DAY + 22 * HOUR + 30 * SECOND;

const TABLES = Object.keys(BI_TABLE_HEADERS).map((name) => `/bi/${name}.csv`);
const WINDOWS = ['days=2', 'start=2026-01-11&end=2026-01-12', 'start=-90m', 'symbol=NONEUSDT'];
const URLS = [
  ...TABLES,
  ...TABLES.filter((path) => !/latest_prices|symbols/.test(path)).flatMap((path) =>
    WINDOWS.map((window) => `${path}?${window}`),
  ),
  '/bi/symbols.csv?symbol=NONEUSDT',
  '/bi/latest_prices.csv?symbol=NONEUSDT',
  '/bi/datasets.json',
];

const minutes = (symbol: string, start: number, end: number, changes: Partial<MinuteCandle> = {}): MinuteCandle[] =>
  Array.from({ length: (end - start) / MINUTE }, (_, index) => {
    const openTime = start + index * MINUTE;
    return buildMinute(symbol, openTime, { capturedAt: openTime + MINUTE + SECOND, ...changes });
  });

type Process = Pick<Recorder, 'ask'>;

interface Dated {
  readonly body: string;
  readonly etag: string;
  readonly date: string;
}

/** Last-Modified follows from the stored data alone, and a date alone never gives a 304 for other bytes. */
describe('Last-Modified', () => {
  let recorder: Recorder;

  beforeEach(async () => {
    recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT,NONEUSDT', { THROTTLE_LIMIT: '1000000' });
    await recorder.open();
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      await recorder.store.history.track({ symbol, trackedSince: FIRST, ledgerStart: FIRST }, Recorder.ORIGIN);
    }
    await recorder.take([
      ...minutes('BTCUSDT', FIRST, NOW - 30 * SECOND - 3 * MINUTE),
      ...minutes('ETHUSDT', FIRST + DAY, FIRST + DAY + 12 * HOUR),
    ]);
    await poll(NOW - 5 * SECOND, '100.00');
    await recorder.serve();
  });

  afterEach(() => recorder.dispose());

  async function poll(timestamp: number, lastPrice: string): Promise<void> {
    const event = { timestamp, lastPrice, priceChangePercent: '0.000', volume: '7.00', source: TICKER_SOURCE };
    const events = ['BTCUSDT', 'ETHUSDT'].map((symbol) => ({
      kind: 'price' as const,
      symbol,
      capturedAt: timestamp,
      value: serializePriceEvent({ ...event, symbol }),
    }));
    await recorder.store.sink.take({ origin: Recorder.ORIGIN, events });
  }

  async function read(from: Process, url: string): Promise<Dated> {
    const { statusCode, body, headers } = await from.ask(url);
    expect([url, statusCode]).toEqual([url, 200]);
    return { body, etag: String(headers['etag']), date: String(headers['last-modified']) };
  }

  const readAll = async (from: Process): Promise<Record<string, Dated>> => {
    const answers: [string, Dated][] = [];
    for (const url of URLS) answers.push([url, await read(from, url)]);
    return Object.fromEntries(answers);
  };

  /** What happens to a store, one after the other. */
  const happenings: readonly [string, () => unknown][] = [
    [
      'time passes',
      () => {
        recorder.clock.advance(MINUTE);
      },
    ],
    ['a poll', () => poll(recorder.clock.now() - SECOND / 2, '101.00')],
    ['another poll within its second', () => poll(recorder.clock.now() - SECOND / 4, '102.00')],
    ['live minutes', () => recorder.take(minutes('BTCUSDT', NOW - 30 * SECOND - 3 * MINUTE, NOW - 30 * SECOND))],
    ['minutes of the day before, captured long ago', () => recorder.take(minutes('ETHUSDT', FIRST, FIRST + 6 * HOUR))],
    [
      'a revision that was captured long ago',
      () =>
        recorder.take(
          minutes('BTCUSDT', FIRST + DAY, FIRST + DAY + MINUTE, {
            close: '1200.00',
            high: '1200.00',
            capturedAt: FIRST + DAY + 2 * MINUTE,
          }),
        ),
    ],
    [
      'a stop',
      () => recorder.store.history.markStopped('ETHUSDT', [{ start: FIRST + 8 * HOUR, end: FIRST + 9 * HOUR }]),
    ],
    [
      'a status',
      () =>
        recorder.store.history.saveSymbols(
          [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'BREAK' }],
          Recorder.ORIGIN,
        ),
    ],
    [
      'an hour',
      () => {
        recorder.clock.advance(HOUR);
      },
    ],
    [
      'midnight',
      () => {
        recorder.clock.set(FIRST + 3 * DAY);
      },
    ],
    [
      'the end of the ledger at midnight',
      () => {
        recorder.clock.advance(2 * MINUTE);
      },
    ],
  ];

  it('should be the same from a process that has served all along as from one that has just begun', async () => {
    await readAll(recorder);
    for (const [what, happens] of happenings) {
      await happens();
      const fresh = await recorder.beside();
      expect([what, await readAll(recorder)]).toEqual([what, await readAll(fresh)]);
      recorder.clock.advance(SECOND);
      expect([what, await readAll(recorder)]).toEqual([what, await readAll(fresh)]);
    }
  });

  it('should be the same while bytes and store are the same, and later when time has changed the bytes', async () => {
    const before = new Map<string, Dated>();
    const changes = new Set<string>();
    for (const step of [0, SECOND, MINUTE, MINUTE, 10 * MINUTE, HOUR, HOUR, MINUTE, MINUTE, DAY, HOUR, 40 * DAY]) {
      recorder.clock.advance(step);
      for (const url of URLS) {
        const now = await read(recorder, url);
        const earlier = before.get(url);
        before.set(url, now);
        if (!earlier) continue;
        const [from, to] = [Date.parse(earlier.date), Date.parse(now.date)];
        if (now.body === earlier.body) {
          expect([url, step, now.date]).toEqual([url, step, earlier.date]);
        } else {
          changes.add(url.replace(/\?.*/, ''));
          expect([url, step, to > from]).toEqual([url, step, true]);
        }
      }
    }
    expect([...changes].sort()).toEqual(TABLES.filter((path) => !path.includes('latest_prices')).sort());
  });

  it('should never be a condition under which other bytes are a 304', async () => {
    const seen = new Map<string, Map<string, Set<string>>>();
    for (const [what, happens] of [['the start', () => undefined] as const, ...happenings]) {
      await happens();
      for (const pause of [0, SECOND]) {
        recorder.clock.advance(pause);
        for (const url of URLS) {
          const { body, date } = await read(recorder, url);
          const dates = seen.get(url) ?? new Map<string, Set<string>>();
          seen.set(url, dates.set(date, (dates.get(date) ?? new Set()).add(body)));
          for (const [since, bodies] of dates) {
            const { statusCode } = await recorder.ask(url, 'GET', { 'if-modified-since': since });
            const isOnlyCopy = bodies.size === 1 && bodies.has(body);
            if (statusCode === 304) expect([what, url, since, isOnlyCopy]).toEqual([what, url, since, true]);
          }
        }
      }
    }
  });

  it('should be a condition for bytes that are unchanged, in every process', async () => {
    recorder.clock.advance(SECOND);
    const fresh = await recorder.beside();
    for (const [process, url] of [recorder, fresh].flatMap((one) => URLS.map((path) => [one, path] as const))) {
      const { date, etag } = await read(recorder, url);
      for (const condition of [{ 'if-modified-since': date }, { 'if-none-match': etag }]) {
        const answer = await process.ask(url, 'GET', condition);
        expect([condition, answer.statusCode, answer.headers['last-modified']]).toEqual([condition, 304, date]);
      }
      const other = { 'if-none-match': '"other"', 'if-modified-since': date };
      expect((await process.ask(url, 'GET', other)).statusCode).toBe(200);
      for (const validator of [date, etag]) {
        const part = await process.ask(url, 'GET', { range: 'bytes=0-3', 'if-range': validator });
        expect([part.statusCode, part.headers['last-modified']]).toEqual([200, date]);
      }
    }
  });

  it('should be the same for what is compressed, for HEAD and for a part', async () => {
    recorder.clock.advance(SECOND);
    for (const url of TABLES) {
      const { body, date, etag } = await read(recorder, url);
      const packed = await recorder.ask(url, 'GET', { 'accept-encoding': 'gzip' });
      const isPacked = packed.headers['content-encoding'] === 'gzip';
      expect((isPacked ? gunzipSync(packed.rawPayload) : packed.rawPayload).toString()).toBe(body);
      const head = await recorder.ask(url, 'HEAD');
      const part = await recorder.ask(url, 'GET', { range: 'bytes=0-3' });
      for (const { headers } of [packed, head, part]) {
        expect([url, headers['last-modified'], headers['etag']]).toEqual([url, date, etag]);
      }
    }
  });

  it('should not be the time at which a process began, for what describes the tables', async () => {
    const { date } = await read(recorder, '/bi/datasets.json');
    recorder.clock.advance(DAY);
    expect((await read(await recorder.beside(), '/bi/datasets.json')).date).toBe(date);
  });

  it('should be the same of a store that was made anew out of the same data', async () => {
    recorder.clock.advance(SECOND);
    const before = await readAll(recorder);
    await recorder.rest();
    recorder.clock.advance(HOUR);
    await rebuildStore(recorder, FakePorts.at(recorder.clock.now(), { SYMBOLS: 'BTCUSDT,ETHUSDT,NONEUSDT' }));
    const after = await readAll(await recorder.beside());
    const unchanged = URLS.filter((url) => after[url]?.etag === before[url]?.etag);
    expect(unchanged).toEqual(
      expect.arrayContaining(
        ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'latest_prices'].map((name) => `/bi/${name}.csv`),
      ),
    );
    for (const url of unchanged) expect([url, after[url]?.date]).toEqual([url, before[url]?.date]);
  });
});
