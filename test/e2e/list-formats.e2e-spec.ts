import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { getAll, getJson, getText, type ListPage } from '../support/http';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { ServedMarket } from '../support/served-market';

type Item = Record<string, string | number | boolean | null>;

const LISTS = [
  '/trades/latest?symbol=BTCUSDT',
  '/trades/range?start=2026-11-01&end=2026-12-01',
  '/candles?interval=1h',
  '/candles?symbol=BTCUSDT&interval=3m&start=2026-11-20',
  '/coverage?end=2026-11-20T11:00:00Z',
  '/daily-metrics?',
  '/symbols?',
];

/** Cells of a CSV without quotes. */
const cells = (text: string, separator = ','): string[][] =>
  text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(separator));

describe('formats and selection of lists', () => {
  let market: ServedMarket;
  const page = (path: string): Promise<ListPage<Item>> => getJson<ListPage<Item>>(`${market.url}${path}`);
  const text = (path: string): Promise<string> => getText(`${market.url}${path}`);

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    await market.close();
  });

  it.each(LISTS)('should give the rows of %s in every format, exact to the last digit', async (path) => {
    const { data } = await page(`${path}&limit=200`);
    expect(data.length).toBeGreaterThan(0);
    const [header = [], ...rows] = cells(await text(`${path}&limit=200&format=csv`));
    expect(header).toEqual(Object.keys(data[0] ?? {}));
    expect(rows).toEqual(data.map((item) => header.map((name) => String(item[name] ?? ''))));
    const lines = (await text(`${path}&limit=200&format=ndjson`)).split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line) as Item)).toEqual(data);
  });

  it.each(LISTS)('should name the next page of %s in every format', async (path) => {
    const { next_url: url } = await page(`${path}&limit=1`);
    const csv = await rawRequest(`${market.url}${path}&limit=1&format=csv`);
    if (url === null) {
      expect(csv.headers['link']).toBeUndefined();
      return;
    }
    const next = /<([^>]+)>; rel="next"/.exec(String(csv.headers['link']))?.[1] ?? '';
    expect(cells(await text(next))[1]).toEqual(
      Object.values((await page(url)).data[0] ?? {}).map((value) => String(value ?? '')),
    );
  });

  it('should take the format of the Accept header, unless the parameter says otherwise', async () => {
    const ask = async (path: string, accept: string): Promise<string> =>
      String((await rawRequest(`${market.url}${path}`, { headers: { accept } })).headers['content-type']);
    expect(await ask('/candles?limit=1', 'text/csv')).toContain('text/csv');
    expect(await ask('/candles?limit=1', 'text/html, application/x-ndjson;q=0.5')).toContain('application/x-ndjson');
    expect(await ask('/candles?limit=1&format=json', 'text/csv')).toContain('application/json');
    expect(await ask('/candles?limit=1', 'image/png')).toContain('application/json');
    expect(await ask('/candles?limit=1', 'text/csv;q=0, */*')).toContain('application/json');
  });

  it('should write a CSV as German and French sheets read it', async () => {
    const path = '/candles?symbol=BTCUSDT&interval=1h&limit=3&columns=open_time,close,trade_count';
    const { data } = await page(path);
    const csv = await text(`${path}&format=csv&sep=;&decimal=,&bom=1`);
    expect(csv.startsWith('\uFEFFopen_time;close;trade_count\r\n')).toBe(true);
    expect(cells(csv, ';').slice(1)).toEqual(
      data.map(({ open_time: time, close, trade_count: count }) => [
        time,
        String(close).replace('.', ','),
        String(count),
      ]),
    );
  });

  it.each([
    ['/candles?format=csv&decimal=,', 'decimal'],
    ['/candles?sep=;', 'sep'],
    ['/candles?format=ndjson&bom=1', 'bom'],
    ['/candles?format=xml', 'format'],
    ['/candles?format=', 'format'],
    ['/candles?format=csv&format=json', 'format'],
    ['/candles?columns=open,nope', 'columns'],
    ['/candles?columns=open,open', 'columns'],
    ['/candles?last=5&limit=5', 'limit'],
    ['/candles?last=5&start=2026-11-20', 'start'],
    ['/candles?last=5001', 'last'],
    ['/candles?format=csv&limit=1000001', 'limit'],
    ['/candles?order=up', 'order'],
    ['/candles?start=-5y', 'start'],
    ['/trades/latest?last=5', 'last'],
    ['/symbols?last=5', 'last'],
  ])('should refuse %s by the name of the parameter', async (path, field) => {
    const { status, body } = await rawRequest(`${market.url}${path}`);
    expect(status).toBe(400);
    expect((JSON.parse(body.toString()) as { errors: { field: string }[] }).errors[0]?.field).toBe(field);
  });

  it.each(['/candles?symbol=BTCUSDT&interval=1h', '/candles?interval=15m', '/daily-metrics?', '/trades/range?'])(
    'should pick the newest of %s, ascending, and descending when asked',
    async (path) => {
      const range = path.startsWith('/trades') ? '&start=2026-11-01&end=2026-12-01' : '';
      const all = await getAll<Item>(market.url, `${path}${range}&limit=5000`);
      const newest = (await page(`${path}&last=7`)).data;
      expect(newest).toEqual(all.slice(-7));
      expect((await page(`${path}&last=7&order=desc`)).data).toEqual([...newest].reverse());
    },
  );

  it.each([
    '/candles?interval=4h',
    '/coverage?end=2026-11-20T11:00:00Z',
    '/daily-metrics?',
    '/symbols?',
    '/trades/range?start=2026-11-01&end=2026-12-01',
  ])('should walk %s backwards, each row once', async (path) => {
    const forwards = await getAll<Item>(market.url, `${path}&limit=5000`);
    const backwards = await getAll<Item>(
      market.url,
      `${path}&order=desc&limit=${Math.max(2, Math.ceil(forwards.length / 3))}`,
    );
    expect(backwards).toEqual([...forwards].reverse());
  });

  it('should understand times relative to now, and write them out for the next page', async () => {
    const { data, next_url: url } = await page('/candles?symbol=BTCUSDT&interval=1h&start=-24h&end=now&limit=2');
    expect(data).toHaveLength(2);
    expect(url).toMatch(/start=2026-11-\d\dT[^&]+Z&end=2026-11-\d\dT[^&]+Z/);
    const [today] = (await page('/candles?symbol=BTCUSDT&interval=1d&start=today')).data;
    expect(String(today?.['open_time'])).toMatch(/T00:00:00.000Z$/);
  });

  it('should answer 304 to whoever has a page, and name the position of the feed', async () => {
    const { headers } = await rawRequest(`${market.url}/candles?symbol=BTCUSDT&interval=1d&limit=2`);
    expect(headers['x-feed-position']).toMatch(/^[\w-]+$/);
    expect(headers.vary).toBe('Accept, Accept-Encoding');
    const again = await rawRequest(`${market.url}/candles?symbol=BTCUSDT&interval=1d&limit=2`, {
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const csv = await rawRequest(`${market.url}/candles?symbol=BTCUSDT&interval=1d&limit=2&format=csv`);
    expect(csv.headers.etag).not.toBe(headers.etag);
  });

  it('should write a list of many thousands of rows as it reads them', async () => {
    const csv = await rawRequest(`${market.url}/candles?interval=1m&format=csv`);
    expect(csv.headers['content-length']).toBeUndefined();
    const rows = cells(csv.body.toString()).slice(1);
    const all = await getAll<Item>(market.url, '/candles?interval=1m&limit=5000');
    expect(rows).toEqual(all.map((item) => Object.values(item).map((value) => String(value ?? ''))));
    const last = await text('/candles?interval=1m&format=csv&last=6001');
    expect(cells(last).slice(1)).toEqual(rows.slice(-6_001));
  });

  const unpacked = ({ headers, body }: RawAnswer): string => {
    if (headers['content-encoding'] === 'br') return brotliDecompressSync(body).toString();
    return (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
  };

  it.each([
    '/candles?symbol=BTCUSDT&interval=15m&limit=200',
    '/candles?symbol=BTCUSDT&interval=15m&limit=200&format=csv',
    '/trades/range?start=2026-11-01&end=2026-12-01&format=ndjson',
    '/candles?interval=1m&format=csv',
    '/candles?interval=1m&format=ndjson&order=desc',
  ])('should compress %s for whoever asks for it, the same to the byte', async (path) => {
    const plain = await rawRequest(`${market.url}${path}`);
    expect(plain.headers['content-encoding']).toBeUndefined();
    for (const [accepted, coding] of [
      ['gzip', 'gzip'],
      ['gzip, deflate', 'gzip'],
      ['gzip, deflate, br', 'br'],
      ['br;q=0, gzip;q=0.5', 'gzip'],
    ] as const) {
      const request = { headers: { 'accept-encoding': accepted } };
      const answer = await rawRequest(`${market.url}${path}`, request);
      expect(answer.headers['content-encoding']).toBe(coding);
      expect(answer.body.length).toBeLessThan(plain.body.length / 2);
      expect(unpacked(answer)).toBe(plain.body.toString());
      const { headers } = await rawRequest(`${market.url}${path}`, { method: 'HEAD', ...request });
      const compared = ['content-encoding', 'content-length', 'content-type', 'etag', 'vary'];
      for (const name of compared) expect([name, headers[name]]).toEqual([name, answer.headers[name]]);
    }
  });

  it.each(['identity', 'deflate', 'gzip;q=0', '*;q=0'])('should not compress for %s', async (accepted) => {
    const { headers } = await rawRequest(`${market.url}/candles?interval=1h`, {
      headers: { 'accept-encoding': accepted },
    });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('should not compress what is short', async () => {
    const { headers } = await rawRequest(`${market.url}/candles?symbol=BTCUSDT&interval=1d&limit=1&format=csv`, {
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it.each([
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&end=2026-11-20', true],
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&end=2026-11-20&order=desc', true],
    ['/candles?symbol=BTCUSDT&interval=1h&end=2026-11-20&last=5', true],
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&limit=5', true],
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&limit=5&format=csv', true],
    ['/trades/range?start=2026-11-01&end=2026-11-20T12:00:00Z', true],
    // What is open, what may grow, and what means another time tomorrow.
    ['/candles?symbol=BTCUSDT&interval=1d&start=2026-11-19', false],
    ['/candles?symbol=BTCUSDT&interval=1d&start=2026-11-20&end=2026-11-22', false],
    ['/candles?symbol=BTCUSDT&interval=1h&last=5', false],
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&limit=5&order=desc', false],
    ['/candles?symbol=BTCUSDT&interval=1h&start=-24h&end=-12h', false],
    ['/candles?symbol=BTCUSDT&interval=1h&start=-36h&limit=5', false],
    ['/candles?symbol=BTCUSDT&interval=1h&start=2026-11-19&end=2026-11-20&as_of=now', false],
    ['/trades/latest?symbol=BTCUSDT&limit=1', false],
    ['/coverage?symbol=BTCUSDT&start=2026-11-19&end=2026-11-20', false],
    ['/daily-metrics?symbol=BTCUSDT&start=2026-11-18&end=2026-11-19', false],
    ['/symbols?', false],
  ])('should let caches keep %s for a minute: %s', async (path, isSettled) => {
    const { status, headers } = await rawRequest(`${market.url}${path}`);
    expect([status, headers['cache-control']]).toEqual([200, isSettled ? 'public, max-age=60' : 'no-cache']);
  });

  it.each([
    '/candles?symbol=BTCUSDT&interval=15m&limit=200&format=csv',
    '/candles?symbol=BTCUSDT&interval=15m&limit=200',
    '/trades/latest?format=ndjson',
    '/symbols?limit=100&format=csv',
  ])('should give %s in parts to whoever reads by ranges, the same to the byte', async (path) => {
    const url = `${market.url}${path}`;
    const whole = await rawRequest(url);
    const { headers } = await rawRequest(url, { method: 'HEAD' });
    const length = Number(headers['content-length']);
    expect([length, headers['accept-ranges']]).toEqual([whole.body.length, 'bytes']);
    const part = (range: string) => rawRequest(url, { headers: { range: `bytes=${range}`, 'accept-encoding': 'br' } });
    const parts: Buffer[] = [];
    for (let first = 0; first < length; first += 1_000) {
      const answer = await part(`${first}-${first + 999}`);
      const last = Math.min(first + 999, length - 1);
      expect([answer.status, answer.headers['content-range']]).toEqual([206, `bytes ${first}-${last}/${length}`]);
      expect(answer.headers['content-encoding']).toBeUndefined();
      for (const name of ['etag', 'content-type', 'vary', 'cache-control', 'link', 'x-feed-position']) {
        expect([name, answer.headers[name]]).toEqual([name, whole.headers[name]]);
      }
      parts.push(answer.body);
    }
    expect(Buffer.concat(parts).equals(whole.body)).toBe(true);
    expect((await part('-7')).body.toString()).toBe(whole.body.subarray(-7).toString());
    const past = await part(`${length}-`);
    expect([past.status, past.headers['content-range']]).toEqual([416, `bytes */${length}`]);
    for (const several of ['0-1,5-6', 'a-b']) expect((await part(several)).status).toBe(200);
    const ifRange = { range: 'bytes=0-9', 'if-range': String(whole.headers.etag) };
    expect((await rawRequest(url, { headers: ifRange })).status).toBe(200);
  });

  it('should keep ranges of one format, and of one page, apart from those of another', async () => {
    const ranges = { range: 'bytes=0-19' };
    const url = `${market.url}/candles?symbol=BTCUSDT&interval=15m&limit=200`;
    const json = await rawRequest(url, { headers: ranges });
    const csv = await rawRequest(url, { headers: { ...ranges, accept: 'text/csv' } });
    const other = await rawRequest(url.replace('BTCUSDT', 'PEPEUSDT'), { headers: { ...ranges, accept: 'text/csv' } });
    expect(json.body.toString()).toBe('{"data":[{"symbol":"');
    expect(csv.body.toString()).toBe('symbol,interval,open');
    expect(other.headers.etag).not.toBe(csv.headers.etag);
  });
});
