import type { ThrottlerStorage } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientName } from '../client-address';
import type { HttpOptions } from '../http-options';

/** The throttler that counts every request. */
export const DEFAULT_THROTTLER = 'default';

type Spent = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** The key of a client's one budget for all routes. */
export function budgetKey(client: string, throttler: string): string {
  return `${throttler} ${client}`;
}

/**
 * Says in the headers of an answer what is left of a budget (draft-ietf-httpapi-ratelimit-headers), and once it is used
 * up, when to come back. Returns whether the request is within it.
 */
export function tellBudget(reply: FastifyReply, name: string, limit: number, ttlMs: number, spent: Spent): boolean {
  const remaining = Math.max(0, limit - spent.totalHits);
  reply
    .header('x-ratelimit-limit', limit)
    .header('x-ratelimit-remaining', remaining)
    .header('x-ratelimit-reset', spent.timeToExpire)
    .header('ratelimit', `"${name}";r=${remaining};t=${spent.timeToExpire}`)
    .header('ratelimit-policy', `"${name}";q=${limit};w=${Math.ceil(ttlMs / 1_000)}`);
  if (spent.isBlocked) reply.header('retry-after', spent.timeToBlockExpire);
  return !spent.isBlocked;
}

/** The request budget of clients, for what meets no route and so no guard: unknown paths, other methods, bad addresses. */
export class RequestBudget {
  private readonly limit: number;
  private readonly ttlMs: number;
  private readonly hops: number;

  constructor(
    private readonly storage: ThrottlerStorage,
    { throttleLimit, throttleTtlSeconds, trustProxyHops }: HttpOptions,
  ) {
    this.limit = throttleLimit;
    this.ttlMs = throttleTtlSeconds * 1_000;
    this.hops = trustProxyHops;
  }

  /** Spends one request of the client, and says on the answer what is left; false when nothing was. */
  async spend(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const { limit, ttlMs } = this;
    const key = budgetKey(clientName(request.raw, this.hops), DEFAULT_THROTTLER);
    const spent = await this.storage.increment(key, ttlMs, limit, ttlMs, DEFAULT_THROTTLER);
    return tellBudget(reply, DEFAULT_THROTTLER, limit, ttlMs, spent);
  }
}
