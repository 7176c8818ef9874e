import {
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import type { HttpOptions } from '../http-options';
import { Callers } from '../keys/callers';
import { LIMITER, NO_LIMIT, type Limiter } from './limiter';
import { LimiterStorage } from './limiter-storage';
import { DEFAULT_THROTTLER, RequestBudget } from './request-budget';
import type { SharedCounters } from './shared-limiter';
import { WindowLimiter } from './window-limiter';

/** Injects the counters in Redis, where there are any. */
const SHARED_COUNTERS = 'SHARED_COUNTERS';

/** The counters of the request budget: in this process, or in Redis where replicas share them. */
@Module({})
class LimiterModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Optional() @Inject(SHARED_COUNTERS) private readonly shared: SharedCounters | undefined) {}

  static forRoot({ throttleTtlSeconds: duration, throttleRedisUrl: url }: HttpOptions): DynamicModule {
    const alone = (): WindowLimiter => new WindowLimiter({ points: NO_LIMIT, duration });
    if (url === null) {
      return {
        module: LimiterModule,
        providers: [{ provide: LIMITER, useFactory: alone }],
        exports: [LIMITER],
      };
    }
    return {
      module: LimiterModule,
      providers: [
        {
          provide: SHARED_COUNTERS,
          inject: [LOGGER, MetricsRegistry],
          useFactory: async (logger: Logger, metrics: MetricsRegistry): Promise<SharedCounters> => {
            // Redis's client takes a while to load, and memory: only where there is a Redis.
            const { SharedCounters } = await import('./shared-limiter.js');
            return new SharedCounters({ url, duration, insurance: alone(), logger, metrics });
          },
        },
        { provide: LIMITER, inject: [SHARED_COUNTERS], useFactory: ({ limiter }: SharedCounters) => limiter },
      ],
      exports: [LIMITER],
    };
  }

  /** Not before: while the application is put together, nobody listens to Redis's answer. */
  onApplicationBootstrap(): void {
    this.shared?.connect();
  }

  onApplicationShutdown(): void {
    this.shared?.close();
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
