import { Injectable } from '@nestjs/common';

/** Counters over the life of the process, from which a test sees whether a client was polite. */
@Injectable()
export class RequestStatistics {
  private readonly requests: Record<string, number> = {};
  private readonly statuses: Record<string, number> = {};
  private largestWeight = 0;
  private tooManyRequests = 0;
  private banned = 0;
  private whileBanned = 0;
  private whileLimited = 0;
  private blockedUntil = new Map<string, { status: number; until: number }>();

  /** A request that arrived at `now` (market time). */
  arrived(path: string, address: string, now: number): void {
    this.requested(path);
    const block = this.blockedUntil.get(address);
    if (block !== undefined && now < block.until) {
      if (block.status === 418) {
        this.whileBanned += 1;
      } else {
        this.whileLimited += 1;
      }
    }
  }

  /** A request to a route that knows neither weights nor bans. */
  requested(path: string): void {
    this.requests[path] = (this.requests[path] ?? 0) + 1;
  }

  charged(usedWeight: number): void {
    this.largestWeight = Math.max(this.largestWeight, usedWeight);
  }

  /** A 429 or 418 was sent that asks the address to be silent until `until` (market time). */
  refused(address: string, status: 418 | 429, until: number): void {
    if (status === 418) {
      this.banned += 1;
    } else {
      this.tooManyRequests += 1;
    }
    this.blockedUntil.set(address, { status, until });
  }

  answered(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  snapshot(): Record<string, unknown> {
    return {
      requests: { ...this.requests },
      statuses: { ...this.statuses },
      max_weight_per_minute: this.largestWeight,
      responses_429: this.tooManyRequests,
      responses_418: this.banned,
      requests_before_retry_after: this.whileLimited,
      requests_while_banned: this.whileBanned,
    };
  }
}
