import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Limiter } from './limiter';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** What @nestjs/throttler counts by itself, which is handlers with rules of their own, with the limiter of the budget. */
export class LimiterStorage implements ThrottlerStorage {
  constructor(private readonly limiter: Limiter) {}

  async increment(key: string, ttl: number, limit: number): Promise<ThrottlerStorageRecord> {
    const { consumedPoints, msBeforeNext } = await this.limiter.consume(key, 1, { customDuration: ttl / 1_000 });
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    const isBlocked = consumedPoints > limit;
    return {
      totalHits: consumedPoints,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    };
  }
}
