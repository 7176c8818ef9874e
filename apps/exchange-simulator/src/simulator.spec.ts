import type { AddressInfo } from 'node:net';
import { strFromU8, unzipSync } from 'fflate';
import { createSimulator } from './create-simulator';
import type { Fault } from './faults/fault';
import { parseOptions } from './options';

const MARKET = '2026-03-18T13:37:43.000Z';
const NOW = Date.parse(MARKET);
const MINUTE = 60_000;
const THIS_MINUTE = NOW - (NOW % MINUTE);

type Row = [number, string, string, string, string, string, number, string, number, string, string, string];
type FaultInput = Record<string, unknown> & { kind: Fault['kind'] };

describe('exchange simulator', () => {
  let close: () => Promise<void>;
  let base: string;
  /** Real milliseconds since the start; the market clock follows them. */
  let elapsed: number;

  async function start(...flags: string[]): Promise<void> {
    const options = parseOptions(['--port', '0', '--clock-origin', `${MARKET}@2026-06-01T00:00:00Z`, ...flags]);
    if (options === 'help') {
      throw new Error('no help wanted here');
    }
    elapsed = 0;
    const { app } = await createSimulator(options, () => options.clockOrigin.real + elapsed);
    await app.listen(options.port, options.host);
    base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    close = () => app.close();
  }

  const startWithFaults = (...faults: FaultInput[]): Promise<void> => start('--faults', JSON.stringify(faults));

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(base + path, { headers });
  const json = async <T = unknown>(path: string, headers: Record<string, string> = {}): Promise<T> =>
    (await (await get(path, headers)).json()) as T;
  const klines = (query: string): Promise<Row[]> => json<Row[]>(`/api/v3/klines?${query}`);
  const setFaults = (...faults: FaultInput[]): Promise<Response> =>
    fetch(`${base}/_simulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
  const stats = (): Promise<Record<string, unknown>> => json('/_simulator/stats');

  afterEach(() => close());

  describe('a whole market', () => {
    const symbols = async (): Promise<string[]> =>
      (await json<{ symbols: { symbol: string }[] }>('/api/v3/exchangeInfo')).symbols.map(({ symbol }) => symbol);

    it('should list as many symbols as it is told, the well-known ones first', async () => {
      await start();
      const wellKnown = await symbols();
      await close();
      await start('--symbols', '1500');
      const all = await symbols();
      expect(all).toHaveLength(1_500);
      expect(new Set(all).size).toBe(1_500);
      expect(all.slice(0, wellKnown.length)).toEqual(wellKnown);
      expect(all.filter((symbol) => /[_.-]/.test(symbol)).length).toBeGreaterThan(10);
      expect(all.filter((symbol) => /[^ -~]/.test(symbol)).length).toBeGreaterThan(10);
      expect(await json<unknown[]>('/api/v3/ticker/24hr')).toHaveLength(1_500);
      await close();
      await start('--symbols', '2');
      expect(await symbols()).toEqual(wellKnown.slice(0, 2));
    });

    it('should give the same candles however many others there are', async () => {
      const asked = ['BTCUSDT', 'COIN99EUR', 'A.B_100-USDT', '币101USDT'];
      const answers: Row[][][] = [];
      for (const count of ['102', '100000']) {
        await start('--symbols', count);
        const tickers = await json<{ symbol: string }[]>(
          `/api/v3/ticker/24hr?symbols=${encodeURIComponent(JSON.stringify([...asked].reverse()))}`,
        );
        expect(tickers.map(({ symbol }) => symbol)).toEqual(asked);
        answers.push(
          await Promise.all(asked.map((symbol) => klines(`symbol=${encodeURIComponent(symbol)}&interval=1h&limit=50`))),
        );
        await close();
      }
      expect(answers[0]?.flat()).toHaveLength(4 * 50);
      expect(answers[1]).toEqual(answers[0]);
      await start();
    });
  });

  describe('routes', () => {
    beforeEach(() => start());

    it('should answer ping, time and exchangeInfo', async () => {
      expect(await json('/api/v3/ping')).toEqual({});
      expect(await json('/api/v3/time')).toEqual({ serverTime: NOW });
      const info = await json<{ symbols: { symbol: string; status: string }[]; rateLimits: unknown[] }>(
        '/api/v3/exchangeInfo',
      );
      expect(info.symbols.length).toBeGreaterThan(60);
      expect(info.symbols.find(({ symbol }) => symbol === 'EOSUSDT')?.status).toBe('BREAK');
      expect(info.rateLimits).toContainEqual({
        rateLimitType: 'REQUEST_WEIGHT',
        interval: 'MINUTE',
        intervalNum: 1,
        limit: 6000,
      });
      const chosen = await json<{ symbols: { symbol: string }[] }>(
        `/api/v3/exchangeInfo?symbols=${encodeURIComponent('["币安人生USDT","BTCUSDT"]')}`,
      );
      expect(chosen.symbols.map(({ symbol }) => symbol)).toEqual(['币安人生USDT', 'BTCUSDT']);
      const broken = await json<{ symbols: { symbol: string }[] }>('/api/v3/exchangeInfo?symbolStatus=BREAK');
      expect(broken.symbols.map(({ symbol }) => symbol)).toEqual(['EOSUSDT', 'MATICUSDT']);
    });

    it('should give the ticker of one, some and all symbols, full and short', async () => {
      const one = await json<Record<string, unknown>>('/api/v3/ticker/24hr?symbol=BTCUSDT');
      expect(Object.keys(one)).toEqual([
        ...[
          'symbol',
          'priceChange',
          'priceChangePercent',
          'weightedAvgPrice',
          'prevClosePrice',
          'lastPrice',
          'lastQty',
        ],
        ...['bidPrice', 'bidQty', 'askPrice', 'askQty', 'openPrice', 'highPrice', 'lowPrice', 'volume', 'quoteVolume'],
        ...['openTime', 'closeTime', 'firstId', 'lastId', 'count'],
      ]);
      expect(one['closeTime']).toBe(NOW);
      const some = await json<{ symbol: string }[]>('/api/v3/ticker/24hr?type=MINI&symbols=["BTCUSDT","ETHBTC"]');
      expect(some.map(({ symbol }) => symbol)).toEqual(['ETHBTC', 'BTCUSDT']);
      expect(Object.keys(some[0]!)).toEqual([
        ...['symbol', 'openPrice', 'highPrice', 'lowPrice', 'lastPrice', 'volume', 'quoteVolume'],
        ...['openTime', 'closeTime', 'firstId', 'lastId', 'count'],
      ]);
      expect((await json<unknown[]>('/api/v3/ticker/24hr')).length).toBeGreaterThan(60);
      expect(await json('/api/v3/ticker/24hr?symbols=["BTCUSDT"]&symbolStatus=BREAK')).toEqual([]);
    });

    it('should accept and give milliseconds or microseconds', async () => {
      const query = 'symbol=BTCUSDT&interval=1m&limit=1&startTime=';
      const [row] = await klines(`${query}${THIS_MINUTE - MINUTE}`);
      expect([row![0], row![6]]).toEqual([THIS_MINUTE - MINUTE, THIS_MINUTE - 1]);
      expect(await klines(`${query}${THIS_MINUTE - MINUTE}000`)).toEqual([row]);
      expect((await klines(`${query}${THIS_MINUTE - MINUTE}001`))[0]![0]).toBe(THIS_MINUTE);
      const [micro] = await json<Row[]>(`/api/v3/klines?${query}${THIS_MINUTE - MINUTE}`, {
        'X-MBX-TIME-UNIT': 'MICROSECOND',
      });
      expect([micro![0], micro![6]]).toEqual([(THIS_MINUTE - MINUTE) * 1_000, THIS_MINUTE * 1_000 - 1]);
      expect(micro!.slice(1, 6)).toEqual(row!.slice(1, 6));
      expect(await json('/api/v3/time', { 'X-MBX-TIME-UNIT': 'hour' })).toEqual({
        code: -1194,
        msg: 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.',
      });
    });

    it('should adjust times out of range instead of refusing them', async () => {
      expect((await klines('symbol=ETHBTC&interval=1d&limit=1&startTime=0'))[0]![0]).toBe(Date.parse('2017-07-14'));
      expect(await klines('symbol=ETHBTC&interval=1d&limit=1&endTime=99999999999999')).toHaveLength(1);
      expect(await klines('symbol=ETHBTC&interval=1m&limit=5000')).toHaveLength(1_000);
    });

    it.each([
      ['klines?interval=1m', -1102],
      ['klines?symbol=&interval=1m', -1102],
      ['klines?symbol=BTCUSDT', -1102],
      ['klines?symbol=btcusdt&interval=1m', -1100],
      ['klines?symbol=NOPE&interval=1m', -1121],
      ['klines?symbol=BTCUSDT&interval=1x', -1120],
      ['klines?symbol=BTCUSDT&interval=1m&limit=abc', -1100],
      ['klines?symbol=BTCUSDT&interval=1m&limit=0', -1130],
      ['klines?symbol=BTCUSDT&interval=1m&limit=', -1105],
      ['klines?symbol=BTCUSDT&interval=1m&startTime=-5', -1100],
      ['klines?symbol=BTCUSDT&interval=1m&timeZone=15', -1130],
      ['klines?symbol=BTCUSDT&symbol=ETHUSDT&interval=1m', -1101],
      ['klines?symbol=BTCUSDT&interval=1m&foo=1', -1104],
      ['ticker/24hr?symbol=BTCUSDT&symbols=["ETHUSDT"]', -1128],
      ['ticker/24hr?symbols=["BTCUSDT","BTCUSDT"]', -1151],
      ['ticker/24hr?symbols=["BTCUSDT","NOPE"]', -1121],
      ['ticker/24hr?symbols=BTCUSDT', -1100],
      ['ticker/24hr?type=HUGE', -1139],
      ['ticker/24hr?symbol=BTCUSDT&symbolStatus=BREAK', -1220],
      ['ticker/24hr?symbolStatus=ASLEEP', -1122],
      ['exchangeInfo?symbols=["BTCUSDT","NOPE"]', -1121],
      ['exchangeInfo?symbol=BTCUSDT&symbolStatus=TRADING', -1128],
    ])('should refuse %s with %i, and charge it', async (request, code) => {
      const response = await get(`/api/v3/${request}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code });
      expect(Number(response.headers.get('x-mbx-used-weight-1m'))).toBeGreaterThan(0);
    });

    it('should answer unknown paths with 404, as HTML only to who accepts it', async () => {
      for (const path of ['/api/v3/depth', '/api/v1/klines', '/nope']) {
        expect((await get(path)).status).toBe(404);
      }
      expect((await get('/api/v3/nope')).headers.get('content-type')).toContain('json');
      expect(await (await get('/api/v3/nope', { accept: 'text/html' })).text()).toContain('<html>');
    });

    it('should serve its own health and metrics', async () => {
      await get('/api/v3/ping');
      for (const path of ['/livez', '/readyz', '/health']) {
        expect(await json(path)).toMatchObject({ status: 'ok' });
      }
      const metrics = await (await get('/metrics')).text();
      expect(metrics).toContain('csp_simulator_requests_total{route="/api/v3/ping",status_code="200"} 1');
      expect(metrics).toContain('csp_simulator_request_weight_total 1');
    });

    it('should say where its data comes from', async () => {
      expect(await json('/_simulator/origin')).toEqual({ origin: 'simulator:1' });
    });
  });

  describe('clock', () => {
    it('should continue the same time after a restart with the same flags', async () => {
      await start('--clock-factor', '60');
      elapsed = 10_000;
      const before = await json('/_simulator/clock');
      expect(before).toEqual({
        origin: { market: MARKET, real: '2026-06-01T00:00:00.000Z' },
        factor: 60,
        now: new Date(NOW + 600_000).toISOString(),
      });
      const rows = await klines('symbol=BTCUSDT&interval=1m&limit=3');
      await close();
      await start('--clock-factor', '60');
      elapsed = 10_000;
      expect(await json('/_simulator/clock')).toEqual(before);
      expect(await klines('symbol=BTCUSDT&interval=1m&limit=3')).toEqual(rows);
    });
  });

  describe('with --only ticker', () => {
    beforeEach(() => start('--only', 'ticker'));

    it('should know nothing but the ticker', async () => {
      expect((await get('/api/v3/ticker/24hr?symbol=BTCUSDT')).status).toBe(200);
      for (const path of ['/api/v3/klines?symbol=BTCUSDT&interval=1m', '/api/v3/time', '/_simulator/clock']) {
        expect((await get(path)).status).toBe(404);
      }
    });
  });

  describe('limits', () => {
    beforeEach(() => start('--weight-limit', '100'));

    it('should charge the documented weights', async () => {
      const used = async (path: string): Promise<number> => {
        elapsed += MINUTE;
        return Number((await get(path)).headers.get('x-mbx-used-weight-1m'));
      };
      const symbols = (count: number): string =>
        encodeURIComponent(JSON.stringify(Array.from({ length: count }, (_, index) => `S${index}`)));
      expect(await used('/api/v3/ping')).toBe(1);
      expect(await used('/api/v3/exchangeInfo')).toBe(20);
      expect(await used('/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1')).toBe(2);
      expect(await used('/api/v3/ticker/24hr?symbol=BTCUSDT')).toBe(2);
      expect(await used(`/api/v3/ticker/24hr?symbols=${symbols(20)}`)).toBe(2);
      expect(await used(`/api/v3/ticker/24hr?symbols=${symbols(21)}`)).toBe(40);
      expect(await used(`/api/v3/ticker/24hr?symbols=${symbols(101)}`)).toBe(80);
      expect(await used('/api/v3/ticker/24hr')).toBe(80);
    });

    it('should answer 429 until the minute ends, and ban who goes on', async () => {
      await get('/api/v3/ticker/24hr');
      const limited = await get('/api/v3/exchangeInfo');
      expect(limited.status).toBe(200);
      const refused = await get('/api/v3/ping');
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe('17');
      expect(await refused.json()).toMatchObject({ code: -1003 });
      const statuses: number[] = [];
      for (let call = 0; call < 7; call += 1) {
        statuses.push((await get('/api/v3/ping')).status);
      }
      expect(statuses).toEqual([429, 429, 429, 429, 429, 418, 418]);
      elapsed = MINUTE;
      const banned = await get('/api/v3/ping');
      expect(banned.status).toBe(418);
      expect(banned.headers.get('retry-after')).toBe('60');
      expect(await banned.json()).toEqual({
        code: -1003,
        msg: `Way too much request weight used; IP banned until ${NOW + 2 * MINUTE}. Please use WebSocket Streams for live updates to avoid bans.`,
      });
      elapsed = 2 * MINUTE;
      expect((await get('/api/v3/ping')).status).toBe(200);
      expect(await stats()).toMatchObject({
        requests: { '/api/v3/ping': 10 },
        max_weight_per_minute: 108,
        responses_429: 6,
        responses_418: 3,
        requests_before_retry_after: 6,
        requests_while_banned: 2,
      });
    });
  });

  describe('faults', () => {
    beforeEach(() => start());

    it('should list, count down and remove faults, and refuse wrong ones', async () => {
      expect(await (await setFaults({ kind: 'empty', route: '/api/v3/time', times: 2 })).json()).toEqual([
        { kind: 'empty', route: '/api/v3/time', times: 2 },
      ]);
      expect(await (await get('/api/v3/ping')).text()).toBe('{}');
      expect(await (await get('/api/v3/time')).text()).toBe('');
      expect(await json('/_simulator/faults')).toMatchObject([{ times: 1 }]);
      expect(await (await get('/api/v3/time')).text()).toBe('');
      expect(await json('/_simulator/faults')).toEqual([]);
      expect(await json('/api/v3/time')).toEqual({ serverTime: NOW });
      await setFaults({ kind: 'empty' });
      expect((await fetch(`${base}/_simulator/faults`, { method: 'DELETE' })).status).toBe(204);
      expect(await json('/api/v3/ping')).toEqual({});
      for (const wrong of [
        { kind: 'explode' as Fault['kind'] },
        { kind: 'status' as const },
        { kind: 'cut' as const, rout: '/api/v3/time' },
        { kind: 'absent' as const, symbol: 'BTCUSDT', start: MARKET, end: MARKET },
        { kind: 'stop' as const, start: '2026-03-18T13:00:00Z', end: '2026-03-18T12:00:00Z' },
      ]) {
        const response = await setFaults(wrong);
        expect(response.status).toBe(400);
        expect(await response.text()).toContain('The faults are not valid');
      }
    });

    it('should break one row of klines and leave the others as they are', async () => {
      const start = Math.floor(NOW / 60_000) * 60_000 - 10 * 60_000;
      const klines = (): Promise<unknown[][]> =>
        json<unknown[][]>(`/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${start}&limit=3`);
      const [first, second, third] = (await klines()) as [unknown[], unknown[], unknown[]];
      const fault = { kind: 'broken-row', symbol: 'BTCUSDT', start: start + 60_000, end: start + 120_000 } as const;
      await setFaults({ ...fault, field: 'volume', value: '1E+2' });
      expect(await klines()).toEqual([first, second.with(5, '1E+2'), third]);
      await setFaults({ ...fault, field: 'close_time', shift_ms: -60_000 });
      expect(await klines()).toEqual([first, second.with(6, Number(second[0]) - 1), third]);
      await setFaults({ ...fault, columns: 7 });
      expect(await klines()).toEqual([first, second.slice(0, 7), third]);
      await setFaults({ ...fault, field: 'trade_count', value: null, repeat: true });
      expect(await klines()).toEqual([first, second, second.with(8, null), third]);
      await setFaults({ ...fault, place: 'archive', field: 'volume', value: '-1' });
      expect(await klines()).toEqual([first, second, third]);
      for (const wrong of [{ field: 'volume' }, {}, { field: 'close_time', value: '1', shift_ms: 1 }] as const) {
        expect((await setFaults({ ...fault, ...wrong })).status).toBe(400);
      }
    });

    it('should break, repeat or leave out a ticker', async () => {
      const tickers = async (): Promise<unknown[]> =>
        (await json<Record<string, unknown>[]>('/api/v3/ticker/24hr?symbols=["BTCUSDT","ETHUSDT"]')).map(
          ({ symbol, volume }) => [symbol, volume],
        );
      const [btc, eth] = (await tickers()) as [unknown[], unknown[]];
      await setFaults({ kind: 'broken-ticker', symbol: 'BTCUSDT', field: 'volume', value: '1E+2' });
      expect(await tickers()).toEqual([['BTCUSDT', '1E+2'], eth]);
      await setFaults({ kind: 'broken-ticker', symbol: 'BTCUSDT', field: 'volume', value: 7, repeat: true });
      expect(await tickers()).toEqual([btc, ['BTCUSDT', 7], eth]);
      await setFaults({ kind: 'broken-ticker', symbol: 'BTCUSDT', absent: true });
      expect(await tickers()).toEqual([eth]);
      expect((await setFaults({ kind: 'broken-ticker', symbol: 'BTCUSDT' })).status).toBe(400);
    });

    it('should meet only the symbol and the share of requests it is for', async () => {
      await setFaults({ kind: 'status', status: 500, symbol: 'BTCUSDT' });
      expect((await get('/api/v3/ticker/24hr?symbol=ETHUSDT')).status).toBe(200);
      expect((await get('/api/v3/ticker/24hr?symbol=BTCUSDT')).status).toBe(500);
      expect((await get('/api/v3/ticker/24hr?symbols=["ETHUSDT","BTCUSDT"]')).status).toBe(500);
      await setFaults({ kind: 'status', status: 500, probability: 0.5 });
      const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await get('/api/v3/ping')).status));
      const failed = statuses.filter((status) => status === 500).length;
      expect(failed).toBeGreaterThan(60);
      expect(failed).toBeLessThan(140);
    });

    it('should give any status, header and body', async () => {
      await setFaults({ kind: 'status', status: 503, body: '<h1>down</h1>', html: true, headers: { 'x-why': 'test' } });
      const page = await get('/api/v3/ping');
      expect([page.status, page.headers.get('content-type'), page.headers.get('x-why'), await page.text()]).toEqual([
        503,
        'text/html',
        'test',
        '<h1>down</h1>',
      ]);
      await setFaults({ kind: 'status', status: 500, body: { code: -1000, msg: 'unknown' } });
      expect(await json('/api/v3/ping')).toEqual({ code: -1000, msg: 'unknown' });
    });

    it('should limit and ban on demand', async () => {
      await setFaults(
        { kind: 'rate-limit', retry_after_seconds: 17, times: 1 },
        { kind: 'ban', times: 1, route: '/api/v3/time' },
      );
      const limited = await get('/api/v3/ping');
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '17']);
      expect(await limited.json()).toMatchObject({ code: -1003 });
      const banned = await get('/api/v3/time');
      expect([banned.status, banned.headers.get('retry-after')]).toEqual([418, '120']);
      expect(await banned.text()).toContain(`IP banned until ${NOW + 120_000}`);
    });

    it('should answer as the firewall and as a restricted location', async () => {
      await setFaults({ kind: 'waf', times: 1 }, { kind: 'geo-block' });
      const blocked = await get('/api/v3/ping');
      expect([blocked.status, blocked.headers.get('x-mbx-used-weight-1m')]).toEqual([403, null]);
      expect(await blocked.text()).toContain('Request blocked.');
      const restricted = await get('/api/v3/ping');
      expect(restricted.status).toBe(451);
      expect(await restricted.json()).toMatchObject({ code: 0 });
    });

    it('should be slow', async () => {
      await setFaults({ kind: 'slow', delay_ms: 60_000, times: 1 });
      await expect(fetch(`${base}/api/v3/ping`, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
      expect(await json('/api/v3/ping')).toEqual({});
    });

    it('should cut, garble, empty and swell bodies', async () => {
      const path = '/api/v3/ticker/24hr?symbol=BTCUSDT';
      const whole = await (await get(path)).text();
      await setFaults({ kind: 'cut' });
      const cut = await get(path);
      expect(cut.status).toBe(200);
      expect(cut.headers.get('content-length')).toBe(String(whole.length));
      await expect(cut.text()).rejects.toThrow();
      await setFaults({ kind: 'malformed' });
      const malformed = await get(path);
      expect(malformed.headers.get('content-type')).toContain('json');
      await expect(malformed.json()).rejects.toThrow(/JSON/);
      await setFaults({ kind: 'oversized', bytes: 5_000_000 });
      expect((await (await get(path)).text()).length).toBe(5_000_000);
      await setFaults({ kind: 'empty' });
      expect(await (await get(path)).text()).toBe('');
    });

    it('should encode and compress bodies wrongly', async () => {
      const path = '/api/v3/ticker/24hr?symbol=BTCUSDT';
      const whole = await (await get(path)).text();
      await setFaults({ kind: 'utf-16' });
      const utf16 = Buffer.from(await (await get(path)).arrayBuffer());
      expect([utf16.readUInt16BE(0), utf16.subarray(2).toString('utf16le')]).toEqual([0xfffe, whole]);
      await setFaults({ kind: 'bad-gzip', defect: 'cut' });
      const cut = await get(path);
      expect(cut.headers.get('content-encoding')).toBe('gzip');
      // Node's fetch takes the end of the bytes for the end of the compressed text.
      const text = await cut.text();
      expect(text.length).toBeLessThan(whole.length);
      expect(whole.startsWith(text)).toBe(true);
      await setFaults({ kind: 'bad-gzip', defect: 'none' });
      await expect((await get(path)).text()).rejects.toThrow();
    });

    it('should reset connections before the answer and within it', async () => {
      const path = '/api/v3/ticker/24hr?symbol=BTCUSDT';
      await setFaults({ kind: 'reset', times: 1 });
      await expect(get(path)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
      expect((await get(path)).status).toBe(200);
      await setFaults({ kind: 'reset', at: 'body' });
      const within = await get(path);
      expect(within.status).toBe(200);
      await expect(within.text()).rejects.toThrow();
    });

    it('should jump in the weight used', async () => {
      await setFaults({ kind: 'weight', used_weight: 5_998, times: 1 });
      const first = await get('/api/v3/time');
      expect([first.status, first.headers.get('x-mbx-used-weight-1m')]).toEqual([200, '5999']);
      expect((await get('/api/v3/klines?symbol=BTCUSDT&interval=1m')).status).toBe(429);
    });

    it('should add unknown keys and an unknown status', async () => {
      await setFaults({ kind: 'extra', symbol: 'BTCUSDT' });
      const info = await json<{ keyOfTomorrow: unknown; symbols: { status: string }[] }>(
        '/api/v3/exchangeInfo?symbol=BTCUSDT',
      );
      expect(info.keyOfTomorrow).toBeDefined();
      expect(info.symbols[0]!.status).toBe('STATUS_OF_TOMORROW');
      expect(await json('/api/v3/ticker/24hr?symbol=BTCUSDT')).toHaveProperty('keyOfTomorrow');
    });

    it('should send short decimals of the same value', async () => {
      const path = '/api/v3/klines?symbol=ETHBTC&interval=1d&limit=2';
      const long = await json<Row[]>(path);
      await setFaults({ kind: 'short-decimals' });
      const short = await json<Row[]>(path);
      expect(short[0]![1].length).toBeLessThan(long[0]![1].length);
      expect(short.map((row) => row.map(Number))).toEqual(long.map((row) => row.map(Number)));
    });

    const units = (text: string): bigint => BigInt(text.replace('.', ''));

    it('should revise a closed minute and every bucket above it', async () => {
      const minute = THIS_MINUTE - 3 * MINUTE;
      const queries = ['1m', '5m', '1h', '1d', '1w'].map((interval) => `symbol=BTCUSDT&interval=${interval}&limit=10`);
      const before = await Promise.all(queries.map(klines));
      await setFaults({ kind: 'revise', symbol: 'BTCUSDT', open_time: new Date(minute).toISOString() });
      const after = await Promise.all(queries.map(klines));
      for (const [index, rows] of after.entries()) {
        const changed = rows.filter((row, at) => JSON.stringify(row) !== JSON.stringify(before[index]![at]));
        expect(changed).toHaveLength(1);
        const old = before[index]!.find((row) => row[0] === changed[0]![0])!;
        expect(units(changed[0]![5]) - units(old[5])).toBe(1_000n);
        expect([changed[0]![1], changed[0]![2], changed[0]![3], changed[0]![4], changed[0]![8]]).toEqual([
          old[1],
          old[2],
          old[3],
          old[4],
          old[8],
        ]);
      }
      const seconds = await klines(`symbol=BTCUSDT&interval=1s&startTime=${minute}&limit=60`);
      const revised = (await klines(`symbol=BTCUSDT&interval=1m&startTime=${minute}&limit=1`))[0]!;
      expect(seconds.reduce((sum, row) => sum + units(row[5]), 0n)).toBe(units(revised[5]));
      await setFaults();
      expect(await Promise.all(queries.map(klines))).toEqual(before);
    });

    it('should lack minutes, in every interval', async () => {
      const hour = NOW - (NOW % 3_600_000) - 3_600_000;
      const absent = { start: hour + 10 * MINUTE, end: hour + 20 * MINUTE };
      const minutes = await klines(`symbol=BTCUSDT&interval=1m&startTime=${hour}&limit=60`);
      await setFaults({ kind: 'absent', symbol: 'BTCUSDT', ...absent });
      const left = await klines(`symbol=BTCUSDT&interval=1m&startTime=${hour}&limit=50`);
      expect(left).toEqual(minutes.filter((row) => row[0] < absent.start || row[0] >= absent.end));
      const [whole] = await klines(`symbol=BTCUSDT&interval=1h&startTime=${hour}&limit=1`);
      expect(units(whole![5])).toBe(left.reduce((sum, row) => sum + units(row[5]), 0n));
      expect(whole![8]).toBe(left.reduce((sum, row) => sum + row[8], 0));
      const fives = await klines(`symbol=BTCUSDT&interval=5m&startTime=${hour}&limit=3`);
      expect(fives.map((row) => row[0])).toEqual([hour, hour + 5 * MINUTE, hour + 20 * MINUTE]);
      const latest = await klines(`symbol=BTCUSDT&interval=1m&endTime=${absent.end}&limit=3`);
      expect(latest.map((row) => row[0])).toEqual([absent.start - 2 * MINUTE, absent.start - MINUTE, absent.end]);
      const [other] = await klines(`symbol=ETHUSDT&interval=1m&startTime=${absent.start}&limit=1`);
      expect(other![0]).toBe(absent.start);
    });

    it('should stop the whole exchange', async () => {
      const stop = { start: THIS_MINUTE - 10 * MINUTE, end: THIS_MINUTE + 10 * MINUTE };
      await setFaults({ kind: 'stop', ...stop });
      for (const symbol of ['BTCUSDT', 'PEPEUSDT']) {
        expect((await klines(`symbol=${symbol}&interval=1m&limit=1`))[0]![6]).toBe(stop.start - 1);
        const info = await json<{ symbols: { status: string }[] }>(`/api/v3/exchangeInfo?symbol=${symbol}`);
        expect(info.symbols[0]!.status).toBe('BREAK');
      }
      const before = await json<{ lastId: number }>('/api/v3/ticker/24hr?symbol=BTCUSDT');
      elapsed = 10 * MINUTE + 30_000;
      const after = await json<{ lastId: number }>('/api/v3/ticker/24hr?symbol=BTCUSDT');
      const rows = await klines(`symbol=BTCUSDT&interval=1m&startTime=${stop.start}`);
      expect(rows[0]![0]).toBe(stop.end);
      expect(after.lastId - before.lastId).toBe(rows.reduce((count, row) => count + row[8], 0));
    });

    it('should stop one symbol at the same time on each day, in answers and in files, and no other', async () => {
      const start = Date.parse('2026-03-16T12:30:00Z');
      await close();
      await startWithFaults({ kind: 'stop', symbol: 'ADAUSDT', start, end: start + 120 * MINUTE, days: 3 });
      const statusOf = async (symbol: string): Promise<string | undefined> =>
        (await json<{ symbols: { status: string }[] }>(`/api/v3/exchangeInfo?symbol=${symbol}`)).symbols[0]?.status;
      expect(await Promise.all(['ADAUSDT', 'BTCUSDT'].map(statusOf))).toEqual(['BREAK', 'TRADING']);
      const DAY = 1_440 * MINUTE;
      const openTimes = async (symbol: string, from: number): Promise<number[]> =>
        (await klines(`symbol=${symbol}&interval=1m&startTime=${from - MINUTE}&limit=2`)).map(([openTime]) => openTime);
      for (const day of [start, start + DAY]) {
        expect(await openTimes('ADAUSDT', day)).toEqual([day - MINUTE, day + 120 * MINUTE]);
        expect(await openTimes('BTCUSDT', day)).toEqual([day - MINUTE, day]);
      }
      const today = start + 2 * DAY;
      expect(await openTimes('ADAUSDT', today)).toEqual([today - MINUTE]);
      const before = await json<{ lastPrice: string; lastId: number }>('/api/v3/ticker/24hr?symbol=ADAUSDT');
      elapsed = 30 * MINUTE;
      expect(await json('/api/v3/ticker/24hr?symbol=ADAUSDT')).toMatchObject({
        lastPrice: before.lastPrice,
        lastId: before.lastId,
      });
      const path = '/data/spot/daily/klines/ADAUSDT/1m/ADAUSDT-1m-2026-03-17.zip';
      const [csv] = Object.values(unzipSync(new Uint8Array(await (await get(path)).arrayBuffer())));
      expect(
        strFromU8(csv ?? new Uint8Array())
          .trim()
          .split('\n'),
      ).toHaveLength(1_440 - 120);
      elapsed = today + 120 * MINUTE - NOW;
      expect(await statusOf('ADAUSDT')).toBe('TRADING');
      elapsed = today + DAY - NOW;
      expect(await statusOf('ADAUSDT')).toBe('TRADING');
    });

    it('should list a new symbol, whose first minute is the one it is listed at', async () => {
      await start();
      const listed = THIS_MINUTE + MINUTE;
      const query = 'symbol=NEWUSDT&interval=1m';
      const symbols = async () =>
        (await json<{ symbols: { symbol: string }[] }>('/api/v3/exchangeInfo')).symbols.map(({ symbol }) => symbol);
      const before = await symbols();
      const bitcoin = await klines('symbol=BTCUSDT&interval=1d&limit=3');
      await setFaults({ kind: 'list', base_asset: 'NEW', quote_asset: 'USDT', start: listed });
      expect(await symbols()).toEqual(before);
      expect((await get(`/api/v3/klines?${query}`)).status).toBe(400);
      elapsed = listed - NOW + 3 * MINUTE;
      expect(await symbols()).toEqual([...before, 'NEWUSDT']);
      expect((await klines(query)).map(([openTime]) => openTime)).toEqual(
        [0, 1, 2, 3].map((minute) => listed + minute * MINUTE),
      );
      expect(await json('/api/v3/ticker/24hr?symbols=["NEWUSDT"]')).toMatchObject([{ symbol: 'NEWUSDT' }]);
      elapsed = 0;
      expect(await klines('symbol=BTCUSDT&interval=1d&limit=3')).toEqual(bitcoin);
    });

    it('should not know a symbol while it is delisted, and no other', async () => {
      await start();
      const info = async () =>
        (await json<{ symbols: { symbol: string }[] }>('/api/v3/exchangeInfo')).symbols.map(({ symbol }) => symbol);
      const before = await info();
      await setFaults({ kind: 'delist', symbol: 'XTZUSDT', start: THIS_MINUTE, end: THIS_MINUTE + 2 * MINUTE });
      expect(await info()).toEqual(before.filter((symbol) => symbol !== 'XTZUSDT'));
      for (const route of ['klines?interval=1m&', 'ticker/24hr?', 'exchangeInfo?']) {
        expect(await json(`/api/v3/${route}symbol=XTZUSDT`)).toMatchObject({ code: -1121 });
      }
      expect(JSON.stringify(await json('/api/v3/ticker/24hr'))).not.toContain('XTZUSDT');
      elapsed = 2 * MINUTE;
      expect(await info()).toEqual(before);
    });

    it('should lag behind with its newest rows', async () => {
      const fresh = await klines('symbol=BTCUSDT&interval=1m&limit=10');
      await setFaults({ kind: 'stale', rows: 2 });
      const stale = await klines('symbol=BTCUSDT&interval=1m&limit=7');
      expect(stale).toEqual(fresh.slice(0, 7));
      expect(await klines(`symbol=BTCUSDT&interval=1m&startTime=${THIS_MINUTE - MINUTE}`)).toEqual([]);
    });

    it('should have other numbers just after the close', async () => {
      await setFaults({ kind: 'forming-late', seconds: 60 });
      const query = `symbol=BTCUSDT&interval=1m&startTime=${THIS_MINUTE - MINUTE}&limit=1`;
      const [late] = await klines(query);
      elapsed = 60_000;
      const [final] = await klines(query);
      expect(late![5]).not.toBe(final![5]);
      await setFaults();
      expect(await klines(query)).toEqual([final]);
    });
  });
});
