import { Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';

/** Where `@SkipThrottle()` of @nestjs/throttler marks what is exempt from the throttler named `default`. */
const SKIP_DEFAULT = 'THROTTLER:SKIPdefault';

/**
 * One request budget per client for all routes, told on every answer: `X-RateLimit-*`, `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` in whole seconds once it is used up.
 *
 * One throttler with fixed limits holds for all handlers, so nothing but the exemption is looked up per handler, and
 * that once: decorators do not change while the process runs.
 */
@Injectable()
export class ClientThrottlerGuard extends ThrottlerGuard {
  private readonly exempt = new WeakMap<object, boolean>();

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isExempt(context)) return true;
    const [throttler] = this.throttlers;
    const { getTracker, generateKey } = this.commonOptions;
    if (!throttler || !getTracker || !generateKey) return super.canActivate(context);
    const { limit, ttl } = throttler;
    if (typeof limit !== 'number' || typeof ttl !== 'number') return super.canActivate(context);
    return this.handleRequest({ context, limit, ttl, throttler, blockDuration: ttl, getTracker, generateKey });
  }

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

  private isExempt(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    let exempt = this.exempt.get(handler);
    if (exempt === undefined) {
      exempt = this.reflector.getAllAndOverride<unknown>(SKIP_DEFAULT, [handler, context.getClass()]) === true;
      this.exempt.set(handler, exempt);
    }
    return exempt;
  }
}
