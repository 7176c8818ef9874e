import { createClient } from '@redis/client';
import { RateLimiterRedis, type RateLimiterCompatibleAbstract } from 'rate-limiter-flexible';
import { Counter, Gauge, type Logger, type MetricsRegistry } from '@app/observability';
import { NO_LIMIT, type Limiter } from './limiter';

/** A Redis that has not answered by then is away: what asked goes on without it. */
const ANSWER_MS = 250;
/** So long nobody asks a Redis that did not answer. */
const PAUSE_MS = 1_000;
const CONNECT_MS = 5_000;
/** Between two attempts to connect again. */
const RECONNECT_MS = 500;

const PREFIX = 'csp:budget';

export interface SharedLimiterOptions {
  readonly url: string;
  /** Seconds of a window. */
  readonly duration: number;
  /** Counts while Redis is away. */
  readonly insurance: RateLimiterCompatibleAbstract;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** Counters in Redis, for all replicas of the API; while it is away, each counts by itself, and nobody is refused for that. */
export class SharedCounters {
  readonly limiter: Limiter;
  private readonly client: ReturnType<typeof createClient>;
  private readonly logger: Logger;
  private readonly up: Gauge;
  private readonly alone: Counter;
  private isUp: boolean | undefined;
  /** Until when (monotonic milliseconds) Redis is not asked. */
  private pausedUntil = 0;

  constructor({ url, duration, insurance, logger, metrics }: SharedLimiterOptions) {
    this.logger = logger;
    this.up = new Gauge({
      name: 'csp_throttle_redis_up',
      help: 'Whether request budgets are counted together with other replicas, in Redis; 0 while it is away.',
      registers: [metrics],
    });
    this.alone = new Counter({
      name: 'csp_throttle_redis_misses_total',
      help: 'Counts of requests that this process made by itself because Redis was away.',
      registers: [metrics],
    });
    this.client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: CONNECT_MS, reconnectStrategy: RECONNECT_MS },
    });
    this.client.on('error', (error: Error) => {
      this.lost(error);
    });
    this.client.on('ready', () => {
      this.found();
    });
    this.limiter = new RateLimiterRedis({
      storeClient: this.door(),
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
      keyPrefix: PREFIX,
      points: NO_LIMIT,
      duration,
      insuranceLimiter: insurance,
    });
  }

  /** Connects in the background, again and again: a process that starts before Redis counts by itself until then. */
  connect(): void {
    this.client.connect().catch((error: unknown) => {
      this.lost(error);
    });
  }

  close(): void {
    this.client.removeAllListeners('error').on('error', () => undefined);
    if (this.client.isOpen) this.client.destroy();
  }

  /** What the limiter has in place of the client: each call has its time, and none is made while Redis is away. */
  private door(): object {
    const isReady = (): boolean => {
      const ready = this.client.isReady && performance.now() >= this.pausedUntil;
      if (!ready) this.alone.inc();
      return ready;
    };
    return {
      get isReady(): boolean {
        return isReady();
      },
      eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
        this.inTime(this.client.eval(script, options)),
      del: (key: string) =>
        isReady() ? this.inTime(this.client.del(key)) : Promise.reject(new Error('Redis is away')),
    };
  }

  private async inTime<T>(call: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
    });
    try {
      const answer = await Promise.race([call, late]);
      this.found();
      return answer;
    } catch (error) {
      this.pausedUntil = performance.now() + PAUSE_MS;
      this.alone.inc();
      this.lost(error);
      throw error;
    } finally {
      clearTimeout(timer);
      // Whoever is late is not waited for any more.
      call.catch(() => undefined);
    }
  }

  private found(): void {
    if (this.isUp === true) return;
    this.up.set(1);
    if (this.isUp === false) this.logger.info('Redis is back: request budgets are shared again');
    this.isUp = true;
  }

  private lost(error: unknown): void {
    if (this.isUp === false) return;
    this.isUp = false;
    this.up.set(0);
    const reason = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
    this.logger.warn({ reason }, 'Redis is away: each process counts requests by itself until it is back');
  }
}
