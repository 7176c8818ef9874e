import { Inject, Injectable, type ExecutionContext, type Type } from '@nestjs/common';
import { ThrottlerException, ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { budgetHeaders, DEFAULT_THROTTLER, isWithin, RequestBudget } from './request-budget';

/** Where @nestjs/throttler keeps what its decorators say, before the throttler's name. */
const SKIP = 'THROTTLER:SKIP';
const OWN_RULES = [
  'THROTTLER:LIMIT',
  'THROTTLER:TTL',
  'THROTTLER:BLOCK_DURATION',
  'THROTTLER:TRACKER',
  'THROTTLER:KEY_GENERATOR',
] as const;

/** What decorators say of a handler: nothing, that it is exempt, or rules of its own. */
type Marks = 'none' | 'exempt' | 'own rules';

/**
 * One request budget per client for all routes, told on every answer: `X-RateLimit-*`, `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` in whole seconds once it is used up.
 *
 * With a single throttler, the decorators of a handler are looked up once, for they do not change while the process runs.
 * What they leave to the budget is spent there; anything else goes the library's own way.
 */
@Injectable()
export class ClientThrottlerGuard extends ThrottlerGuard {
  /** By class and then handler: classes may share an inherited one. */
  private readonly marks = new WeakMap<object, WeakMap<object, Marks>>();

  @Inject(RequestBudget)
  private readonly budget!: RequestBudget;

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const throttler = this.throttlers[0];
    const { skipIf } = this.commonOptions;
    if (!throttler || this.throttlers.length > 1 || throttler.name !== DEFAULT_THROTTLER)
      return super.canActivate(context);
    const { limit, ttl } = throttler;
    const isPlain = typeof limit === 'number' && typeof ttl === 'number' && !skipIf && !throttler.skipIf;
    if (!isPlain) return super.canActivate(context);
    const marks = this.marksOf(context.getClass(), context.getHandler());
    if (marks === 'own rules') return super.canActivate(context);
    if (marks === 'exempt') return true;
    const http = context.switchToHttp();
    const state = await this.budget.spend(http.getRequest<FastifyRequest>().raw);
    http.getResponse<FastifyReply>().headers(budgetHeaders(state));
    if (isWithin(state)) return true;
    throw new ThrottlerException();
  }

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, blockDuration, getTracker, generateKey } = request;
    const name = request.throttler.name ?? DEFAULT_THROTTLER;
    const { req } = this.getRequestResponse(context);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const tracker = await getTracker(req, context);
    const key = generateKey(context, tracker, name);
    const record = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    const windowSeconds = Math.ceil(ttl / 1_000);
    const { totalHits: used, timeToExpire: secondsLeft } = record;
    const state = { name, limit, windowSeconds, used, secondsLeft };
    reply.headers(budgetHeaders(state));
    if (isWithin(state)) return true;
    await this.throwThrottlingException(context, { ...record, limit, ttl, key, tracker });
    return false;
  }

  private marksOf(controller: Type, handler: ReturnType<ExecutionContext['getHandler']>): Marks {
    let ofController = this.marks.get(controller);
    if (!ofController) {
      ofController = new WeakMap();
      this.marks.set(controller, ofController);
    }
    let marks = ofController.get(handler);
    if (!marks) {
      const says = (key: string): unknown =>
        this.reflector.getAllAndOverride<unknown>(key + DEFAULT_THROTTLER, [handler, controller]);
      if (says(SKIP)) marks = 'exempt';
      else marks = OWN_RULES.some((key) => says(key) !== undefined) ? 'own rules' : 'none';
      ofController.set(handler, marks);
    }
    return marks;
  }
}
