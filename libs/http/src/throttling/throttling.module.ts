import type { DynamicModule } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { clientName } from '../client-address';
import type { HttpOptions } from '../http-options';
import { budgetKey, DEFAULT_THROTTLER } from './request-budget';
import { WindowThrottlerStorage } from './window-throttler.storage';

/** The budget of each client: one for all routes, by client address. */
export function throttlingModule(options: HttpOptions): DynamicModule {
  return ThrottlerModule.forRoot({
    throttlers: [{ name: DEFAULT_THROTTLER, limit: options.throttleLimit, ttl: options.throttleTtlSeconds * 1_000 }],
    storage: new WindowThrottlerStorage(),
    getTracker: (request) => clientName((request as FastifyRequest).raw, options.trustProxyHops),
    generateKey: (_context, client, throttler) => budgetKey(client, throttler),
  });
}
