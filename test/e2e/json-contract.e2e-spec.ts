import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { getAll, getJson, type ListPage } from '../support/http';
import { RawSocket } from '../support/raw-socket';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket } from '../support/served-market';

const LONG = '9'.repeat(10_000);

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly errors?: { readonly field: string; readonly value: string | null; readonly allowed: string }[];
}

interface CandleItem {
  readonly symbol: string;
  readonly open_time: string;
}

interface PriceItem {
  readonly symbol: string;
  readonly timestamp_utc: string;
}

/** What a program relies on when it reads the JSON lists and meets their refusals. */
describe('JSON lists over HTTP', () => {
  let market: ServedMarket;

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    await market.close();
  });

  const get = (path: string): Promise<RawAnswer> => rawRequest(market.url, { path });

  /** Fails unless the answer is a complete problem that tells nothing of the inside. */
  function expectProblem(path: string, { status, headers, body }: RawAnswer): Problem {
    const text = body.toString('utf8');
    const problem = JSON.parse(text) as Problem;
    expect([path, headers['content-type']]).toEqual([path, 'application/problem+json; charset=utf-8']);
    expect(headers['cache-control']).toBe('no-store');
    expect(problem).toMatchObject({
      type: expect.stringMatching(/^urn:csp:problem:[a-z-]+$/) as string,
      title: expect.any(String) as string,
      status,
      detail: expect.any(String) as string,
      instance: expect.stringMatching(/^\//) as string,
      code: expect.stringMatching(/^[A-Z_]+\.[A-Z_]+$/) as string,
    });
    expect(text).not.toMatch(/\bat [\w.]+ \(|node_modules|SELECT |sqlite|\.[jt]s:\d|\/tmp\//i);
    expect(text.length).toBeLessThan(2_000);
    return problem;
  }

  it.each([
    ['/trades/latest?limit=0', 'limit', '0', '1 to 5000'],
    ['/trades/latest?limit=-1', 'limit', '-1', '1 to 5000'],
    ['/trades/latest?limit=1.5', 'limit', '1.5', '1 to 5000'],
    ['/trades/latest?limit=abc', 'limit', 'abc', '1 to 5000'],
    ['/trades/latest?limit=1e9', 'limit', '1e9', '1 to 5000'],
    ['/trades/latest?limit=5001', 'limit', '5001', '1 to 5000'],
    ['/trades/latest?limit=', 'limit', '', '1 to 5000'],
    ['/trades/latest?limit=5&limit=6', 'limit', '["5","6"]', '1 to 5000'],
    ['/trades/latest?limit[]=5', 'limit', '["5"]', '1 to 5000'],
    ['/trades/latest?symbol=%00', 'symbol', '\u0000', 'letters and digits'],
    ['/trades/latest?symbol=BTC%2FUSDT', 'symbol', 'BTC/USDT', 'letters and digits'],
    [`/trades/latest?symbol=${LONG}`, 'symbol', LONG.slice(0, 100), 'letters and digits'],
    ['/trades/latest?symbol=', 'symbol', '', 'letters and digits'],
    ['/trades/latest?cursor=x.y', 'cursor', 'x.y', 'next_cursor'],
    ['/trades/latest?cursor=AAAA', 'cursor', 'AAAA', 'next_cursor'],
    ['/trades/latest?symbl=BTCUSDT', 'symbl', 'BTCUSDT', 'symbol, symbols, limit, cursor'],
    ['/trades/range', 'start', null, 'ISO 8601'],
    ['/trades/range', 'start', null, 'a span back from now'],
    ['/trades/range?last=2&start=-1h', 'start', '-1h', 'beside last'],
    ['/candles?last=2&start=2026-11-20', 'start', '2026-11-20', 'beside last'],
    ['/coverage?last=2&limit=3', 'limit', '3', 'beside last'],
    ['/trades/range?start=2026-11-20', 'end', null, 'ISO 8601'],
    ['/trades/range?start=1763635200&end=2026-11-21', 'start', '1763635200', '1763635200000'],
    ['/trades/range?start=2026-11-21&end=2026-11-20', 'start', '2026-11-21T00:00:00.000Z', 'before end'],
    ['/trades/range?start=2026-11-20&end=2026-11-20', 'start', '2026-11-20T00:00:00.000Z', 'before end'],
    ['/trades/range?start=2026-02-30&end=2026-11-20', 'start', '2026-02-30', 'ISO 8601'],
    ['/trades/range?start[0]=2026-11-20&end=2026-11-21', 'start', '["2026-11-20"]', 'ISO 8601'],
    ['/candles?interval=7m', 'interval', '7m', '1m'],
    ['/candles?interval=1h&interval=1d', 'interval', '["1h","1d"]', '1m'],
    ['/candles?start=then', 'start', 'then', 'ISO 8601'],
    ['/coverage?end=%00', 'end', '\u0000', 'ISO 8601'],
    ['/symbols?limit=1e9', 'limit', '1e9', '1 to 5000'],
    ['/bi/daily_ohlc.csv?days=0', 'days', '0', '1 to 3650'],
    ['/bi/daily_ohlc.csv?days=abc', 'days', 'abc', '1 to 3650'],
    ['/bi/daily_ohlc.csv?days=30&days=31', 'days', '["30","31"]', '1 to 3650'],
    ['/bi/daily_ohlc.csv?start=2026-11-20T25:00:00Z', 'start', '2026-11-20T25:00:00Z', 'a date (2026-01-15)'],
    ['/bi/daily_ohlc.csv?start=1763635200', 'start', '1763635200', '1763635200000'],
    ['/bi/daily_ohlc.csv?start=2026-11-21&end=2026-11-20', 'start', '2026-11-21', 'before end'],
    ['/bi/daily_ohlc.csv?start=2199-01-01', 'start', '2199-01-01', 'unless end is given'],
    ['/bi/daily_ohlc.csv?end=1970-01-01', 'end', '1970-01-01', 'a date after 1970-01-01'],
    [`/bi/daily_ohlc.csv?${'_&'.repeat(2_000)}days=0`, 'days', '0', '1 to 3650'],
    [`/candles?${'symbol=BTCUSDT&'.repeat(1_000)}foo=1`, 'foo', '1', 'no such parameter'],
    ['/bi/daily_volume.csv?days=5&end=2026-11-20', 'days', '5', 'not both'],
    ['/bi/latest_prices.csv?symbols=BTCUSDT,,', 'symbols', 'BTCUSDT,,', 'letters and digits'],
  ])('should refuse %s naming field, value and what is allowed', async (path, field, value, allowed) => {
    const answer = await get(path);
    const problem = expectProblem(path.slice(0, 80), answer);
    expect(problem.status).toBe(400);
    expect(problem.errors).toContainEqual({ field, value, allowed: expect.stringContaining(allowed) as string });
    expect(problem.detail).toContain(field);
  });

  it.each([
    '/trades/latest?symbol=NOPE',
    '/trades/range?symbol=NOPE&start=2026-11-20&end=2026-11-21',
    '/candles?symbols=BTCUSDT,NOPE',
    '/coverage?symbol=NOPE',
    '/symbols?symbol=NOPE',
    '/bi/daily_ohlc.csv?symbol=NOPE',
  ])('should answer %s with a 404 that says what is known', async (path) => {
    const problem = expectProblem(path, await get(path));
    expect([problem.status, problem.code]).toEqual([404, 'SYMBOL.UNKNOWN']);
    expect(problem.errors).toEqual([
      {
        field: expect.stringMatching(/^symbols?$/) as string,
        value: 'NOPE',
        allowed: expect.stringContaining('BTCUSDT') as string,
      },
    ]);
  });

  it('should name each unknown symbol under the parameter that it was sent in', async () => {
    const fieldsOf = async (query: string): Promise<unknown> =>
      expectProblem(query, await get(`/candles?${query}`)).errors?.map(({ field, value }) => [field, value]);
    expect(await fieldsOf('symbol=BTCUSDT&symbols=NOPE,BTCUSDT')).toEqual([['symbols', 'NOPE']]);
    expect(await fieldsOf('symbol=NEITHER&symbols=NOPE,NOR')).toEqual([
      ['symbol', 'NEITHER'],
      ['symbols', 'NOPE,NOR'],
    ]);
  });

  it('should answer addresses that are no route with a problem too', async () => {
    for (const path of [
      '/nothing',
      '/candles/',
      '/..%2f..%2fetc/passwd',
      '/docs/../../../etc/passwd',
      '/docs/%2e%2e/%2e%2e/package.json',
      '/%',
      '/trades/latest/%00',
      `/${'a'.repeat(9_000)}`,
    ]) {
      const answer = await get(path);
      const problem = expectProblem(path.slice(0, 80), answer);
      expect([path.slice(0, 80), Math.floor(problem.status / 100)]).toEqual([path.slice(0, 80), 4]);
    }
  });

  it('should refuse a request that names no host with a problem too, unless it is of HTTP/1.0', async () => {
    const { hostname, port } = new URL(market.url);
    const answerTo = async (version: string): Promise<string> => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write(`GET /symbols HTTP/${version}\r\nConnection: close\r\n\r\n`);
      return text(socket);
    };
    expect(await answerTo('1.1')).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*REQUEST\.MALFORMED/);
    expect(await answerTo('1.0')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('should answer the same range the same, however its bounds are written', async () => {
    const [start, end] = ['2026-11-19T00:00:00Z', '2026-11-20T00:00:00Z'];
    const bodies = await Promise.all(
      [
        [start, end],
        ['2026-11-19', '2026-11-20'],
        [String(Date.parse(start)), String(Date.parse(end))],
        ['2026-11-19T00:00:00.000000%2B00:00', '2026-11-20T01:00:00%2B01:00'],
        ['2026-11-19T00:00:00+00:00', '2026-11-20 00:00:00'],
      ].map(async ([from, to]) => {
        const page = await getJson<ListPage<CandleItem>>(
          `${market.url}/candles?symbol=BTCUSDT&interval=1h&start=${from}&end=${to}`,
        );
        return JSON.stringify(page.data);
      }),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? '')).toHaveLength(24);
  });

  it('should take every time in tables that it takes in lists', async () => {
    const read = async (start: string, end: string): Promise<string> => {
      const { status, body } = await get(`/bi/daily_ohlc.csv?symbol=BTCUSDT&start=${start}&end=${end}`);
      expect([start, end, status]).toEqual([start, end, 200]);
      return body.toString();
    };
    const [day, next] = ['2026-11-19', '2026-11-20'];
    const whole = await read(day, next);
    expect(whole.split('\r\n')).toHaveLength(3);
    for (const [start, end] of [
      ['2026-11-19T01:00:00Z', '2026-11-19T02:00:00Z'],
      [String(Date.parse(`${day}T12:00:00Z`)), String(Date.parse(next))],
      ['2026-11-19T00:00:00.000000%2B00:00', '2026-11-20T01:00:00%2B0100'],
      ['-24h', 'today'],
    ] as const) {
      expect(await read(start, end)).toBe(whole);
    }
  });

  it('should have the start in and the end not, for candles and events', async () => {
    const minutes = await getAll<CandleItem>(
      market.url,
      '/candles?symbol=BTCUSDT&start=2026-11-19T10:00:00Z&end=2026-11-19T10:02:00Z',
    );
    expect(minutes.map(({ open_time: time }) => time)).toEqual([
      '2026-11-19T10:00:00.000Z',
      '2026-11-19T10:01:00.000Z',
    ]);

    const [newest, before] = await getAll<PriceItem>(market.url, '/trades/latest?symbol=BTCUSDT');
    const bounds = [before, newest].map((event) => encodeURIComponent(String(event?.timestamp_utc)));
    const events = await getAll<PriceItem>(
      market.url,
      `/trades/range?symbol=BTCUSDT&start=${bounds[0]}&end=${bounds[1]}`,
    );
    expect(events).toEqual([before]);
  });

  it.each([
    ['/candles?interval=1h', 'open_time', 1],
    ['/trades/range?start=2026-11-20&end=2026-11-21', 'timestamp_utc', 1],
    ['/trades/latest?', 'timestamp_utc', -1],
    // The account goes on with the clock: that of whole days stands still.
    ['/coverage?end=2026-11-20', 'start', 1],
  ] as const)(
    'should give every item of %s once and in order, whatever the page size',
    async (route, time, direction) => {
      const symbols = `symbols=${encodeURIComponent(SERVED_SYMBOLS.join(','))}`;
      const whole = await getAll<Record<string, string>>(market.url, `${route}&${symbols}&limit=5000`);
      const walked = await getAll<Record<string, string>>(market.url, `${route}&${symbols}&limit=7`);
      expect(walked).toEqual(whole);
      expect(whole.length).toBeGreaterThan(2);
      const times = whole.map((item) => String(item[time]));
      const sorted = [...times].sort();
      expect(times).toEqual(direction === 1 ? sorted : sorted.reverse());
      expect(new Set(whole.map((item) => JSON.stringify(item))).size).toBe(whole.length);
    },
  );

  it('should link the next page in header and body, and nothing after the last', async () => {
    const first = await get('/candles?symbol=BTCUSDT&interval=1h&limit=2');
    const page = JSON.parse(first.body.toString()) as ListPage<CandleItem>;
    expect(page.next_url).toContain(`cursor=${page.next_cursor}`);
    expect(first.headers['link']).toBe(`<${page.next_url}>; rel="next"`);
    const last = await get('/candles?symbol=BTCUSDT&interval=1d&limit=5000');
    expect(JSON.parse(last.body.toString())).toMatchObject({ next_cursor: null, next_url: null });
    expect(last.headers['link']).toBeUndefined();
  });

  it('should refuse a cursor of another question', async () => {
    const page = await getJson<ListPage<CandleItem>>(`${market.url}/candles?symbol=BTCUSDT&interval=1h&limit=1`);
    const answer = await get(`/candles?symbol=PEPEUSDT&interval=1h&limit=1&cursor=${page.next_cursor}`);
    expect(expectProblem('cursor', answer).errors?.[0]?.field).toBe('cursor');
  });

  it('should give prices and volumes as the texts of decimals', async () => {
    const { data } = await getJson<ListPage<Record<string, unknown>>>(
      `${market.url}/candles?symbol=PEPEUSDT&interval=1d`,
    );
    for (const item of data) {
      for (const name of ['open', 'high', 'low', 'close', 'volume', 'quote_volume']) {
        expect(item[name]).toMatch(/^\d+\.\d+$/);
      }
    }
  });

  it('should serve a symbol of another script as any other', async () => {
    const symbol = SERVED_SYMBOLS[2];
    const [item] = await getAll<PriceItem>(market.url, `/trades/latest?symbol=${encodeURIComponent(symbol)}&limit=1`);
    expect(item?.symbol).toBe(symbol);
  });

  it('should carry no banner, no sniffing and a request id on every answer', async () => {
    for (const path of ['/', '/health', '/livez', '/candles?limit=1', '/bi/latest_prices.csv', '/nothing', '/docs']) {
      const { headers } = await get(path);
      expect([path, headers['x-powered-by'], headers['server']]).toEqual([path, undefined, undefined]);
      expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff']);
      expect(headers['x-request-id']).toMatch(/^[\w.:-]+$/);
    }
    const { headers } = await rawRequest(market.url, { path: '/livez', headers: { 'x-request-id': 'mine-1' } });
    expect(headers['x-request-id']).toBe('mine-1');
  });

  it('should let nothing run on the page but its own script', async () => {
    const { headers, body } = await get('/');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    const html = body.toString('utf8');
    expect(html).not.toMatch(/\son[a-z]+=|<style|\sstyle=/i);
    for (const [script] of html.matchAll(/<script[^>]*>[^<]*/g)) {
      expect(script).toMatch(/^<script type="module" src="assets\/page-[0-9a-f]{12}\.js">$/);
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])(
    'should refuse %s with 405 or 404',
    async (method) => {
      for (const path of ['/candles', '/bi/daily_ohlc.csv', '/health']) {
        const answer = await rawRequest(market.url, { method, path });
        expect([405, 404]).toContain(expectProblem(`${method} ${path}`, answer).status);
      }
      const unknown = await rawRequest(market.url, { method, path: '/nothing' });
      expect([405, 404]).toContain(unknown.status);
    },
  );

  it.each([
    ['two Host headers', ['Host: a', 'Host: b']],
    ['the same Host twice', ['Host: a', 'host: a']],
    ['a list of hosts', ['Host: a, b']],
    ['no Host', []],
  ])('should refuse a request with %s', async (_what, hosts) => {
    for (const path of ['/candles?symbol=BTCUSDT&limit=1', '/bi/daily_ohlc.csv', '/nothing']) {
      const socket = await RawSocket.open(market.url);
      socket.send([`GET ${path} HTTP/1.1`, ...hosts, 'Connection: close', '', ''].join('\r\n'));
      await socket.closed();
      expect(socket.text).toMatch(
        /^HTTP\/1\.1 400 [^]*content-type: application\/problem\+json[^]*"code":"REQUEST\.MALFORMED"/i,
      );
    }
  });

  it('should take a request of HTTP/1.0 without a host', async () => {
    const socket = await RawSocket.open(market.url);
    socket.send('GET /livez HTTP/1.0\r\n\r\n');
    await socket.closed();
    expect(socket.text).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('should answer a preflight of another origin', async () => {
    const { status, headers } = await rawRequest(market.url, {
      method: 'OPTIONS',
      path: '/candles',
      headers: { origin: 'https://dashboard.example', 'access-control-request-method': 'GET' },
    });
    expect([status, headers['access-control-allow-origin'], headers['access-control-allow-methods']]).toEqual([
      204,
      '*',
      'GET, HEAD, OPTIONS',
    ]);
  });
});
