import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR, MINUTE, SECOND, type Exchange } from '@app/domain';
import { MetricsRegistry, type Logger } from '@app/observability';
import { FakeClock } from '@app/testing';
import type { BinanceOptions } from './binance-options';
import { createBinanceExchange } from './create-binance-exchange';

const START = Date.UTC(2026, 0, 15, 12) * 1_000;

type Handler = (url: URL, response: ServerResponse) => void;

/** A loopback server that answers as the test wants and remembers what it was asked. */
class LoopbackExchange {
  readonly asked: string[] = [];
  /** Answer to `/_simulator/origin`; undefined: it has no such route. */
  origin: string | undefined;
  originAsked = 0;
  handler: Handler = answerTickers;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://loopback');
      if (url.pathname === '/_simulator/origin') {
        this.originAsked += 1;
        if (this.origin === undefined) send(response, 404, { message: 'no such route' });
        else send(response, 200, { origin: this.origin });
        return;
      }
      this.asked.push(request.url ?? '');
      this.handler(url, response);
    });
  }

  async listen(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers }).end(text);
}

const ticker = (symbol: string): Record<string, unknown> => ({
  symbol,
  lastPrice: '68001.20000000',
  priceChangePercent: '1.870',
  volume: '24567.12300000',
  keyOfTomorrow: 1,
});

const symbolsOf = (url: URL): string[] => JSON.parse(url.searchParams.get('symbols') ?? '[]') as string[];

const INVALID_SYMBOL = { code: -1121, msg: 'Invalid symbol.' };

function answerTickers(url: URL, response: ServerResponse): void {
  const symbols = symbolsOf(url);
  if (symbols.some((symbol) => symbol.startsWith('NOSUCH'))) send(response, 400, INVALID_SYMBOL);
  else send(response, 200, symbols.map(ticker));
}

/** Answers one after the other; the last one stays. */
function inTurn(...handlers: readonly [Handler, ...Handler[]]): Handler {
  let next = 0;
  return (url, response) => {
    const handler = handlers[Math.min(next, handlers.length - 1)] ?? handlers[0];
    next += 1;
    handler(url, response);
  };
}

const status =
  (code: number, body: unknown = '', headers: Record<string, string> = {}): Handler =>
  (_url, response) => {
    send(response, code, body, headers);
  };

const cut: Handler = (_url, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
  response.write('[{"symbol":');
  setImmediate(() => response.destroy());
};

