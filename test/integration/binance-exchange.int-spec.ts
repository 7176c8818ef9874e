import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createBinanceExchange, type BinanceOptions } from '@app/binance';
import { createClock } from '@app/clock';
import { floorTo, HOUR, MINUTE, type Clock, type Exchange } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';

const MAIN = resolve(__dirname, '../../dist/apps/exchange-simulator/src/main.js');

interface SimulatorStats {
  readonly requests: Readonly<Record<string, number>>;
  readonly max_weight_per_minute: number;
  readonly responses_429: number;
  readonly responses_418: number;
  readonly requests_before_retry_after: number;
  readonly requests_while_banned: number;
}

class Simulator {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(...options: string[]): Promise<Simulator> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: npx nest build exchange-simulator`);
    const child = spawn(process.execPath, [MAIN, '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) return new Simulator(child, url);
    }
    throw new Error('the simulator ended before it listened');
  }

  async json<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.url}${path}`)).json()) as T;
  }

  async put(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

const FAST: Partial<BinanceOptions> = { retryDelayMs: () => 10 };
/** For answers that come too late; whatever else is asked must not. */
const IMPATIENT: Partial<BinanceOptions> = { ...FAST, requestTimeoutMs: 2_000 };
/** The same market in each run; a market minute passes in a second. */
const CLOCK = ['--clock-origin', `2026-01-15T12:00:00Z@${new Date().toISOString()}`, '--clock-factor', '60'];

describe('BinanceExchange against the exchange simulator', () => {
  const running: Simulator[] = [];

  async function start(...options: string[]): Promise<Simulator> {
    const simulator = await Simulator.start(...CLOCK, ...options);
    running.push(simulator);
    return simulator;
  }

  async function connect(
    hosts: readonly Simulator[],
    clockKind: 'simulator' | 'system' = 'simulator',
    options = FAST,
  ): Promise<{ exchange: Exchange; clock: Clock }> {
    const restUrls = hosts.map(({ url }) => url);
    const clock = await createClock({ clock: clockKind, restUrls });
    const logger = createLogger('silent', 'test');
    return {
      exchange: createBinanceExchange({ restUrls, clock, logger, metrics: new MetricsRegistry() }, options),
      clock,
    };
  }

  async function expectPoliteness(simulator: Simulator): Promise<void> {
    const stats = await simulator.json<SimulatorStats>('/_simulator/stats');
    expect(stats).toMatchObject({ requests_before_retry_after: 0, requests_while_banned: 0 });
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
  });

  it('should answer every method of the port with its origin', async () => {
    const simulator = await start('--seed', '42');
    const { exchange, clock } = await connect([simulator]);

    const symbols = await exchange.symbols(['BTCUSDT', '币安人生USDT', 'NOSUCHPAIR']);
    expect(symbols.data.map(({ symbol }) => symbol).sort()).toEqual(['BTCUSDT', '币安人生USDT']);
    expect(symbols.origin).toBe('simulator:42');

    const tickers = await exchange.tickers(['BTCUSDT', 'NOSUCHPAIR', '币安人生USDT']);
    expect(tickers.data.rows.map(({ symbol }) => symbol).sort()).toEqual(['BTCUSDT', '币安人生USDT']);
    expect(tickers.data.refused).toMatchObject([{ symbol: 'NOSUCHPAIR', failure: 'unknown_symbol' }]);
    expect(tickers.receivedAt).toBeGreaterThan(symbols.receivedAt);

    const end = floorTo(clock.now(), MINUTE);
    for (const symbol of ['BTCUSDT', '币安人生USDT']) {
      const range = { start: end - 500 * MINUTE, end };
      const candles = await exchange.minuteCandles(symbol, range);
      const raw = await simulator.json<readonly (readonly unknown[])[]>(
        `/api/v3/klines?symbol=${encodeURIComponent(symbol)}&interval=1m` +
          `&startTime=${range.start / 1_000}&endTime=${range.end / 1_000 - 1}&limit=1000`,
      );
      expect(raw.length).toBeGreaterThan(0);
      expect(
        candles.data.map((candle) => [candle.openTime / 1_000, candle.open, candle.high, candle.low, candle.close]),
      ).toEqual(raw.map((row) => row.slice(0, 5)));
    }

    const time = await exchange.serverTime();
    expect(Math.abs(time.data.time - time.receivedAt)).toBeLessThan(HOUR);
    expect(time.data.receivedAt).toBeGreaterThan(time.data.sentAt);
    expect(exchange.status()).toMatchObject({ state: 'ok', detail: '', origin: 'simulator:42', weightLimit: 6_000 });
    await expectPoliteness(simulator);
  });

  it('should spread a burst over the minutes so that the exchange never refuses', async () => {
    const simulator = await start('--weight-limit', '100');
    const { exchange, clock } = await connect([simulator]);
    await exchange.symbols(['BTCUSDT']);
    expect(exchange.status().weightLimit).toBe(100);
    const end = floorTo(clock.now(), MINUTE);
    const pages = await Promise.all(
      Array.from({ length: 120 }, (_, page) =>
        exchange.minuteCandles('BTCUSDT', { start: end - (page + 1) * 10 * MINUTE, end: end - page * 10 * MINUTE }),
      ),
    );
    expect(pages).toHaveLength(120);
    const stats = await simulator.json<SimulatorStats>('/_simulator/stats');
    expect(stats).toMatchObject({ responses_429: 0, responses_418: 0 });
    expect(stats.max_weight_per_minute).toBeLessThanOrEqual(100);
    expect(stats.requests['/api/v3/klines']).toBe(120);
  });

  it.each([
    [{ kind: 'status', status: 500 }],
    [{ kind: 'status', status: 503, body: '<html></html>', html: true }],
    [{ kind: 'slow', delay_ms: 600_000 }],
    [{ kind: 'cut' }],
    [{ kind: 'malformed' }],
    [{ kind: 'empty' }],
    [{ kind: 'oversized', bytes: 40_000_000 }],
    [{ kind: 'rate-limit', retry_after_seconds: 17 }],
  ])('should get its answer in spite of %j', async (fault) => {
    const simulator = await start();
    const { exchange } = await connect([simulator], 'simulator', fault.kind === 'slow' ? IMPATIENT : FAST);
    await simulator.put('/_simulator/faults', [{ ...fault, times: 2 }]);
    await expect(exchange.tickers(['BTCUSDT', 'ETHUSDT'])).resolves.toMatchObject({ data: { rows: { length: 2 } } });
    expect(exchange.status()).toMatchObject({ state: 'ok', blockedUntil: null });
    await expectPoliteness(simulator);
    expect((await simulator.json<SimulatorStats>('/_simulator/stats')).requests).toEqual({ '/api/v3/ticker/24hr': 3 });
  });

  it.each([
    [{ kind: 'ban', retry_after_seconds: 7_200 }, 'banned'],
    [{ kind: 'rate-limit', retry_after_seconds: 3_600 }, 'rate_limited'],
    [{ kind: 'status', status: 403, html: true, headers: { 'retry-after': '3600' } }, 'forbidden'],
    [{ kind: 'geo-block' }, 'geo_blocked'],
  ])('should fall silent after %j', async (fault, failure) => {
    const simulator = await start();
    const { exchange } = await connect([simulator]);
    await simulator.put('/_simulator/faults', [fault]);
    for (let poll = 0; poll < 3; poll += 1) {
      await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure });
    }
    expect(exchange.status()).toMatchObject({ state: failure, blockedUntil: expect.any(Number) as number });
    await expectPoliteness(simulator);
    expect((await simulator.json<SimulatorStats>('/_simulator/stats')).requests).toEqual({ '/api/v3/ticker/24hr': 1 });
  });

  it('should go on at the next host when one refuses the region or goes away', async () => {
    const [first, second] = [await start('--seed', 'a'), await start('--seed', 'b')];
    const { exchange } = await connect([first, second]);
    await first.put('/_simulator/faults', [{ kind: 'geo-block' }]);
    await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ origin: 'simulator:b' });
    await second.stop();
    await expect(exchange.tickers(['BTCUSDT'])).rejects.toMatchObject({ failure: 'unreachable' });
    expect(exchange.status().state).toBe('unreachable');
  });

  it('should read answers with keys and statuses of tomorrow', async () => {
    const simulator = await start();
    const { exchange } = await connect([simulator]);
    await simulator.put('/_simulator/faults', [{ kind: 'extra', symbol: 'BTCUSDT' }]);
    await expect(exchange.symbols(['BTCUSDT'])).resolves.toMatchObject({ data: [{ status: 'STATUS_OF_TOMORROW' }] });
    await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ data: { rows: [{ symbol: 'BTCUSDT' }] } });
  });

  it('should wait for the next minute when another process has used up the weight', async () => {
    const simulator = await start();
    const { exchange, clock } = await connect([simulator]);
    await exchange.tickers(['BTCUSDT']);
    await simulator.put('/_simulator/faults', [{ kind: 'weight', used_weight: 5_000, times: 1 }]);
    // At the start of a minute, so that both requests could fall into it.
    await delay(clock.realMillisUntil(floorTo(clock.now(), MINUTE) + MINUTE));
    const usedUpAt = clock.now();
    await exchange.tickers(['BTCUSDT']);
    const second = await exchange.tickers(['BTCUSDT']);
    expect(floorTo(second.receivedAt, MINUTE)).toBeGreaterThan(floorTo(usedUpAt, MINUTE));
    await expect(simulator.json('/_simulator/stats')).resolves.toMatchObject({ responses_429: 0 });
  });

  it('should keep to tickers where nothing else is served', async () => {
    const simulator = await start('--only', 'ticker');
    const { exchange } = await connect([simulator], 'system');
    await expect(exchange.symbols(['BTCUSDT'])).rejects.toMatchObject({ failure: 'not_found' });
    await expect(exchange.tickers(['BTCUSDT'])).resolves.toMatchObject({ data: { rows: { length: 1 } } });
    expect(exchange.status().state).toBe('ok');
  });
});
