import type { ExecutionContext, Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerException, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { ClientThrottlerGuard } from './client-throttler.guard';
import { Callers } from '../keys/callers';
import { LimiterStorage } from './limiter-storage';
import { RequestBudget } from './request-budget';
import { WindowLimiter } from './window-limiter';

class Plain {
  counted(): void {}

  @SkipThrottle()
  exempt(): void {}

  @Throttle({ default: { limit: 1 } })
  strict(): void {}

  @SkipThrottle({ other: true })
  exemptFromOther(): void {}
}

@SkipThrottle()
class Exempt {
  any(): void {}

  @SkipThrottle({ default: false })
  countedAfterAll(): void {}
}

class Inheriting extends Plain {}

@SkipThrottle()
class ExemptInheriting extends Plain {}

const LIMIT = 3;
const PEER = { remoteAddress: '192.0.2.1' };
const ONE = [{ name: 'default', limit: LIMIT, ttl: 60_000 }];
const TWO = [...ONE, { name: 'other', limit: 1, ttl: 60_000 }];

describe('ClientThrottlerGuard', () => {
  let headers: Record<string, unknown>;

  async function guardOf(throttlers: typeof ONE): Promise<ClientThrottlerGuard> {
    const options: ThrottlerModuleOptions = {
      throttlers,
      getTracker: () => PEER.remoteAddress,
      generateKey: (_context, tracker, name) => `${name} ${tracker}`,
    };
    const limiter = new WindowLimiter({ points: Number.MAX_SAFE_INTEGER, duration: 60 });
    const callers = new Callers({ throttleLimit: LIMIT, throttleKeyLimit: LIMIT, trustProxyHops: 0 }, undefined);
    const guard = new ClientThrottlerGuard(options, new LimiterStorage(limiter), new Reflector());
    Object.assign(guard, { budget: new RequestBudget(limiter, callers, { throttleTtlSeconds: 60 }) });
    await guard.onModuleInit();
    return guard;
  }

  function calling(controller: Type, method: string): ExecutionContext {
    const reply = {
      headers(told: Record<string, unknown>) {
        for (const [name, value] of Object.entries(told)) headers[name.toLowerCase()] = value;
        return reply;
      },
    };
    return {
      getClass: () => controller,
      getHandler: () => (controller.prototype as Record<string, () => void>)[method],
      switchToHttp: () => ({
        getRequest: () => ({ headers: {}, raw: { method: 'GET', url: '/', headers: {}, socket: PEER } }),
        getResponse: () => reply,
      }),
    } as unknown as ExecutionContext;
  }

  /** How many of ten calls get through. */
  async function allowed(guard: ClientThrottlerGuard, controller: Type, method: string): Promise<number> {
    let count = 0;
    for (let call = 0; call < 10; call += 1) {
      try {
        if (await guard.canActivate(calling(controller, method))) count += 1;
      } catch (error) {
        if (!(error instanceof ThrottlerException)) throw error;
      }
    }
    return count;
  }

  beforeEach(() => {
    headers = {};
  });

  it('should let the limit through and tell the budget on every answer', async () => {
    const guard = await guardOf(ONE);
    await guard.canActivate(calling(Plain, 'counted'));
    expect(headers).toEqual({
      'x-ratelimit-limit': 3,
      'x-ratelimit-remaining': 2,
      'x-ratelimit-reset': 60,
      ratelimit: '"default";r=2;t=60',
      'ratelimit-policy': '"default";q=3;w=60',
    });
    expect(await allowed(guard, Plain, 'counted')).toBe(LIMIT - 1);
    expect(headers).toMatchObject({ 'x-ratelimit-remaining': 0, 'retry-after': 60 });
  });

  it('should hold one budget for all handlers', async () => {
    const guard = await guardOf(ONE);
    expect(await allowed(guard, Plain, 'counted')).toBe(LIMIT);
    expect(await allowed(guard, Exempt, 'countedAfterAll')).toBe(0);
  });

  it('should exempt what @SkipThrottle() marks, a handler or a whole class', async () => {
    const guard = await guardOf(ONE);
    expect(await allowed(guard, Plain, 'exempt')).toBe(10);
    expect(await allowed(guard, Exempt, 'any')).toBe(10);
    expect(headers).toEqual({});
  });

  it('should let a handler take back the exemption of its class', async () => {
    expect(await allowed(await guardOf(ONE), Exempt, 'countedAfterAll')).toBe(LIMIT);
  });

  it('should tell classes apart that share an inherited handler', async () => {
    const guard = await guardOf(ONE);
    expect(await allowed(guard, ExemptInheriting, 'counted')).toBe(10);
    expect(await allowed(guard, Inheriting, 'counted')).toBe(LIMIT);
    expect(await allowed(guard, ExemptInheriting, 'counted')).toBe(10);
  });

  it('should obey a limit of its own that a handler has', async () => {
    expect(await allowed(await guardOf(ONE), Plain, 'strict')).toBe(1);
  });

  it('should enforce every throttler where there are several', async () => {
    expect(await allowed(await guardOf(TWO), Plain, 'counted')).toBe(1);
    expect(await allowed(await guardOf(TWO), Plain, 'exempt')).toBe(1);
    expect(await allowed(await guardOf(TWO), Plain, 'exemptFromOther')).toBe(LIMIT);
  });
});
