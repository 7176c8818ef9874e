import type { ThrottlerStorage } from '@nestjs/throttler';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

interface Window {
  hits: number;
  /** Real time at which it ends, in milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/** Most clients counted at once; beyond that the oldest windows are forgotten first. */
const MAX_CLIENTS = 50_000;

/**
 * Counts each client's requests in a window that begins with its first one. One counter per client, however many
 * requests it sends, and a bounded number of clients.
 */
export class WindowThrottlerStorage implements ThrottlerStorage {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly maxClients: number = MAX_CLIENTS,
  ) {}

  get size(): number {
    return this.windows.size;
  }

  increment(key: string, ttl: number, limit: number): Promise<ThrottlerStorageRecord> {
    const now = this.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      this.windows.delete(key);
      this.makeRoom(now);
      window = { hits: 0, endsAt: now + ttl };
      this.windows.set(key, window);
    }
    window.hits += 1;
    // The difference of two fractions may be a hair above the length of the window.
    const left = Math.min(window.endsAt - now, ttl);
    const seconds = Math.max(1, Math.ceil(left / 1_000));
    const isBlocked = window.hits > limit;
    return Promise.resolve({
      totalHits: window.hits,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    });
  }

  /** Windows lie in the order they began in, so the first ones end first. */
  private makeRoom(now: number): void {
    for (const [key, window] of this.windows) {
      if (window.endsAt > now && this.windows.size < this.maxClients) return;
      this.windows.delete(key);
    }
  }
}
