import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { BI_TABLE_HEADERS } from '@app/domain';
import { getCsv } from '../support/http';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

const CONTENT_TYPE = 'text/csv; charset=utf-8; header=present';
const PROBLEM = /^application\/problem\+json\b/;
const CACHED = /^public, max-age=\d+, stale-while-revalidate=\d+$/;

/** The tables by path, with the headers that dashboards were built on. */
const TABLES = [
  ['/bi/daily_ohlc.csv', 'date,symbol,open,high,low,close,is_final,source'],
  ['/bi/daily_volume.csv', 'date,symbol,volume,quote_volume,trade_count,is_final,source'],
  ['/bi/latest_prices.csv', 'symbol,timestamp_utc,last_price,price_change_percent,volume_24h,source'],
] as const;

const keptStale = ({ headers }: RawAnswer): string =>
  String(headers['cache-control']).replace(/max-age=\d+/, 'max-age=');

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What sheets, BI tools and data frames rely on when they read a table by its address. */
describe('CSV tables over HTTP', () => {
  let market: ServedMarket;

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    await market.close();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(market.url, { path, headers });
  const head = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(market.url, { method: 'HEAD', path, headers });

  describe.each(TABLES)('%s', (path, header) => {
    it('should have the promised header, ASCII, CRLF after every line and the same fields in each row', async () => {
      const { status, headers, body } = await get(`${path}?symbols=BTCUSDT,PEPEUSDT`);
      expect([status, headers['content-type']]).toEqual([200, CONTENT_TYPE]);
      expect(body.every((byte) => byte < 0x80)).toBe(true);
      const lines = body.toString('latin1').split('\r\n');
      expect(lines[0]).toBe(header);
      expect(lines.pop()).toBe('');
      expect(lines.some((line) => /[\r\n]/.test(line))).toBe(false);
      expect(lines.length).toBeGreaterThan(2);
      expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([header.split(',').length]));
    });

    it('should answer HEAD as GET without a body, with the same validators', async () => {
      const [got, asked] = [await get(path), await head(path)];
      expect(asked.body).toHaveLength(0);
      expect(asked.status).toBe(200);
      for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges']) {
        expect([name, asked.headers[name]]).toEqual([name, got.headers[name]]);
        expect(got.headers[name]).toBeDefined();
      }
      // The rest of a minute runs down between two answers.
      expect(asked.headers['cache-control']).toMatch(CACHED);
      expect(keptStale(asked)).toBe(keptStale(got));
      expect(Number(got.headers['content-length'])).toBe(got.body.length);
      expect(got.headers['cache-control']).toMatch(CACHED);
    });

    it('should keep its ETag over twenty calls and answer 304 without a body to whoever has it', async () => {
      const tags = new Set<string | undefined>();
      for (let call = 0; call < 20; call += 1) tags.add((await get(path)).headers['etag']);
      const [etag = ''] = tags;
      expect(tags.size).toBe(1);
      expect(etag).toMatch(/^W\/"[^"]+"$/);
      for (const tag of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const { status, body, headers } = await get(path, { 'if-none-match': tag });
        expect([tag, status, body.length, headers['etag']]).toEqual([tag, 304, 0, etag]);
        expect(headers['cache-control']).toMatch(CACHED);
      }
      const { headers } = await get(path);
      expect((await get(path, { 'if-modified-since': String(headers['last-modified']) })).status).toBe(304);
      expect((await get(path, { 'if-none-match': 'W/"another"' })).status).toBe(200);
    });

    it('should compress when asked by name and never unasked', async () => {
      const plain = await get(path);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.headers['vary']).toContain('Accept-Encoding');
      for (const [accepted, coding, unpacked] of [
        ['gzip', 'gzip', gunzipSync],
        ['gzip, deflate, br', 'br', brotliDecompressSync],
      ] as const) {
        const packed = await get(path, { 'accept-encoding': accepted });
        const isWorthIt = plain.body.length > 1_024;
        expect([path, packed.headers['content-encoding']]).toEqual([path, isWorthIt ? coding : undefined]);
        expect(Number(packed.headers['content-length'])).toBe(packed.body.length);
        expect(sha256(isWorthIt ? unpacked(packed.body) : packed.body)).toBe(sha256(plain.body));
        expect(packed.headers['etag']).toBe(plain.headers['etag']);
      }
      for (const unwanted of ['identity', 'gzip;q=0', 'br;q=0', '*']) {
        expect((await get(path, { 'accept-encoding': unwanted })).headers['content-encoding']).toBeUndefined();
      }
    });

    it('should serve single byte ranges out of the same bytes', async () => {
      const { body } = await get(path);
      const end = body.length;
      for (const [range, from, to] of [
        ['bytes=0-9', 0, 10],
        ['bytes=10-', 10, end],
        ['bytes=-7', end - 7, end],
        [`bytes=0-${end + 50}`, 0, end],
      ] as const) {
        const part = await get(path, { range });
        expect([range, part.status]).toEqual([range, 206]);
        expect(part.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${end}`);
        expect(part.body.equals(body.subarray(from, to))).toBe(true);
      }
      const several = await get(path, { range: 'bytes=0-1,5-6' });
      expect([several.status, several.body.equals(body)]).toEqual([200, true]);
      const past = await get(path, { range: `bytes=${end}-` });
      expect([past.status, past.headers['content-range'], past.headers['cache-control']]).toEqual([
        416,
        `bytes */${end}`,
        'no-store',
      ]);
      expect(past.headers['content-type']).toMatch(PROBLEM);
    });

    it('should be its header line for a symbol without data', async () => {
      const { status, body } = await get(`${path}?symbol=${SYMBOL_WITHOUT_DATA}`);
      expect([status, body.toString()]).toEqual([200, `${header}\r\n`]);
    });

    it('should ignore what sheets append against caches', async () => {
      const plain = await get(`${path}?symbol=BTCUSDT`);
      const busted = await get(`${path}?symbol=BTCUSDT&_=1&t=20261120&__proto__=2&x[]=3`);
      expect([busted.status, busted.body.equals(plain.body)]).toEqual([200, true]);
    });

    it('should take symbols separated by commas, repeated, and in lower case alike', async () => {
      const bodies = await Promise.all(
        [
          'symbols=BTCUSDT,PEPEUSDT',
          'symbols=BTCUSDT&symbols=PEPEUSDT',
          'symbol=BTCUSDT&symbols=PEPEUSDT',
          'symbols=btcusdt,pepeusdt',
        ].map(async (query) => (await get(`${path}?${query}`)).body.toString()),
      );
      expect(new Set(bodies).size).toBe(1);
      expect(bodies[0]).toContain('PEPEUSDT');
    });

    it('should open in a browser under a name of its own, readable from other pages', async () => {
      const { headers } = await get(`${path}?symbol=BTCUSDT`, { origin: 'https://dashboard.example' });
      expect(headers['content-disposition']).toMatch(/^inline; filename="[A-Za-z0-9_.-]+\.csv"$/);
      expect(headers['access-control-allow-origin']).toBe('*');
      for (const name of ['ETag', 'Retry-After', 'RateLimit', 'Accept-Ranges', 'Content-Range']) {
        expect(headers['access-control-expose-headers']).toContain(name);
      }
    });

    it('should have no cell that a spreadsheet would run or round, in ascending order without repeats', async () => {
      const names = header.split(',');
      const rows = await getCsv(`${market.url}${path}?symbols=${encodeURIComponent(SERVED_SYMBOLS.join(','))}`);
      expect(new Set(rows.map(({ symbol }) => symbol))).toEqual(new Set(SERVED_SYMBOLS));
      const shapes: Record<string, RegExp> = {
        date: /^\d{4}-\d{2}-\d{2}$/,
        timestamp_utc: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+00:00$/,
        symbol: /^[\p{L}\p{N}]+$/u,
        is_final: /^(true|false)$/,
        source: /^(kline|ticker)$/,
      };
      for (const row of rows) {
        for (const name of names) expect(row[name]).toMatch(shapes[name] ?? /^-?\d+(\.\d+)?$/);
      }
      if (names[0] !== 'date') return;
      const keys = rows.map(({ date, symbol }) => `${date} ${symbol}`);
      expect(new Set(keys).size).toBe(keys.length);
      const dates = rows.map(({ date }) => String(date));
      expect(dates).toEqual([...dates].sort());
    });
  });

  it('should have a table here for each header that is promised', () => {
    const served = TABLES.map(([path, header]) => [path.slice('/bi/'.length, -'.csv'.length), header]);
    for (const [name, header] of served) {
      expect(
        Object.entries(BI_TABLE_HEADERS)
          .find(([table]) => table === name)?.[1]
          .join(','),
      ).toBe(header);
    }
  });

  it('should mark days as final but for the open one, with prices inside their bounds', async () => {
    const rows = await getCsv(`${market.url}/bi/daily_ohlc.csv?symbol=PEPEUSDT&days=3`);
    expect(rows.map(({ is_final: isFinal }) => isFinal)).toEqual(['true', 'true', 'false']);
    for (const { open, high, low, close } of rows) {
      const units = [open, high, low, close].map((price) => BigInt(String(price).replace('.', '')));
      const [openUnits = 0n, highUnits = 0n, lowUnits = 0n, closeUnits = 0n] = units;
      expect(lowUnits <= openUnits && lowUnits <= closeUnits).toBe(true);
      expect(highUnits >= openUnits && highUnits >= closeUnits).toBe(true);
    }
  });

  it.each([
    ['/bi/daily_ohlc.csv?symbols=BTCUSDT,PEPEUSDT&start=2026-11-18&end=2026-11-20', false],
    ['/bi/daily_volume.csv?symbols=BTCUSDT,PEPEUSDT&start=2026-11-18&end=2026-11-20', false],
    ['/bi/hourly_ohlcv.csv?symbol=BTCUSDT&start=2026-11-19&end=2026-11-20T06:00:00Z', false],
    ['/bi/daily_metrics.csv?symbol=BTCUSDT&start=2026-11-18&end=2026-11-20', false],
    ['/bi/data_quality.csv?symbol=BTCUSDT&start=2026-11-18&end=2026-11-20', false],
    ['/bi/daily_ohlc.csv?symbol=BTCUSDT&start=2026-11-18&end=2026-11-20&wide=close', false],
    [`/bi/daily_ohlc.csv?symbol=${SYMBOL_WITHOUT_DATA}`, false],
    [`/bi/latest_prices.csv?symbol=${SYMBOL_WITHOUT_DATA}`, false],
    ['/bi/daily_ohlc.csv?symbol=BTCUSDT&days=2', true],
    ['/bi/daily_ohlc.csv?symbol=BTCUSDT&days=2&wide=close&sep=;&decimal=,', true],
    ['/bi/daily_ohlc.csv?symbol=BTCUSDT&days=2&columns=close', true],
    ['/bi/daily_volume.csv?days=1', true],
    ['/bi/daily_metrics.csv?symbol=BTCUSDT&days=1', true],
    ['/bi/data_quality.csv?symbol=BTCUSDT&days=1', true],
    ['/bi/latest_prices.csv?symbol=BTCUSDT', true],
    ['/bi/symbols.csv', true],
  ])('should let caches keep %s no longer than its open row, if it has one: %s', async (path, isOpen) => {
    const { status, headers } = await get(path);
    const asked = await get(path, { 'if-none-match': String(headers.etag) });
    const part = await get(path, { range: 'bytes=0-5' });
    expect([status, asked.status, part.status]).toEqual([200, 304, 206]);
    for (const policy of [headers, asked.headers, part.headers].map((each) => each['cache-control'])) {
      if (!isOpen) expect(policy).toBe('public, max-age=60, stale-while-revalidate=300');
      else expect(policy).toMatch(/^public, max-age=[1-6]?\d, stale-while-revalidate=0$/);
    }
  });

  it('should answer errors as problems that no cache keeps and no sheet takes for rows', async () => {
    for (const path of [
      '/bi/daily_ohlc.csv?symbol=NOPE&days=abc',
      '/bi/daily_volume.csv?days=0',
      '/bi/latest_prices.csv?symbol=NOPE',
      '/bi/none.csv',
    ]) {
      for (const answer of [await get(path), await head(path)]) {
        expect([path, Math.floor(answer.status / 100)]).toEqual([path, 4]);
        expect(answer.headers['content-type']).toMatch(PROBLEM);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.headers['etag']).toBeUndefined();
      }
    }
  });
});
