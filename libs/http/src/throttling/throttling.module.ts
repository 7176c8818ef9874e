import type { DynamicModule } from '@nestjs/common';
import { normalizeIp, ThrottlerModule } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../client-address';
import type { HttpOptions } from '../http-options';
import { WindowThrottlerStorage } from './window-throttler.storage';

/** An IPv6 customer has at least a network of this many bits. */
const IPV6_CLIENT_BITS = 64;

/** The budget of each client: one for all routes, by client address. */
export function throttlingModule(options: HttpOptions): DynamicModule {
  return ThrottlerModule.forRoot({
    throttlers: [{ name: 'default', limit: options.throttleLimit, ttl: options.throttleTtlSeconds * 1_000 }],
    storage: new WindowThrottlerStorage(),
    getTracker: (request) =>
      normalizeIp(clientAddress((request as FastifyRequest).raw, options.trustProxyHops), IPV6_CLIENT_BITS),
    generateKey: (_context, tracker, name) => `${name} ${tracker}`,
  });
}
