import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';

/**
 * One request budget per client for all routes, told on every answer: `X-RateLimit-*`, `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` in whole seconds once it is used up.
 */
@Injectable()
export class ClientThrottlerGuard extends ThrottlerGuard {
  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, blockDuration, getTracker, generateKey } = request;
    const name = request.throttler.name ?? 'default';
    const { req } = this.getRequestResponse(context);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const tracker = await getTracker(req, context);
    const key = generateKey(context, tracker, name);
    const record = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    const remaining = Math.max(0, limit - record.totalHits);
    reply
      .header('x-ratelimit-limit', limit)
      .header('x-ratelimit-remaining', remaining)
      .header('x-ratelimit-reset', record.timeToExpire)
      .header('ratelimit', `"${name}";r=${remaining};t=${record.timeToExpire}`)
      .header('ratelimit-policy', `"${name}";q=${limit};w=${Math.ceil(ttl / 1_000)}`);
    if (!record.isBlocked) return true;
    reply.header('retry-after', record.timeToBlockExpire);
    await this.throwThrottlingException(context, { ...record, limit, ttl, key, tracker });
    return false;
  }
}
