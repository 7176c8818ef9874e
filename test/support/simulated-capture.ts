import { setTimeout as delay } from 'node:timers/promises';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { createBinanceExchange } from '@app/binance';
import { CaptureModule, CaptureStatus, WatchExchangeUseCase, type CaptureSnapshot } from '@app/capture';
import { Exchange, MINUTE, parsePriceEvent, SECOND, type EpochMicros } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakePorts } from '@app/testing';
import { InProcessExchange } from './in-process-exchange';

/** Timers are due at once by real time: what counts is the clock that the test moves. */
const AT_ONCE = 1e12;
const ATTEMPTS = 3;
/** More than any true answer of the simulator has. */
const MOST_BYTES = 4_000_000;
/** Silence is counted in real time, of which a market that the test moves has as much as the machine takes. */
const NO_WATCH: Pick<WatchExchangeUseCase, 'execute'> = { execute: () => Promise.resolve('idle') };

export interface CapturedPrice {
  readonly symbol: string;
  /** When it was captured. */
  readonly at: EpochMicros;
}

export interface StoredMinute extends CapturedPrice {
  readonly openTime: EpochMicros;
}

export interface SimulatedCaptureOptions {
  readonly start: EpochMicros;
  readonly symbols: readonly string[];
  readonly pollSeconds: number;
  /** Real time-out of a request. */
  readonly requestTimeoutMs: number;
  /** How many addresses of the exchange there are. */
  readonly hosts: number;
}

/**
 * The capturing half of the platform against exchange simulators over HTTP, all in this process, on one clock that stands
 * still until the test moves it: what is due then is done before the test goes on.
 */
export class SimulatedCapture {
  private readonly clock: FakeClock;
  private readonly ports: FakePorts;
  private readonly hosts: InProcessExchange[] = [];
  private exchange: Exchange | undefined;
  private module: TestingModule | undefined;

  constructor(private readonly options: SimulatedCaptureOptions) {
    this.clock = new FakeClock(options.start, AT_ONCE);
    this.ports = new FakePorts(this.clock, {
      SYMBOLS: options.symbols.join(','),
      POLL_INTERVAL_SECONDS: String(options.pollSeconds),
      BACKFILL_DAYS: '0',
    });
  }

  get now(): EpochMicros {
    return this.clock.now();
  }

  get prices(): CapturedPrice[] {
    return this.ports.publisher.events
      .filter(({ kind }) => kind === 'price')
      .map(({ value }) => parsePriceEvent(value))
      .map(({ symbol, timestamp }) => ({ symbol, at: timestamp }));
  }

  /** Minutes that are stored, as they were captured first. */
  get minutes(): StoredMinute[] {
    return [...this.ports.history.stored.values()].map(({ symbol, openTime, capturedAt }) => ({
      symbol,
      openTime,
      at: capturedAt,
    }));
  }

  /** Whether the exchange has told what it is of the symbol. */
  isDescribed(symbol: string): boolean {
    return this.ports.history.symbols.some((known) => known.symbol === symbol);
  }

  get snapshot(): CaptureSnapshot {
    if (!this.module) throw new Error('capture has not begun');
    return this.module.get(CaptureStatus).snapshot();
  }

  get blockedUntil(): EpochMicros | null {
    return this.exchange?.status().blockedUntil ?? null;
  }

  /** Requests that reached the exchange so far. */
  get requests(): number {
    return this.hosts.reduce((sum, { requests }) => sum + requests, 0);
  }

  /** From where on the minutes of the symbol are accounted for; undefined until the exchange has answered. */
  ledgerStart(symbol: string): EpochMicros | undefined {
    return this.ports.history.frames.get(symbol)?.ledgerStart;
  }

  async startExchange(): Promise<void> {
    while (this.hosts.length < this.options.hosts) this.hosts.push(await InProcessExchange.start(this.clock));
  }

  /** Replaces all faults of the first address. */
  setFaults(faults: readonly object[]): void {
    this.hosts[0]?.setFaults(faults);
  }

  /** Begins to capture, and waits until what is done at a start is done. */
  async startCapture(): Promise<void> {
    const { requestTimeoutMs, pollSeconds } = this.options;
    this.exchange = createBinanceExchange(
      {
        restUrls: this.hosts.map(({ url }) => url),
        clock: this.clock,
        logger: createLogger('silent', 'test'),
        metrics: new MetricsRegistry(),
      },
      {
        requestTimeoutMs,
        attemptsPerHost: ATTEMPTS,
        maxBodyBytes: MOST_BYTES,
        retryDelayMs: () => 0,
        // While a request waits the clock stands still.
        maxBlockWaitMs: 0,
        maxBudgetWaitMs: 0,
        intervalOf: (route) => (route === 'ticker_24hr' ? pollSeconds * SECOND : MINUTE),
      },
    );
    const imports = [this.ports.module()];
    const capture = CaptureModule.register({ process: 'test', capture: ['tickers', 'candles'], imports });
    this.module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Exchange)
      .useValue(this.exchange)
      .overrideProvider(WatchExchangeUseCase)
      .useValue(NO_WATCH)
      .compile();
    await this.module.init();
    await this.idle();
  }

  /** Lets market time pass until then, and waits until what is due is done. */
  async passUntil(time: EpochMicros): Promise<void> {
    this.clock.set(time);
    if (this.module) await this.idle();
  }

  async close(): Promise<void> {
    await this.module?.close();
    for (const host of this.hosts) await host.close();
  }

  /** Every task has looked at the clock since it was moved, and waits again. */
  private async idle(): Promise<void> {
    const registry = this.module?.get(SchedulerRegistry);
    if (!registry) return;
    const names = [
      'candle-sync',
      'first-minutes',
      'ledger-keeper',
      'store-upkeep',
      'symbol-refresh',
      'ticker-poll',
    ] as const;
    const timer = (name: string): unknown => (registry.doesExist('timeout', name) ? registry.getTimeout(name) : null);
    const before = names.map(timer);
    const isDone = (): boolean => names.every((name, index) => timer(name) !== null && timer(name) !== before[index]);
    while (!isDone()) await delay(1);
  }
}