describe('BinanceExchange', () => {
  const servers: LoopbackExchange[] = [];
  let clock: FakeClock;
  let metrics: MetricsRegistry;
  let logged: { level: string; message: string }[];

  beforeEach(() => {
    clock = new FakeClock(START);
    logged = [];
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(handler?: Handler): Promise<LoopbackExchange> {
    const server = await new LoopbackExchange().listen();
    if (handler) server.handler = handler;
    servers.push(server);
    return server;
  }

  function connect(hosts: readonly (LoopbackExchange | string)[], options: Partial<BinanceOptions> = {}): Exchange {
    metrics = new MetricsRegistry();
    const record = (level: string) => (_fields: object, message: string) => logged.push({ level, message });
    const logger = { debug: record('debug'), info: record('info'), warn: record('warn') } as unknown as Logger;
    const restUrls = hosts.map((host) => (typeof host === 'string' ? host : host.url));
    return createBinanceExchange(
      { restUrls, clock, logger, metrics },
      { retryDelayMs: () => 0, requestTimeoutMs: 5_000, ...options },
    );
  }

  const logLines = (level: string): string[] =>
    logged.filter((line) => line.level === level).map(({ message }) => message);

  async function metric(name: string): Promise<Record<string, number>> {
    const { values } = (await metrics.getSingleMetric(name)?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
  }

  describe('tickers', () => {
    it("should return the exchange's own text with the time of the answer", async () => {
      const server = await serve();
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT', 'ETHUSDT'])).resolves.toEqual({
        data: {
          rows: ['BTCUSDT', 'ETHUSDT'].map((symbol) => ({
            symbol,
            lastPrice: '68001.20000000',
            priceChangePercent: '1.870',
            volume: '24567.12300000',
          })),
          leftOut: [],
          refused: [],
        },
        receivedAt: START,
        origin: 'binance',
      });
      expect(server.asked).toHaveLength(1);
    });

    it('should percent-encode symbols that are not ASCII', async () => {
      const server = await serve();
      const answer = await connect([server]).tickers(['币安人生USDT']);
      expect(answer.data.rows.map(({ symbol }) => symbol)).toEqual(['币安人生USDT']);
      expect(server.asked).toEqual([
        '/api/v3/ticker/24hr?symbols=%5B%22%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT%22%5D',
      ]);
    });

    it('should ask for many symbols in lists of 20 and count their weight', async () => {
      const server = await serve();
      const exchange = connect([server]);
      const symbols = Array.from({ length: 45 }, (_, index) => `S${index}USDT`);
      const answer = await exchange.tickers(symbols);
      expect(answer.data.rows).toHaveLength(45);
      expect(server.asked).toHaveLength(3);
      expect(exchange.status().usedWeight).toBe(6);
    });

    it('should ask for all at once when there are very many, and name those that are not there', async () => {
      const symbols = Array.from({ length: 600 }, (_, index) => `S${index}USDT`);
      const server = await serve((_url, response) => {
        send(response, 200, [...symbols.slice(1), 'OTHERUSDT'].map(ticker));
      });
      const exchange = connect([server]);
      const answer = await exchange.tickers(symbols);
      expect(answer.data.rows).toHaveLength(599);
      expect(answer.data.refused).toMatchObject([{ symbol: 'S0USDT', failure: 'unknown_symbol' }]);
      expect(server.asked).toEqual(['/api/v3/ticker/24hr']);
      expect(exchange.status().usedWeight).toBe(80);
    });

    it('should find unknown symbols and return the rest', async () => {
      const server = await serve();
      const symbols = ['BTCUSDT', 'NOSUCHA', 'ETHUSDT', 'NOSUCHB', 'BNBUSDT', '=cmd|'];
      const { data } = await connect([server]).tickers(symbols);
      expect(data.rows.map(({ symbol }) => symbol).sort()).toEqual(['BNBUSDT', 'BTCUSDT', 'ETHUSDT']);
      expect(data.refused.map(({ symbol }) => symbol).sort()).toEqual(['=cmd|', 'NOSUCHA', 'NOSUCHB']);
      expect(data.refused).toContainEqual({
        symbol: 'NOSUCHA',
        failure: 'unknown_symbol',
        reason: 'ticker_24hr: HTTP 400: -1121 Invalid symbol.',
        retryAt: undefined,
      });
    });

    const everySymbol = Array.from({ length: 45 }, (_, index) => `S${index}USDT`);

    /** Whatever list a symbol is in is answered otherwise; the others as they should be. */
    const unlessAsked = (symbol: string, handler: Handler): Handler => {
      return (url, response) => {
        if (symbolsOf(url).includes(symbol)) handler(url, response);
        else answerTickers(url, response);
      };
    };

    it.each<[string, string, Handler]>([
      ['-1121', 'unknown_symbol', status(400, INVALID_SYMBOL)],
      ['another 400', 'rejected', status(400, { code: -1130, msg: 'Data sent is not valid.' })],
      ['404', 'not_found', status(404)],
      ['403 of the firewall', 'rejected', status(403, '<html></html>')],
      ['500', 'failing', status(500)],
      ['a page in place of JSON', 'failing', status(200, '<html></html>')],
      ['JSON of another shape', 'malformed', status(200, '"maintenance"')],
      ['a cut body', 'unreachable', cut],
      ['a reset', 'unreachable', (_url, response) => response.socket?.resetAndDestroy()],
    ])('should return all others when one symbol is answered with %s', async (_what, failure, handler) => {
      const server = await serve(unlessAsked('S23USDT', handler));
      const exchange = connect([server]);
      const { data } = await exchange.tickers(everySymbol);
      expect(data.rows).toHaveLength(44);
      expect(data.refused).toMatchObject([{ symbol: 'S23USDT', failure }]);
      expect(exchange.status().blockedUntil).toBeNull();
    });

    it('should return the others when several of one list are refused for different reasons', async () => {
      const server = await serve((url, response) => {
        const symbols = symbolsOf(url);
        if (symbols.includes('S1USDT')) send(response, 400, INVALID_SYMBOL);
        else if (symbols.includes('S18USDT')) send(response, 500, '');
        else answerTickers(url, response);
      });
      const { data } = await connect([server]).tickers(everySymbol.slice(0, 20));
      expect(data.rows).toHaveLength(18);
      expect(data.refused.map(({ symbol, failure }) => [symbol, failure])).toEqual([
        ['S1USDT', 'unknown_symbol'],
        ['S18USDT', 'failing'],
      ]);
    });

    it('should take lists apart now and then only while every symbol is refused', async () => {
      const server = await serve(status(400, INVALID_SYMBOL));
      const exchange = connect([server]);
      const asked: number[] = [];
      for (let second = 0; second < 60; second += 1) {
        server.asked.length = 0;
        await expect(exchange.tickers(everySymbol)).rejects.toMatchObject({ failure: 'unknown_symbol' });
        asked.push(server.asked.length);
        clock.advance(SECOND);
      }
      // One list of 20 is taken apart, then the lists are asked for as they are.
      expect(asked).toEqual([3 + 38, ...Array.from({ length: 58 }, () => 3), 3 + 38]);
      server.handler = answerTickers;
      expect((await exchange.tickers(everySymbol)).data.rows).toHaveLength(45);
    });

    it('should leave out one symbol only when it makes a list fall silent', async () => {
      const silentFor = unlessAsked('S3USDT', () => undefined);
      const server = await serve(silentFor);
      const exchange = connect([server], { requestTimeoutMs: 200 });
      const { data } = await exchange.tickers(everySymbol.slice(0, 20));
      expect(data.rows).toHaveLength(19);
      expect(data.refused).toMatchObject([{ symbol: 'S3USDT', failure: 'unreachable' }]);
    });

    it('should not take lists apart further while nothing is reached at all', async () => {
      const server = await serve((_url, response) => response.socket?.resetAndDestroy());
      const exchange = connect([server]);
      await expect(exchange.tickers(everySymbol.slice(0, 20))).rejects.toMatchObject({ failure: 'unreachable' });
      expect(server.asked).toHaveLength(3 + 2);
      await expect(exchange.tickers(everySymbol.slice(0, 20))).rejects.toMatchObject({ failure: 'unreachable' });
      expect(server.asked).toHaveLength(3 + 2 + 3);
    });

    it('should ask for the symbols of a list one by one when no row of its answer is one', async () => {
      const server = await serve(unlessAsked('S3USDT', status(200, [[], {}, 7, null])));
      const { data } = await connect([server]).tickers(everySymbol.slice(0, 20));
      expect(data.rows).toHaveLength(19);
      expect(data.leftOut).toEqual([{ symbol: 'S3USDT', detail: 'the answer has no ticker of S3USDT' }]);
    });

    it('should find out with few requests that the firewall refuses the address', async () => {
      const server = await serve(status(403));
      const exchange = connect([server]);
      await expect(exchange.tickers(everySymbol.slice(0, 20))).rejects.toMatchObject({ failure: 'forbidden' });
      expect(server.asked.length).toBeLessThanOrEqual(7);
      expect(exchange.status()).toMatchObject({ state: 'forbidden', blockedUntil: START + MINUTE });
    });

    it('should ask for no further list once the exchange wants silence', async () => {
      const server = await serve(status(429, '', { 'retry-after': '17' }));
      const symbols = Array.from({ length: 200 }, (_, index) => `S${index}USDT`);
      await expect(connect([server]).tickers(symbols)).rejects.toMatchObject({ failure: 'rate_limited' });
      expect(server.asked.length).toBeLessThanOrEqual(4);
    });

    it('should leave out a row that breaks the contract and one that is not there, name and count both', async () => {
      const server = await serve((_url, response) => {
        send(response, 200, [{ ...ticker('BTCUSDT'), lastPrice: 68001.2 }, ticker('ETHUSDT')]);
      });
      const answer = await connect([server]).tickers(['BTCUSDT', 'ETHUSDT', 'BNBUSDT']);
      expect(answer.data.rows.map(({ symbol }) => symbol)).toEqual(['ETHUSDT']);
      expect(answer.data.refused).toEqual([]);
      expect(answer.data.leftOut).toEqual([
        {
          symbol: 'BTCUSDT',
          detail: expect.stringMatching(/^the ticker of BTCUSDT: lastPrice is 68001.2, not an unsigned/) as string,
        },
        { symbol: 'BNBUSDT', detail: 'the answer has no ticker of BNBUSDT' },
      ]);
      await expect(metric('csp_exchange_rows_dropped_total')).resolves.toEqual({ broken: 1, absent: 1 });
      expect(logLines('warn')).toEqual(['rows of the exchange were not taken']);
    });
  });

  describe('minuteCandles', () => {
    const kline = (openMs: number): unknown[] => [
      openMs, '1.0', '2.0', '0.5', '1.5', '10.00', openMs + 59_999, '15.00', 3, '4.00', '6.00', '0',
    ]; // prettier-ignore

    it('should ask for open times in the range, in whole milliseconds', async () => {
      const server = await serve((_url, response) => {
        send(response, 200, [kline(START / 1_000), kline(START / 1_000 + 60_000)]);
      });
      const answer = await connect([server]).minuteCandles('BTCUSDT', { start: START - 1, end: START + 2 * MINUTE });
      expect(server.asked).toEqual([
        `/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${START / 1_000}&endTime=${START / 1_000 + 119_999}&limit=1000`,
      ]);
      expect(answer.data.map(({ openTime }) => openTime)).toEqual([START, START + MINUTE]);
      expect(answer.data[0]).toMatchObject({ capturedAt: START, source: 'binance_api_v3_klines', tradeCount: 3 });
    });

    it('should leave out a row that breaks the contract, count it, and keep the rows around it without another request', async () => {
      const [first, second, third] = [0, 1, 2].map((minute) => START / 1_000 + minute * 60_000) as [
        number,
        number,
        number,
      ];
      const server = await serve(
        status(200, [kline(first), kline(second).with(8, null), kline(third), kline(third).with(5, '1')]),
      );
      const exchange = connect([server]);
      const range = { start: START, end: START + 3 * MINUTE };
      const { data, leftOut, answered } = await exchange.minuteCandles('BTCUSDT', range);
      expect(data.map(({ openTime }) => openTime)).toEqual([START]);
      expect(leftOut).toMatchObject([
        { start: START + MINUTE, end: START + 2 * MINUTE, reason: 'broken' },
        { start: START + 2 * MINUTE, end: START + 3 * MINUTE, reason: 'conflicting' },
      ]);
      expect(answered).toEqual(range);
      expect(server.asked).toHaveLength(1);
      expect(exchange.status().state).toBe('ok');
      await expect(metric('csp_exchange_rows_dropped_total')).resolves.toMatchObject({ broken: 1, conflicting: 1 });
    });

    it('should ask again for a page that is no list of rows, and fail rather than take it for empty', async () => {
      const server = await serve(inTurn(status(200, { rows: [] }), status(200, [kline(START / 1_000)])));
      const exchange = connect([server]);
      const range = { start: START, end: START + 2 * MINUTE };
      expect((await exchange.minuteCandles('BTCUSDT', range)).data).toHaveLength(1);
      server.handler = status(200, { rows: [] });
      server.asked.length = 0;
      await expect(exchange.minuteCandles('BTCUSDT', range)).rejects.toMatchObject({
        failure: 'malformed',
        message: expect.stringContaining('klines without a list of rows') as string,
      });
      expect(server.asked).toHaveLength(3);
      await expect(metric('csp_exchange_retries_total')).resolves.toEqual({ wrong_shape: 3 });
    });

    it('should take a row once that is there twice', async () => {
      const server = await serve(status(200, [kline(START / 1_000), kline(START / 1_000)]));
      const answer = await connect([server]).minuteCandles('BTCUSDT', { start: START, end: START + MINUTE });
      expect(answer.data).toHaveLength(1);
      await expect(metric('csp_exchange_rows_dropped_total')).resolves.toEqual({ duplicate: 1 });
    });

    it('should name an unknown symbol, without a retry', async () => {
      const server = await serve(status(400, INVALID_SYMBOL));
      const exchange = connect([server]);
      const range = { start: START, end: START + MINUTE };
      await expect(exchange.minuteCandles('NOSUCH', range)).rejects.toMatchObject({
        code: 'EXCHANGE.REQUEST_FAILED',
        failure: 'unknown_symbol',
        message: 'klines: HTTP 400: -1121 Invalid symbol.',
      });
      await expect(exchange.minuteCandles('no symbol', range)).rejects.toMatchObject({ failure: 'unknown_symbol' });
      await expect(exchange.minuteCandles('BTCUSDT', { start: START, end: START })).rejects.toThrow(RangeError);
      expect(server.asked).toHaveLength(1);
    });
  });

  describe('symbols', () => {
    const info = (symbol: string): object => ({ symbol, status: 'HALT', baseAsset: 'A', quoteAsset: 'B', new: [] });
    const rateLimits = [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1_200 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 6_100 },
    ];

    it('should read symbols and limits', async () => {
      const server = await serve((url, response) => {
        send(response, 200, { rateLimits, symbols: symbolsOf(url).map(info), sors: [] });
      });
      const exchange = connect([server]);
      const answer = await exchange.symbols(['BTCUSDT', '币安人生USDT']);
      expect(answer.data).toEqual([
        { symbol: 'BTCUSDT', status: 'HALT', baseAsset: 'A', quoteAsset: 'B' },
        { symbol: '币安人生USDT', status: 'HALT', baseAsset: 'A', quoteAsset: 'B' },
      ]);
      expect(exchange.status()).toMatchObject({ usedWeight: 20, weightLimit: 1_200 });
    });

    it('should pick from the full list when one symbol is unknown', async () => {
      const server = await serve((url, response) => {
        if (url.searchParams.has('symbols')) send(response, 400, INVALID_SYMBOL);
        else send(response, 200, { rateLimits: [], symbols: ['BTCUSDT', 'ETHUSDT'].map(info) });
      });
      const answer = await connect([server]).symbols(['BTCUSDT', 'NOSUCH', 'no symbol']);
      expect(answer.data.map(({ symbol }) => symbol)).toEqual(['BTCUSDT']);
      expect(server.asked[1]).toBe('/api/v3/exchangeInfo?showPermissionSets=false');
    });

    it('should not send an address that is too long', async () => {
      const symbols = Array.from({ length: 900 }, (_, index) => `SYMBOL${index}USDT`);
      const server = await serve(status(200, { symbols: symbols.map(info) }));
      await expect(connect([server]).symbols(symbols)).resolves.toMatchObject({ data: { length: 900 } });
      expect(server.asked).toEqual(['/api/v3/exchangeInfo?showPermissionSets=false']);
    });
  });

  it('should read the time of the exchange', async () => {
    const server = await serve(status(200, { serverTime: START / 1_000 + 5 }));
    await expect(connect([server]).serverTime()).resolves.toEqual({
      data: { time: START + 5_000, sentAt: 0, receivedAt: 0 },
      receivedAt: START,
      origin: 'binance',
    });
  });

  describe('politeness', () => {
    it.each([
      [429, { 'retry-after': '17' }, 'rate_limited', 17 * SECOND],
      [418, { 'retry-after': '7200' }, 'banned', 2 * HOUR],
      [403, { 'retry-after': '300' }, 'forbidden', 5 * MINUTE],
      [429, {}, 'rate_limited', MINUTE],
      [418, {}, 'banned', MINUTE],
    ])('should send nothing after %i until the time is over', async (code, headers, failure, silence) => {
      const server = await serve(status(code, '<html><title>No</title></html>', headers));
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure });
      expect(exchange.status()).toMatchObject({ state: failure, blockedUntil: START + silence });
      expect(exchange.status().detail).toContain(`HTTP ${code}: No`);

      clock.advance(silence - 6 * SECOND);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure });
      await expect(exchange.serverTime()).rejects.toMatchObject({ failure });
      expect(server.asked).toHaveLength(1);

      clock.advance(6 * SECOND);
      server.handler = answerTickers;
      await exchange.tickers(['BTCUSDT']);
      expect(server.asked).toHaveLength(2);
      expect(exchange.status()).toMatchObject({ state: 'ok', detail: '', blockedUntil: null });
      await expect(metric('csp_exchange_blocked_seconds_total')).resolves.toEqual({ [failure]: silence / SECOND });
      expect(logged).toHaveLength(2);
    });

    it.each([
      [429, 'rate_limited'],
      [418, 'banned'],
    ])('should double the silence after %i that names no end, up to ten minutes', async (code, failure) => {
      const server = await serve(status(code));
      const exchange = connect([server]);
      const silences: number[] = [];
      for (let refusal = 0; refusal < 6; refusal += 1) {
        await expect(exchange.serverTime()).rejects.toMatchObject({ failure });
        silences.push((exchange.status().blockedUntil ?? 0) - clock.now());
        clock.set(exchange.status().blockedUntil ?? 0);
      }
      expect(silences.map((silence) => silence / MINUTE)).toEqual([1, 2, 4, 8, 10, 10]);
      server.handler = inTurn(answerTickers, status(code));
      await exchange.tickers(['BTCUSDT']);
      await expect(exchange.serverTime()).rejects.toMatchObject({ failure });
      expect(exchange.status().blockedUntil).toBe(clock.now() + MINUTE);
    });

    it.each([
      [403, '<html><title>ERROR</title></html>'],
      [202, ''],
    ])('should take a %i of the firewall for the question alone until another is refused too', async (code, page) => {
      const server = await serve(status(code, page));
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'rejected' });
      expect(exchange.status()).toMatchObject({ state: 'forbidden', blockedUntil: null });
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'rejected' });
      expect(server.asked).toHaveLength(2);

      await expect(exchange.serverTime()).rejects.toMatchObject({ failure: 'forbidden' });
      expect(exchange.status()).toMatchObject({ state: 'forbidden', blockedUntil: START + MINUTE });
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'forbidden' });
      expect(server.asked).toHaveLength(3);

      clock.advance(MINUTE);
      server.handler = answerTickers;
      await exchange.tickers(['BTCUSDT']);
      expect(exchange.status()).toMatchObject({ state: 'ok', blockedUntil: null });
      server.handler = status(code, page);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'rejected' });
    });

    it('should hold the silence when the clock is set, and no longer', async () => {
      const server = await serve(status(429, '', { 'retry-after': '120' }));
      const exchange = connect([server]);
      await expect(exchange.serverTime()).rejects.toMatchObject({ failure: 'rate_limited' });
      clock.step(-26 * HOUR);
      expect(exchange.status().blockedUntil).toBe(clock.now() + 2 * MINUTE);
      clock.advance(2 * MINUTE);
      expect(exchange.status().blockedUntil).toBeNull();
    });

    it('should not believe limits under which it could never ask again', async () => {
      const rateLimits = [
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1 },
        { rateLimitType: 'RAW_REQUESTS', interval: 'DAY', intervalNum: 365, limit: 300_000 },
        { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 2 },
      ];
      const server = await serve(status(200, { rateLimits, symbols: [] }));
      const exchange = connect([server]);
      for (let question = 0; question < 5; question += 1) await exchange.symbols(['BTCUSDT']);
      expect(exchange.status().weightLimit).toBe(6_000);
      expect(server.asked).toHaveLength(5);
    });

    it('should wait for the end of a short silence and then go on', async () => {
      clock = new FakeClock(START, 1_000_000);
      const server = await serve(inTurn(status(429, '', { 'retry-after': '2' }), answerTickers));
      const exchange = connect([server]);
      const poll = exchange.tickers(['BTCUSDT']);
      while (exchange.status().blockedUntil === null) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(server.asked).toHaveLength(1);
      clock.advance(2 * SECOND);
      await expect(poll).resolves.toMatchObject({ data: { rows: { length: 1 } } });
      expect(server.asked).toHaveLength(2);
    });

    it('should trust a weight header that jumps, and wait for the next minute', async () => {
      clock = new FakeClock(START, 1_000_000);
      const server = await serve((url, response) => {
        response.setHeader('x-mbx-used-weight-1m', clock.now() < START + MINUTE ? '4799' : '2');
        answerTickers(url, response);
      });
      const exchange = connect([server]);
      await exchange.tickers(['BTCUSDT']);
      expect(exchange.status().usedWeight).toBe(4_799);
      const poll = exchange.tickers(['BTCUSDT']);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(server.asked).toHaveLength(1);
      clock.advance(MINUTE);
      await poll;
      expect(server.asked).toHaveLength(2);
      expect(exchange.status().usedWeight).toBe(2);
      await expect(metric('csp_exchange_used_weight')).resolves.toEqual({ '': 2 });
    });

    it('should charge a refused request too', async () => {
      const server = await serve(status(400, { code: -1120, msg: 'Invalid interval.' }));
      const exchange = connect([server]);
      await expect(exchange.serverTime()).rejects.toMatchObject({
        failure: 'rejected',
        message: 'time: HTTP 400: -1120 Invalid interval.',
      });
      expect(server.asked).toHaveLength(1);
      expect(exchange.status()).toMatchObject({ usedWeight: 1, state: 'failing' });
    });
  });

  describe('a host in trouble', () => {
    const oversized: Handler = (_url, response) => {
      send(response, 200, `[${' '.repeat(200_000)}]`);
    };
    const silent: Handler = () => undefined;

    it('should not ask again at once when the host says how long it is busy', async () => {
      const server = await serve(status(503, '', { 'retry-after': '30' }));
      await expect(connect([server]).serverTime()).rejects.toMatchObject({
        failure: 'failing',
        retryAt: START + 30 * SECOND,
      });
      expect(server.asked).toHaveLength(1);
    });

    it.each<[string, Handler, string, string]>([
      ['500', status(500, { code: -1000, msg: 'Unknown' }), 'server_error', 'failing'],
      ['503', status(503, '<html></html>'), 'server_error', 'failing'],
      ['a cut body', cut, 'cut_body', 'unreachable'],
      ['JSON that is none', status(200, '[{"symbol":'), 'malformed_json', 'failing'],
      ['an empty body', status(200, ''), 'malformed_json', 'failing'],
      ['a body without end', oversized, 'oversized_body', 'failing'],
      ['a slow answer', silent, 'timeout', 'unreachable'],
    ])('should ask three times after %s, and say so once', async (_what, handler, reason, state) => {
      const server = await serve(inTurn(handler, handler, answerTickers));
      const exchange = connect([server], { requestTimeoutMs: 300, maxBodyBytes: 100_000 });
      await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ data: { rows: { length: 1 } } });
      expect(server.asked).toHaveLength(3);
      await expect(metric('csp_exchange_retries_total')).resolves.toEqual({ [reason]: 2 });
      await expect(metric('csp_exchange_requests_total')).resolves.toEqual({
        [`ticker_24hr ${reason}`]: 2,
        'ticker_24hr ok': 1,
      });

      server.handler = handler;
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: state });
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: state });
      expect(server.asked).toHaveLength(9);
      expect(exchange.status()).toMatchObject({ state, host: new URL(server.url).host, lastAnswerAt: START });
      expect(exchange.status().detail).not.toBe('');
      expect(logLines('debug')).toHaveLength(1);
      server.handler = answerTickers;
      await exchange.tickers(['BTCUSDT']);
      expect(exchange.status()).toMatchObject({ state: 'ok', detail: '' });
      expect(logLines('info')).toHaveLength(2);
    });

    it('should tell where a route is missing', async () => {
      const server = await serve((url, response) => {
        if (url.pathname.endsWith('/ticker/24hr')) answerTickers(url, response);
        else send(response, 404, '');
      });
      const exchange = connect([server]);
      await exchange.tickers(['BTCUSDT']);
      const range = { start: START, end: START + MINUTE };
      await expect(exchange.minuteCandles('BTCUSDT', range)).rejects.toMatchObject({ failure: 'not_found' });
      await expect(exchange.symbols(['BTCUSDT'])).rejects.toMatchObject({ failure: 'not_found' });
      await expect(exchange.serverTime()).rejects.toMatchObject({ failure: 'not_found' });
      expect(server.asked).toHaveLength(4);
      expect(exchange.status().state).toBe('ok');
    });

    it('should stop when the caller aborts', async () => {
      const controller = new AbortController();
      const reason = new Error('shutting down');
      const server = await serve(() => {
        controller.abort(reason);
      });
      await expect(connect([server]).tickers(['BTCUSDT'], controller.signal)).rejects.toBe(reason);
      expect(server.asked).toHaveLength(1);
    });

    it('should go on to the next host, stay there, and come back after some minutes', async () => {
      const [preferred, other] = [await serve(status(502)), await serve()];
      const exchange = connect([preferred, other]);
      expect(exchange.status()).toMatchObject({ state: 'unknown', origin: null, lastAnswerAt: null });
      await exchange.tickers(['BTCUSDT']);
      await exchange.tickers(['BTCUSDT']);
      expect([preferred.asked.length, other.asked.length]).toEqual([3, 2]);
      expect(exchange.status()).toMatchObject({ state: 'ok', host: new URL(other.url).host });

      clock.advance(5 * MINUTE);
      await exchange.tickers(['BTCUSDT']);
      expect([preferred.asked.length, other.asked.length]).toEqual([4, 3]);

      preferred.handler = answerTickers;
      clock.advance(5 * MINUTE);
      await exchange.tickers(['BTCUSDT']);
      await exchange.tickers(['BTCUSDT']);
      expect([preferred.asked.length, other.asked.length]).toEqual([6, 3]);
      expect(exchange.status().host).toBe(new URL(preferred.url).host);
    });

    it('should leave a host that refuses the region alone for five minutes', async () => {
      const [preferred, other] = [await serve(status(451, { code: 0, msg: 'restricted location' })), await serve()];
      const exchange = connect([preferred, other]);
      await exchange.tickers(['BTCUSDT']);
      clock.advance(5 * MINUTE - SECOND);
      await exchange.tickers(['BTCUSDT']);
      expect([preferred.asked.length, other.asked.length]).toEqual([1, 2]);
      expect(exchange.status()).toMatchObject({
        state: 'ok',
        detail: `refusing this region: ${new URL(preferred.url).host}`,
        blockedUntil: null,
      });
      clock.advance(SECOND);
      await exchange.tickers(['BTCUSDT']);
      expect(preferred.asked).toHaveLength(2);
    });

    it.each([1, 2])(
      'should be geo_blocked when each of %i hosts refuses the region, and ask after five minutes',
      async (count) => {
        const hosts: LoopbackExchange[] = [];
        while (hosts.length < count) hosts.push(await serve(status(451)));
        const exchange = connect(hosts);
        await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'geo_blocked' });
        clock.advance(5 * MINUTE - SECOND);
        const retryAt = START + 5 * MINUTE;
        await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'geo_blocked', retryAt });
        expect(hosts.map(({ asked }) => asked.length)).toEqual(hosts.map(() => 1));
        expect(exchange.status()).toMatchObject({ state: 'geo_blocked', blockedUntil: retryAt });
        clock.advance(SECOND);
        for (const host of hosts) host.handler = answerTickers;
        await exchange.tickers(['BTCUSDT']);
        expect(exchange.status()).toMatchObject({ state: 'ok', blockedUntil: null });
      },
    );
  });

  describe('the question whether anybody is there', () => {
    const unreachable = { failure: 'unreachable' };
    const LONG_MS = 3_600_000;
    const gone: Handler = (_url, response) => response.socket?.resetAndDestroy();
    const empty = status(200, {});
    /** Answers the question as it says, and everything else otherwise. */
    const pings = (ofPing: Handler, ofOthers: Handler): Handler => {
      return (url, response) => {
        (url.pathname === '/api/v3/ping' ? ofPing : ofOthers)(url, response);
      };
    };

    it('should be asked after silence alone, with a weight of 1', async () => {
      const server = await serve(empty);
      const exchange = connect([server]);
      await expect(exchange.ping(LONG_MS)).resolves.toBe(false);
      expect(server.asked).toEqual([]);
      await expect(exchange.ping(0)).resolves.toBe(true);
      expect(server.asked).toEqual(['/api/v3/ping']);
      expect(exchange.status()).toMatchObject({ state: 'unknown', usedWeight: 1 });
    });

    it.each<[string, Handler]>([
      ['an answer', answerTickers],
      ['a refusal', status(400, { code: -1130, msg: 'no' })],
      ['trouble', status(500)],
    ])('should take %s for the end of silence', async (_what, handler) => {
      const server = await serve(handler);
      const exchange = connect([server]);
      await new Promise((resolve) => setTimeout(resolve, 60));
      await exchange.tickers(['BTCUSDT']).catch(() => undefined);
      await expect(exchange.ping(50)).resolves.toBe(false);
    });

    it('should find out that the exchange is away, and that it is back', async () => {
      const server = await serve();
      const exchange = connect([server]);
      await exchange.tickers(['BTCUSDT']);
      server.handler = gone;
      await expect(exchange.ping(0)).rejects.toMatchObject(unreachable);
      expect(exchange.status()).toMatchObject({ state: 'unreachable' });
      server.handler = pings(empty, gone);
      await exchange.ping(0);
      expect(exchange.status()).toMatchObject({ state: 'ok', detail: '' });
      expect(logLines('info').at(-1)).toContain('the exchange answers');
    });

    it('should find out that it is back after another request has found that it is away', async () => {
      const server = await serve(gone);
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject(unreachable);
      server.handler = pings(empty, gone);
      await exchange.ping(0);
      expect(exchange.status().state).toBe('ok');
    });

    it('should not say that it is back while a request that found nobody is still being tried', async () => {
      const server = await serve(gone);
      const exchange = connect([server], { attemptsPerHost: 2, retryDelayMs: () => 1_000 });
      await expect(exchange.ping(0)).rejects.toMatchObject(unreachable);
      server.handler = pings(empty, gone);
      const poll = exchange.tickers(['BTCUSDT']).catch(() => undefined);
      while (!server.asked.some((path) => path.includes('ticker')))
        await new Promise((resolve) => setTimeout(resolve, 1));
      await exchange.ping(0);
      expect(exchange.status().state).toBe('unreachable');
      await poll;
      await exchange.ping(0);
      expect(exchange.status().state).toBe('ok');
    });

    it('should not say that every host refuses the region while one is only waiting', async () => {
      const [first, second] = [await serve(status(503, '', { 'retry-after': '600' })), await serve()];
      const exchange = connect([first, second]);
      await exchange.tickers(['BTCUSDT']);
      first.asked.length = 0;
      second.handler = status(451);
      await expect(exchange.ping(0)).resolves.toBe(false);
      expect([first.asked.length, second.asked.length]).toEqual([0, 2]);
      expect(exchange.status()).toMatchObject({ state: 'ok', blockedUntil: null });
    });

    it('should say that every host refuses the region when none is left', async () => {
      const hosts = [await serve(status(451)), await serve(status(451))];
      const exchange = connect(hosts);
      await expect(exchange.ping(0)).rejects.toMatchObject({ failure: 'geo_blocked' });
      expect(exchange.status().state).toBe('geo_blocked');
      await expect(exchange.ping(0)).resolves.toBe(false);
    });

    it.each<[string, Handler, string]>([
      ['fails', status(500), 'failing'],
      ['is refused by the firewall', status(403, '<html></html>'), 'forbidden'],
    ])('should not hide that a poll %s', async (_what, handler, state) => {
      const server = await serve(pings(empty, handler));
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toThrow();
      await expect(exchange.ping(0)).resolves.toBe(true);
      expect(exchange.status().state).toBe(state);
    });

    it.each([
      ['418 with Retry-After', status(418, '', { 'retry-after': '600' })],
      ['429 with Retry-After', status(429, '', { 'retry-after': '600' })],
      ['429 that names no end', status(429)],
      ['503 with Retry-After', status(503, '', { 'retry-after': '600' })],
      ['451', status(451)],
    ])('should not be asked while the exchange wants silence after %s', async (_what, handler) => {
      const server = await serve(handler);
      const exchange = connect([server], { maxBlockWaitMs: 0 });
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toThrow();
      const { length } = server.asked;
      clock.advance(59 * SECOND);
      await expect(exchange.ping(0)).resolves.toBe(false);
      expect(server.asked).toHaveLength(length);
      clock.advance(10 * MINUTE);
      server.handler = empty;
      await expect(exchange.ping(0)).resolves.toBe(true);
    });

    it('should leave pauses that grow as they are', async () => {
      const server = await serve(pings(empty, status(429)));
      const exchange = connect([server], { maxBlockWaitMs: 0 });
      const pauses: number[] = [];
      for (let poll = 0; poll < 3; poll += 1) {
        await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'rate_limited' });
        const pause = (exchange.status().blockedUntil ?? 0) - clock.now();
        pauses.push(pause / MINUTE);
        clock.advance(pause);
        await expect(exchange.ping(0)).resolves.toBe(true);
      }
      expect(pauses).toEqual([1, 2, 4]);
    });

    it('should take a refusal for a sign of life where the exchange has no such route', async () => {
      const server = await serve(pings(status(404), answerTickers));
      const exchange = connect([server]);
      await expect(exchange.ping(0)).resolves.toBe(true);
      expect(exchange.status().state).toBe('unknown');
    });

    it('should ask the next host where one is away, and only those that do not want to be left alone', async () => {
      const [first, second] = [await serve(gone), await serve(empty)];
      const exchange = connect([first, second]);
      await exchange.ping(0);
      expect([first.asked.length, second.asked.length]).toEqual([3, 1]);
      first.handler = status(503, '', { 'retry-after': '600' });
      second.handler = answerTickers;
      clock.advance(6 * MINUTE);
      await exchange.tickers(['BTCUSDT']);
      second.handler = gone;
      const { length } = first.asked;
      await expect(exchange.ping(0)).rejects.toMatchObject(unreachable);
      expect(first.asked).toHaveLength(length);
    });

    it('should tell of a host that does not answer after some seconds, and end when it is told to', async () => {
      const server = await serve(() => undefined);
      const exchange = connect([server]);
      const stop = new AbortController();
      const asked = exchange.ping(0, stop.signal);
      const began = performance.now();
      while (exchange.status().state !== 'unreachable') await new Promise((resolve) => setTimeout(resolve, 10));
      expect(performance.now() - began).toBeLessThan(8_000);
      stop.abort();
      await expect(asked).rejects.toThrow('aborted');
    }, 15_000);
  });

  describe('origin', () => {
    it('should take the origin that a simulator names, once', async () => {
      const server = await serve();
      server.origin = 'simulator:7';
      const exchange = connect([server]);
      await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ origin: 'simulator:7' });
      await exchange.tickers(['BTCUSDT']);
      expect(server.originAsked).toBe(1);
      expect(exchange.status().origin).toBe('simulator:7');
    });

    it('should ask for it again when something else listens at the address', async () => {
      const server = await serve();
      server.origin = 'simulator:7';
      const { port, url } = server;
      const exchange = connect([url]);
      await exchange.tickers(['BTCUSDT']);
      await server.close();
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'unreachable' });
      expect(exchange.status()).toMatchObject({ state: 'unreachable', origin: null });
      const successor = await new LoopbackExchange().listen(port);
      servers.push(successor);
      successor.origin = 'recording:ab12:364';
      await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ origin: 'recording:ab12:364' });
    });

    it('should not take data of an origin that could not be asked for', async () => {
      const server = await serve();
      server.origin = 'not an origin';
      await expect(connect([server]).tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'failing' });
      expect(server.asked).toEqual([]);
    });

    it('should never mix two origins in one poll', async () => {
      const [first, second] = [await serve(), await serve()];
      first.origin = 'simulator:1';
      second.origin = 'simulator:2';
      first.handler = (url, response) => {
        if (symbolsOf(url).includes('S0USDT')) answerTickers(url, response);
        else send(response, 500, '');
      };
      const symbols = Array.from({ length: 25 }, (_, index) => `S${index}USDT`);
      await expect(connect([first, second]).tickers(symbols)).rejects.toMatchObject({ failure: 'unreachable' });
    });
  });
});
