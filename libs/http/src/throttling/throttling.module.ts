import { Module, type DynamicModule } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import type { HttpOptions } from '../http-options';
import { Callers } from '../keys/callers';
import { LIMITER, NO_LIMIT, type Limiter } from './limiter';
import { LimiterStorage } from './limiter-storage';
import { DEFAULT_THROTTLER, RequestBudget } from './request-budget';
import { WindowLimiter } from './window-limiter';

/** The counters of the request budget. */
@Module({})
class LimiterModule {
  static forRoot({ throttleTtlSeconds: duration }: HttpOptions): DynamicModule {
    return {
      module: LimiterModule,
      providers: [{ provide: LIMITER, useFactory: () => new WindowLimiter({ points: NO_LIMIT, duration }) }],
      exports: [LIMITER],
    };
  }
}

/** The budget of each client, one for all routes; the guard of @nestjs/throttler is its door. */
@Module({})
export class ThrottlingModule {
  static forRoot(http: HttpOptions, keys: DynamicModule): DynamicModule {
    const limiter = LimiterModule.forRoot(http);
    const throttler = ThrottlerModule.forRootAsync({
      imports: [limiter, keys],
      inject: [LIMITER, Callers],
      useFactory: (counters: Limiter, callers: Callers) => ({
        throttlers: [{ name: DEFAULT_THROTTLER, limit: http.throttleLimit, ttl: http.throttleTtlSeconds * 1_000 }],
        storage: new LimiterStorage(counters),
        getTracker: (request) => callers.of((request as FastifyRequest).raw).client,
        generateKey: (_context, client, name) => `${name} ${client}`,
      }),
    });
    return {
      module: ThrottlingModule,
      imports: [limiter, keys, throttler],
      providers: [
        {
          provide: RequestBudget,
          inject: [LIMITER, Callers],
          useFactory: (counters: Limiter, callers: Callers) => new RequestBudget(counters, callers, http),
        },
      ],
      exports: [RequestBudget, throttler],
    };
  }
}
