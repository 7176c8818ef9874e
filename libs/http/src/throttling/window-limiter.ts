import { RateLimiterCompatibleAbstract, RateLimiterRes } from 'rate-limiter-flexible';

interface Window {
  points: number;
  /** Real time at which it ends, in milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

interface DurationOption {
  /** Seconds, in place of the length that windows have otherwise. */
  readonly customDuration?: number;
}

export interface WindowLimiterOptions {
  /** Points in a window; beyond that `consume` rejects. */
  readonly points: number;
  /** Length of a window in seconds. */
  readonly duration: number;
  readonly now?: () => number;
  readonly maxCounters?: number;
}

/** Most counters at once; beyond that the oldest windows are forgotten first. */
const MAX_COUNTERS = 50_000;

/**
 * Counts in the memory of this process, each counter in a window that begins with its first point. The limiter in memory
 * that the library has keeps a timer for each counter and as many of them as there are clients; here their number is
 * bounded.
 */
export class WindowLimiter extends RateLimiterCompatibleAbstract {
  private readonly windows = new Map<string, Window>();
  private readonly points: number;
  private readonly durationMs: number;
  private readonly now: () => number;
  private readonly maxCounters: number;

  constructor({ points, duration, now = () => performance.now(), maxCounters = MAX_COUNTERS }: WindowLimiterOptions) {
    super();
    this.points = points;
    this.durationMs = duration * 1_000;
    this.now = now;
    this.maxCounters = maxCounters;
  }

  get size(): number {
    return this.windows.size;
  }

  override consume(counter: string, points = 1, options: DurationOption = {}): Promise<RateLimiterRes> {
    const count = this.add(counter, points, options);
    // The library's contract: a refusal is its count, and no error.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return count.consumedPoints > this.points ? Promise.reject(count) : Promise.resolve(count);
  }

  override penalty(counter: string, points = 1, options: DurationOption = {}): Promise<RateLimiterRes> {
    return Promise.resolve(this.add(counter, points, options));
  }

  override reward(counter: string, points = 1, options: DurationOption = {}): Promise<RateLimiterRes> {
    return Promise.resolve(this.add(counter, -points, options));
  }

  override get(counter: string): Promise<RateLimiterRes | null> {
    const now = this.now();
    const window = this.current(counter, now);
    return Promise.resolve(window ? this.count(window, now, false) : null);
  }

  override set(counter: string, points: number, seconds: number): Promise<RateLimiterRes> {
    const now = this.now();
    this.windows.delete(counter);
    const window = this.begin(counter, now + seconds * 1_000);
    window.points = points;
    return Promise.resolve(this.count(window, now, true));
  }

  override block(counter: string, seconds: number): Promise<RateLimiterRes> {
    return this.set(counter, this.points + 1, seconds);
  }

  override delete(counter: string): Promise<boolean> {
    return Promise.resolve(this.windows.delete(counter));
  }

  private add(counter: string, points: number, { customDuration }: DurationOption): RateLimiterRes {
    const now = this.now();
    const durationMs = customDuration === undefined ? this.durationMs : customDuration * 1_000;
    const known = this.current(counter, now);
    const window = known ?? this.begin(counter, now + durationMs);
    window.points += points;
    return this.count(window, now, known === undefined);
  }

  private current(counter: string, now: number): Window | undefined {
    const window = this.windows.get(counter);
    return window && window.endsAt > now ? window : undefined;
  }

  private begin(counter: string, endsAt: number): Window {
    this.windows.delete(counter);
    this.makeRoom(this.now());
    const window = { points: 0, endsAt };
    this.windows.set(counter, window);
    return window;
  }

  private count({ points, endsAt }: Window, now: number, isFirst: boolean): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.points - points), endsAt - now, points, isFirst);
  }

  /** Windows lie in the order they began in, so the first ones end first. */
  private makeRoom(now: number): void {
    for (const [counter, window] of this.windows) {
      if (window.endsAt > now && this.windows.size < this.maxCounters) return;
      this.windows.delete(counter);
    }
  }
}

// What the library asks of a limiter beside its methods; its own class has accessors there that throw.
Object.defineProperties(WindowLimiter.prototype, {
  keyPrefix: { value: '' },
  blockDuration: { value: 0, writable: true },
  execEvenly: { value: false, writable: true },
});
