import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020';
import { eventually } from '../support/app-process';
import { getAll, getCsv, getJson, type ListPage } from '../support/http';
import { describePython, runPython } from '../support/python';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

interface Description {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly operationId: string;
          readonly parameters: readonly { readonly name: string; readonly schema: { readonly example?: unknown } }[];
          readonly responses: Readonly<
            Record<string, { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> }>
          >;
        };
      }
    >
  >;
}

interface Candle {
  readonly open_time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

interface PriceEvent {
  readonly timestamp_utc: string;
  readonly lastPrice: string;
}

/** The headers that dashboards were built on. */
const HEADERS = {
  '/bi/daily_ohlc.csv': 'date,symbol,open,high,low,close,is_final,source',
  '/bi/daily_volume.csv': 'date,symbol,volume,quote_volume,trade_count,is_final,source',
  '/bi/latest_prices.csv': 'symbol,timestamp_utc,last_price,price_change_percent,volume_24h,source',
} as const;

const TABLE = '/bi/daily_ohlc.csv?symbol=BTCUSDT&days=30';
/** A day that had ended when capture began, and the one after it. */
const [DAY, NEXT_DAY] = ['2026-11-19', '2026-11-20'];
const KEY = 'csp_0123456789abcdefghijklmnopqrstuvwxyz';
const ROOT = resolve(__dirname, '../..');
const PROBLEM = /^application\/problem\+json\b/;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A decimal of up to eight places in whole hundred-millionths. */
function units(text: string | undefined): bigint {
  const [whole = '', fraction = ''] = String(text).split('.');
  return BigInt(whole + fraction.padEnd(8, '0'));
}

/** The promises of docs/conventions.md, by their numbers, as clients meet them. */
describe('what clients can rely on', () => {
  let market: ServedMarket;
  let description: Description;
  let tables: string[];

  beforeAll(async () => {
    market = await ServedMarket.start();
    description = await getJson<Description>(`${market.url}/openapi.json`);
    tables = Object.keys(description.paths).filter((path) => /^\/bi\/\w+\.csv$/.test(path));
  });

  afterAll(async () => {
    await market.close();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(market.url, { path, headers });
  const head = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(market.url, { method: 'HEAD', path, headers });

  it.each(Object.entries(HEADERS))('should have the promised header, byte for byte: %s (1)', async (path, header) => {
    const { body } = await get(path);
    expect(body.subarray(0, header.length + 2).toString('latin1')).toBe(`${header}\r\n`);
  });

  it('should call tables text/csv, in UTF-8, with a header (2)', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(7);
    for (const path of tables) {
      const { headers } = await head(path);
      expect([path, headers['content-type']]).toEqual([path, 'text/csv; charset=utf-8; header=present']);
    }
  });

  it('should write tables in ASCII without a byte order mark, CRLF behind each line, fields the same in each (3)', async () => {
    for (const path of tables) {
      const { body } = await get(`${path}?symbols=BTCUSDT,PEPEUSDT`);
      expect([path, body.every((byte) => byte < 0x80)]).toEqual([path, true]);
      const lines = body.toString('latin1').split('\r\n');
      expect(lines.pop()).toBe('');
      expect([path, lines.length > 1, lines.some((line) => /[\r\n]/.test(line))]).toEqual([path, true, false]);
      expect([path, new Set(lines.map((line) => line.split(',').length)).size]).toEqual([path, 1]);
    }
  });

  it('should answer HEAD as GET, with a length (4)', async () => {
    for (const path of [...tables, '/candles?interval=1h&limit=5', '/bi/datasets.json']) {
      const [got, asked] = [await get(path), await head(path)];
      const told = ({ status, headers }: RawAnswer): unknown => [status, headers['content-length'], headers['etag']];
      expect([path, told(asked)]).toEqual([path, told(got)]);
      expect([path, asked.body.length, got.headers['content-length']]).toEqual([path, 0, String(got.body.length)]);
      expect(got.headers['etag']).toMatch(/^W\/"/);
    }
  });

  it('should keep the ETag of what has not changed, and answer 304 without a body to it (5)', async () => {
    for (const path of tables) {
      const tags = new Set<string>();
      for (let call = 0; call < 20; call += 1) tags.add(String((await head(path)).headers['etag']));
      const [etag = ''] = tags;
      expect([path, tags.size]).toEqual([path, 1]);
      const { status, body } = await get(path, { 'if-none-match': etag });
      expect([path, status, body.length]).toEqual([path, 304, 0]);
    }
  });

  it('should let caches keep tables, and no errors (6)', async () => {
    for (const path of tables) {
      const { headers } = await get(path);
      expect([path, headers['cache-control']]).toEqual([
        path,
        expect.stringMatching(/^public, max-age=\d+, stale-while-revalidate=\d+$/),
      ]);
    }
    for (const path of ['/bi/daily_ohlc.csv?days=0', '/candles?symbol=NOPE', '/nothing', '/candles?limit=x']) {
      const { status, headers } = await get(path);
      expect([path, status >= 400, headers['cache-control']]).toEqual([path, true, 'no-store']);
    }
  });

  it('should compress nothing unasked, and the same bytes when asked (7)', async () => {
    // Longer than 1 kB: a shorter answer is sent as it is.
    for (const path of ['/bi/hourly_ohlcv.csv', '/candles?symbol=BTCUSDT&interval=1h&limit=100']) {
      const [plain, packed] = [await get(path), await get(path, { 'accept-encoding': 'gzip' })];
      expect([path, plain.headers['content-encoding']]).toEqual([path, undefined]);
      expect([path, packed.headers['content-encoding']]).toEqual([path, 'gzip']);
      expect(sha256(gunzipSync(packed.body))).toBe(sha256(plain.body));
      for (const { headers } of [plain, packed]) expect(headers['vary']).toContain('Accept-Encoding');
    }
  });

  it('should answer for a known symbol without data with the header line alone (8)', async () => {
    for (const path of tables.filter((table) => !['/bi/symbols.csv', '/bi/data_quality.csv'].includes(table))) {
      const { status, body } = await get(`${path}?symbol=${SYMBOL_WITHOUT_DATA}`);
      expect([path, status, body.toString().match(/\r\n/g)?.length]).toEqual([path, 200, 1]);
    }
  });

  it('should answer a wrong question with problem details, and never with lines of a table (9)', async () => {
    for (const path of tables) {
      const { status, headers, body } = await get(`${path}?symbol=NOPE&days=abc&sep=x`);
      expect([path, status, headers['content-type']]).toEqual([path, 400, expect.stringMatching(PROBLEM)]);
      expect(JSON.parse(body.toString())).toMatchObject({ status: 400 });
    }
  });

  it('should ignore what sheets append to the address of a table (10)', async () => {
    for (const path of tables) {
      const [plain, appended] = [await get(`${path}?symbol=BTCUSDT`), await get(`${path}?symbol=BTCUSDT&_=1&t=2`)];
      expect([path, appended.status, sha256(appended.body)]).toEqual([path, 200, sha256(plain.body)]);
      expect(appended.headers['etag']).toBe(plain.headers['etag']);
    }
  });

  it('should take several symbols with commas and as repeated names alike (11)', async () => {
    for (const path of tables) {
      const [commas, repeated] = [
        await get(`${path}?symbols=BTCUSDT,PEPEUSDT`),
        await get(`${path}?symbols=BTCUSDT&symbols=PEPEUSDT`),
      ];
      expect([path, sha256(repeated.body)]).toEqual([path, sha256(commas.body)]);
      expect(commas.body.toString()).toContain('PEPEUSDT');
    }
  });

  it('should have no cell that a spreadsheet runs or reads as something else, and dates once each, ascending (12)', async () => {
    const symbols = encodeURIComponent(SERVED_SYMBOLS.join(','));
    const { resources } = await getJson<{
      resources: { path: string; schema: { fields: { name: string; type: string }[] } }[];
    }>(`${market.url}/bi/datasets.json`);
    for (const path of tables) {
      const rows = await getCsv(`${market.url}${path}?symbols=${symbols}`);
      const fields = resources.find((resource) => path.endsWith(`/${resource.path}`))?.schema.fields ?? [];
      const types = new Map(fields.map(({ name, type }) => [name, type]));
      expect([path, rows.length > 0]).toEqual([path, true]);
      for (const row of rows) {
        expect([path, Object.keys(row)]).toEqual([path, [...types.keys()]]);
        for (const [name, cell] of Object.entries(row)) {
          const type = types.get(name);
          if (cell === '') continue;
          if (type === 'number' || type === 'integer') expect(cell).toMatch(/^-?\d+(?:\.\d+)?$/);
          else if (type === 'date') expect(cell).toMatch(/^\d{4}-\d{2}-\d{2}$/);
          else expect(cell).toMatch(/^[^=+\-@\t\r]/);
        }
      }
      const time = Object.keys(rows[0] ?? {}).find((name) => name === 'date' || name === 'open_time');
      if (time === undefined) continue;
      const keys = rows.map((row) => `${row[time]} ${row['symbol']}`);
      expect([path, new Set(keys).size]).toEqual([path, keys.length]);
      const times = rows.map((row) => String(row[time]));
      expect([path, times]).toEqual([path, [...times].sort()]);
    }
  });

  describePython('to data frames', () => {
    it('should be the same rows in pandas, polars and DuckDB (13)', async () => {
      const urls = tables.map((path) => `${market.url}${path}?symbols=BTCUSDT,PEPEUSDT`);
      const frames = await runPython<Record<string, Record<string, { rows: string[][] }>>>('read_tables.py', [
        'once',
        ...urls,
      ]);
      expect(Object.keys(frames)).toEqual(['pandas', 'polars', 'duckdb']);
      for (const url of urls) {
        const rows = (await getCsv(url)).map((row) => Object.values(row));
        for (const [reader, byUrl] of Object.entries(frames)) {
          expect([reader, url, byUrl[url]?.rows]).toEqual([reader, url, rows]);
        }
      }
    });
  });

  it('should have prices of a day that follow from its minutes, and mark the open day (14)', async () => {
    const rows = await getCsv(`${market.url}/bi/daily_ohlc.csv?symbol=PEPEUSDT&days=3`);
    for (const { open, high, low, close } of rows) {
      for (const price of [open, close]) {
        expect(units(low) <= units(price) && units(price) <= units(high)).toBe(true);
      }
    }
    expect(rows.map(({ is_final: isFinal }) => isFinal)).toEqual(['true', 'true', 'false']);
    const minutes = await getAll<Candle>(
      market.url,
      `/candles?symbol=PEPEUSDT&interval=1m&start=${DAY}&end=${NEXT_DAY}&limit=5000`,
    );
    expect(minutes).toHaveLength(1_440);
    const sorted = (prices: bigint[]): bigint[] =>
      prices.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
    const day = rows.find(({ date }) => date === DAY);
    expect([day?.['open'], day?.['high'], day?.['low'], day?.['close']].map(units)).toEqual([
      units(minutes[0]?.open),
      sorted(minutes.map(({ high }) => units(high))).at(-1),
      sorted(minutes.map(({ low }) => units(low)))[0],
      units(minutes.at(-1)?.close),
    ]);
  });

  it('should let pages of other origins read, and see versions and budget (15)', async () => {
    for (const path of [TABLE, '/candles?limit=1', '/candles?limit=0']) {
      const { headers } = await head(path, { origin: 'https://dashboard.example' });
      expect([path, headers['access-control-allow-origin']]).toEqual([path, '*']);
      const exposed = String(headers['access-control-expose-headers']).split(', ');
      expect(exposed).toEqual(expect.arrayContaining(['ETag', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Link']));
    }
  });

  it('should take a time in each of its forms, with the start in the range and the end not (16)', async () => {
    const hours = async (start: string, end: string): Promise<Candle[]> => {
      const path = `/candles?symbol=BTCUSDT&interval=1h&start=${start}&end=${end}`;
      return (await getJson<ListPage<Candle>>(`${market.url}${path}`)).data;
    };
    const whole = await hours(DAY, NEXT_DAY);
    expect([whole.length, whole[0]?.open_time]).toEqual([24, `${DAY}T00:00:00.000Z`]);
    expect(await hours(`${DAY}T00:00:00Z`, `${NEXT_DAY}T02:00:00%2B02:00`)).toEqual(whole);
    expect(await hours(String(Date.parse(DAY)), String(Date.parse(NEXT_DAY)))).toEqual(whole);
    const events = await getAll<PriceEvent>(market.url, '/trades/latest?symbol=BTCUSDT');
    const [last, first] = [events[0], events[2]].map((event) => encodeURIComponent(String(event?.timestamp_utc)));
    const range = await getAll<PriceEvent>(market.url, `/trades/range?symbol=BTCUSDT&start=${first}&end=${last}`);
    expect(range).toEqual([events[2], events[1]]);
    const seconds = Date.parse(DAY) / 1_000;
    const refused = await get(`/candles?symbol=BTCUSDT&start=${seconds}`);
    expect([refused.status, refused.body.toString()]).toEqual([400, expect.stringContaining(`${seconds}000`)]);
  });

  it('should have a 400 for each value that is not allowed (18)', async () => {
    const values = ['0', '-1', '1.5', 'abc', '1e9', '', '%00', '9'.repeat(10_000)];
    for (const [path, name] of [
      ['/candles', 'limit'],
      ['/trades/latest', 'limit'],
      ['/symbols', 'limit'],
      ['/candles', 'last'],
      ['/bi/daily_ohlc.csv', 'days'],
      ['/bi/hourly_ohlcv.csv', 'days'],
    ] as const) {
      const queries = [...values.map((value) => `${name}=${value}`), `${name}=5&${name}=6`, `${name}[]=5`];
      for (const query of queries) {
        const { status } = await get(`${path}?${query}`);
        expect([path, query.slice(0, 40), status]).toEqual([path, query.slice(0, 40), 400]);
      }
    }
  });

  it('should tell errors as problem details, and nothing of its inside (19)', async () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(description, 'api');
    const isProblem = ajv.getSchema('api#/components/schemas/ProblemDto');
    for (const path of [
      '/candles?limit=0',
      '/candles?symbol=NOPE',
      '/trades/range',
      '/bi/daily_ohlc.csv?days=0',
      '/bi/none.csv',
      '/nothing',
      '/%',
      '/docs/%2e%2e/%2e%2e/package.json',
      `/candles?cursor=${'A'.repeat(200)}`,
      "/candles?symbol=';DROP TABLE candles_1m;--".replaceAll(' ', '%20'),
    ]) {
      const { status, headers, body } = await get(path);
      const text = body.toString();
      expect([path, headers['content-type']]).toEqual([path, expect.stringMatching(PROBLEM)]);
      const problem = JSON.parse(text) as { status: number };
      expect([path, isProblem?.(problem), isProblem?.errors, problem.status]).toEqual([path, true, null, status]);
      expect(text).not.toMatch(/\bat [\w.]+ \(|node_modules|SELECT |sqlite|\.[jt]s:\d|\/tmp\/|\/home\//i);
    }
  });

  it('should give prices with the digits of the exchange (20)', async () => {
    const start = Date.parse(`${DAY}T10:00:00Z`);
    const klines = await getJson<string[][]>(
      `${market.exchangeUrl}/api/v3/klines?symbol=PEPEUSDT&interval=1m&startTime=${start}&limit=100`,
    );
    expect(klines).toHaveLength(100);
    const candles = await getAll<Candle>(
      market.url,
      `/candles?symbol=PEPEUSDT&start=${start}&end=${start + 100 * 60_000}`,
    );
    expect(candles.map(({ open, high, low, close, volume }) => [open, high, low, close, volume])).toEqual(
      klines.map((kline) => kline.slice(1, 6)),
    );
  });

  it('should refuse what goes beyond the budget, say when to go on, and go on then (21)', async () => {
    const limit = 3;
    const url = await market.serveWith({ THROTTLE_LIMIT: String(limit), THROTTLE_TTL_SECONDS: '3' });
    const ask = (): Promise<RawAnswer> => rawRequest(url, { path: '/symbols' });
    const refused = await eventually('a request is refused', async () => {
      const answer = await ask();
      return answer.status === 429 ? answer : undefined;
    });
    const { headers } = refused;
    expect(headers['content-type']).toMatch(PROBLEM);
    expect(headers['retry-after']).toMatch(/^[1-3]$/);
    expect(headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/);
    expect(headers['ratelimit-policy']).toBe(`"default";q=${limit};w=3`);
    await delay(Number(headers['retry-after']) * 1_000);
    expect((await ask()).status).toBe(200);
  });

  it('should count clients behind a proxy apart, and none twice for what it writes itself (22)', async () => {
    const limit = 10;
    const url = await market.serveWith({
      TRUST_PROXY_HOPS: '1',
      THROTTLE_LIMIT: String(limit),
      THROTTLE_TTL_SECONDS: '600',
    });
    const ask = async (forwarded: string): Promise<number> =>
      (await rawRequest(url, { path: '/bi/datasets.json', headers: { 'x-forwarded-for': forwarded } })).status;
    const statuses: number[] = [];
    for (let call = 0; call < 50; call += 1) statuses.push(await ask(`10.0.0.${call}, 192.0.2.1`));
    expect(statuses.filter((status) => status === 200)).toHaveLength(limit);
    expect(statuses.filter((status) => status === 429)).toHaveLength(50 - limit);
    expect(await ask('192.0.2.2')).toBe(200);
  });

  it('should never refuse probes, nor a dashboard that asks by HEAD and GET (23)', async () => {
    const url = await market.serveWith({ THROTTLE_LIMIT: '600', THROTTLE_TTL_SECONDS: '60' });
    for (let call = 0; call < 1_000; call += 1) {
      const { status } = await rawRequest(url, { path: '/livez' });
      if (status !== 200) throw new Error(`/livez was answered with ${status} at call ${call + 1}`);
    }
    // One of each a second, as in one window.
    for (let second = 0; second < 60; second += 1) {
      for (const method of ['HEAD', 'GET']) expect((await rawRequest(url, { method, path: TABLE })).status).toBe(200);
    }
  });

  it('should describe itself as linters want it, with names of its operations and an example of everything (24)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'csp-conventions-'));
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(description));
    const redocly = resolve(ROOT, 'node_modules/.bin/redocly');
    const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    await promisify(execFile)(redocly, ['lint', file, '--config', resolve(ROOT, 'redocly.yaml')], { cwd: ROOT, env });
    rmSync(folder, { recursive: true });
    const operations = Object.entries(description.paths).map(([path, { get: operation }]) => ({ path, operation }));
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      for (const { name, schema } of operation.parameters) {
        expect([path, name, schema.example]).not.toEqual([path, name, undefined]);
      }
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const [type, { example }] of Object.entries(content)) {
          expect([path, status, type, example]).not.toEqual([path, status, type, undefined]);
        }
      }
    }
  });

  it('should name no software, let no type be sniffed, refuse other methods, and log no key (39)', async () => {
    const { url, process: server } = await market.server({ LOG_LEVEL: 'trace' });
    for (const path of ['/', '/health', TABLE, '/candles?limit=1', '/nothing', '/docs', '/openapi.json']) {
      const { headers } = await rawRequest(url, { path });
      expect([path, headers['x-powered-by'], headers['server']]).toEqual([path, undefined, undefined]);
      expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff']);
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
        expect([404, 405]).toContain((await rawRequest(url, { method, path })).status);
      }
    }
    for (const path of [`/candles?api_key=${KEY}`, `/bi/daily_ohlc.csv?api_key=${KEY}`, `/nothing?api_key=${KEY}`]) {
      await rawRequest(url, { path });
    }
    for (const headers of [{ 'x-api-key': KEY }, { authorization: `Bearer ${KEY}` }]) {
      await rawRequest(url, { path: '/candles?limit=1', headers });
    }
    await server.stop();
    expect(server.output).toContain('"route":"/candles"');
    expect(server.output).not.toContain(KEY);
  });

  it('should log in lines of JSON, that of a request with the id of its answer (40)', async () => {
    const { url, process: server } = await market.server({ LOG_LEVEL: 'debug' });
    const ids: unknown[] = [];
    for (const path of ['/candles?limit=1', TABLE, '/candles?limit=0', '/livez', '/nothing']) {
      ids.push((await rawRequest(url, { path })).headers['x-request-id']);
    }
    await server.stop();
    const lines = server.output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { msg: string; request_id?: string });
    const told = lines.filter(({ msg }) => msg === 'request').map(({ request_id: id }) => id);
    expect(told).toEqual(expect.arrayContaining(ids));
    expect(told.every((id) => id !== undefined)).toBe(true);
  });

  // Last, as from here on the store grows.
  it('should have a new ETag for rows that are new (5), and walk what was there once each while they come (17)', async () => {
    const path = '/bi/latest_prices.csv?symbol=BTCUSDT';
    const etag = String((await head(path)).headers['etag']);
    const range = '/trades/range?symbol=BTCUSDT&start=2026-11-20&end=2026-11-21';
    const before = await getAll<PriceEvent>(market.url, range);
    expect(before.length).toBeGreaterThan(3);
    const capture = await market.resumeCapture();
    const walked: PriceEvent[] = [];
    for (let next: string | null = `${range}&limit=1`; next !== null;) {
      const page: ListPage<PriceEvent> = await getJson<ListPage<PriceEvent>>(new URL(next, market.url).href);
      walked.push(...page.data);
      next = page.next_url;
      if (walked.length === 2) {
        await eventually('a row is new', async () =>
          (await get(path, { 'if-none-match': etag })).status === 200 ? true : undefined,
        );
      }
      if (walked.length > before.length + 200) break;
    }
    expect(await capture.stop()).toBe(0);
    expect((await head(path)).headers['etag']).not.toBe(etag);
    expect(walked.slice(0, before.length)).toEqual(before);
    const times = walked.map(({ timestamp_utc: time }) => time);
    expect(times).toEqual([...new Set(times)].sort());
    expect(walked.length).toBeGreaterThan(before.length);
  });
});
