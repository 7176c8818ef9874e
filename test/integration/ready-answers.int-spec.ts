import { DAY, HOUR, MILLISECOND, MINUTE, SECOND } from '@app/domain';
import { ReadyAnswers } from '@app/http';
import { buildMinute } from '@app/testing';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { Recorder } from '../support/recorder';

const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;
const NOW = FIRST + DAY + 22 * HOUR;
const LIMIT = 40;
const KEY = 'a-key-of-this-test';
const DAYS = '/bi/daily_ohlc.csv?days=2';
const URLS = [
  DAYS,
  '/bi/daily_volume.csv',
  '/bi/hourly_ohlcv.csv?symbol=BTCUSDT&sep=tab&decimal=,',
  '/bi/latest_prices.csv',
  '/bi/symbols.csv',
  '/bi/data_quality.csv?start=2026-01-10&_=1',
];

/** Each answer has its own. */
const OWN_HEADERS = new Set([
  'date',
  'x-ratelimit-remaining',
  'x-request-id',
  'connection',
  'keep-alive',
  'transfer-encoding',
]);

type Told = Record<string, string>;

/** What the door in front of the framework answers, a route answers too, to the letter. */
describe('answers at hand', () => {
  let recorder: Recorder;
  let url: string;
  /** Called by each route that answers. */
  let routes: jest.SpyInstance<void, Parameters<ReadyAnswers['keep']>>;

  const minute = (at: number, changes = {}): ReturnType<typeof buildMinute> =>
    buildMinute('BTCUSDT', at, { capturedAt: at + MINUTE + SECOND, ...changes });

  beforeEach(async () => {
    recorder = new Recorder(NOW, 'BTCUSDT,ETHUSDT', {
      THROTTLE_LIMIT: String(LIMIT),
      THROTTLE_KEY_LIMIT: '1000',
      API_KEYS: `test:${KEY}`,
    });
    await recorder.open();
    await recorder.take(Array.from({ length: 26 * 60 }, (_, index) => minute(FIRST + index * MINUTE)));
    url = await recorder.listen();
    routes = jest.spyOn(ReadyAnswers.prototype, 'keep');
  });

  afterEach(async () => {
    routes.mockRestore();
    await recorder.dispose();
  });

  /** Asks through a socket, as clients do. */
  const ask = (path: string, headers: Told = {}): Promise<RawAnswer> => rawRequest(url + path, { headers });

  /** Its headers but for those that count: name and value of each. */
  const told = (headers: RawAnswer['headers']): string[] =>
    Object.entries(headers)
      .filter(([name]) => !OWN_HEADERS.has(name))
      .map(([name, value]) => `${name}: ${String(value).replace(/r=\d+/, 'r=')}`)
      .sort();

  /** Whether the last question was answered without its route. */
  const wasAtHand = async (asked: Promise<RawAnswer>): Promise<boolean> => {
    routes.mockClear();
    await asked;
    return routes.mock.lastCall === undefined;
  };

  it.each(URLS)('should be those of the route: %s', async (path) => {
    const first = await ask(path);
    expect(first.status).toBe(200);
    const etag = String(first.headers['etag']);
    const variants: Told[] = [
      {},
      { 'accept-encoding': 'br' },
      { 'accept-encoding': 'gzip;q=0.5' },
      { 'if-none-match': etag },
      { 'if-none-match': '"other"' },
      { 'if-modified-since': new Date(NOW / 1_000).toUTCString() },
      { 'x-api-key': KEY },
      { origin: 'https://example.com' },
    ];
    for (const headers of variants) {
      routes.mockClear();
      const short = await ask(path, headers);
      expect(routes).not.toHaveBeenCalled();
      const long = await recorder.ask(path, 'GET', headers);
      expect(routes).toHaveBeenCalledTimes(1);
      expect(short.status).toBe(long.statusCode);
      expect(told(short.headers)).toEqual(told(long.headers as RawAnswer['headers']));
      expect(short.body.equals(long.rawPayload)).toBe(true);
    }
  });

  it('should leave to the route what is not plain', async () => {
    await ask(DAYS);
    expect(await wasAtHand(ask(DAYS))).toBe(true);
    expect(await wasAtHand(rawRequest(url + DAYS, { method: 'HEAD' }))).toBe(false);
    // The address is held still for whoever reads it in pieces.
    expect(await wasAtHand(ask(DAYS))).toBe(false);
    const volumes = '/bi/daily_volume.csv';
    await ask(volumes);
    expect(await wasAtHand(ask(volumes, { range: 'bytes=0-9' }))).toBe(false);
    expect((await ask(volumes, { range: 'bytes=0-9' })).status).toBe(206);
    expect(await wasAtHand(ask('/bi/daily_ohlc.csv?days=3'))).toBe(false);
  });

  it('should never be older than the store', async () => {
    const before = await ask(DAYS);
    expect(await wasAtHand(ask(DAYS))).toBe(true);
    await recorder.take([minute(FIRST + 26 * HOUR, { close: '123456.78', high: '123456.78' })]);
    const after = await ask(DAYS);
    expect(after.body.toString()).toContain('123456.78');
    expect(before.body.toString()).not.toContain('123456.78');
    expect((await ask(DAYS, { 'if-none-match': String(before.headers['etag']) })).status).toBe(200);
  });

  it('should cost what an answer of the route costs', async () => {
    const left = ({ headers }: RawAnswer): number => Number(headers['x-ratelimit-remaining']);
    const first = await ask(DAYS);
    expect(left(first)).toBe(LIMIT - 1);
    const etag = String(first.headers['etag']);
    expect(left(await ask(DAYS, { 'if-none-match': etag }))).toBe(LIMIT - 1);
    expect(left(await ask(DAYS))).toBe(LIMIT - 2);
    for (let asked = 2; asked < LIMIT; asked += 1) await ask(DAYS);
    const refused = await ask(DAYS);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    expect(left(refused)).toBe(0);
    // A refused request is counted once, too, whichever way it goes.
    expect(left(await ask(DAYS, { 'x-api-key': KEY }))).toBe(999);
  });

  it('should be for a key that holds alone', async () => {
    await ask(DAYS);
    const wrong = await ask(DAYS, { 'x-api-key': 'another' });
    expect(wrong.status).toBe(401);
    expect((await ask(`${DAYS}&api_key=${KEY}`)).headers['cache-control']).toContain('private');
    expect((await ask(DAYS)).headers['cache-control']).toContain('public');
  });

  it('should be recorded like the others', async () => {
    for (let asked = 0; asked < 5; asked += 1) await ask(DAYS);
    const count = async (): Promise<string | undefined> => {
      const { body } = await recorder.ask('/metrics');
      return /csp_http_request_duration_seconds_count\{[^}]*route="\/bi\/daily_ohlc\.csv"[^}]*\} (\d+)/.exec(body)?.[1];
    };
    expect(await count()).toBe('5');
  });
});
