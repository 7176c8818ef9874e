import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createBinanceExchange, type BinanceOptions } from '@app/binance';
import { SystemClock } from '@app/clock';
import { floorTo, MINUTE, type Exchange } from '@app/domain';
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

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

const clock = new SystemClock();

function exchangeAt(urls: readonly string[], options: Partial<BinanceOptions> = {}): Exchange {
  const logger = createLogger('silent', 'test');
  return createBinanceExchange({ restUrls: urls, clock, logger, metrics: new MetricsRegistry() }, options);
}

describe('BinanceExchange against the exchange simulator', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });

  afterAll(async () => {
    await simulator.stop();
  });

  it('should answer every method of the port with its origin', async () => {
    const exchange = exchangeAt([simulator.url]);
    const now = clock.now();

    const symbols = await exchange.symbols(['BTCUSDT', 'ETHUSDT', '币安人生USDT', 'NOSUCHPAIR']);
    expect(symbols.data.map(({ symbol }) => symbol).sort()).toEqual(['BTCUSDT', 'ETHUSDT', '币安人生USDT']);
    expect(symbols.origin).toBe('simulator:1');

    const tickers = await exchange.tickers(['BTCUSDT', 'NOSUCHPAIR', '币安人生USDT']);
    expect(tickers.data.rows.map(({ symbol }) => symbol).sort()).toEqual(['BTCUSDT', '币安人生USDT']);
    expect(tickers.data.unknownSymbols).toEqual(['NOSUCHPAIR']);
    expect(tickers.receivedAt).toBeGreaterThanOrEqual(now);

    const end = floorTo(now, MINUTE);
    const start = end - 1_000 * MINUTE;
    const candles = await exchange.minuteCandles('BTCUSDT', { start, end });
    expect(candles.data).toHaveLength(1_000);
    expect(candles.data[0]?.openTime).toBe(start);
    expect(candles.data.at(-1)?.openTime).toBe(end - MINUTE);

    const time = await exchange.serverTime();
    expect(Math.abs(time.data - time.receivedAt)).toBeLessThan(MINUTE);
    expect(exchange.status()).toMatchObject({ state: 'ok', detail: '', origin: 'simulator:1', weightLimit: 6_000 });
  });
});
