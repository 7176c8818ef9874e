import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MarketClock } from '../clock/market-clock';
import { RequestStatistics } from '../control/request-statistics';
import { SimulatorMetrics } from '../control/simulator-metrics';
import type { RawQuery } from './query-parameters';
import { RateLimiter, type RateLimitVerdict } from './rate-limiter';
import { weightOf } from './request-weights';

/** What stands before the exchange's routes: weights, limits, bans and the headers of every answer. */
@Injectable()
export class ExchangeFront {
  constructor(
    private readonly clock: MarketClock,
    private readonly limiter: RateLimiter,
    private readonly statistics: RequestStatistics,
    private readonly metrics: SimulatorMetrics,
  ) {}

  register(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (isExchangePath(request) && this.refuse(request, reply)) {
        return;
      }
      done();
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (isExchangePath(request) && reply.getHeader('content-type') === 'application/json; charset=utf-8') {
        reply.header('content-type', 'application/json;charset=UTF-8');
      }
      done(null, payload);
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      this.metrics.answered(request.routeOptions.url ?? 'unknown', reply.statusCode);
      if (isExchangePath(request)) {
        this.statistics.answered(reply.statusCode);
      }
      done();
    });
  }

  /** Charges the request; true when it has been answered with 429 or 418. */
  private refuse(request: FastifyRequest, reply: FastifyReply): boolean {
    const now = this.clock.now();
    const path = pathOf(request);
    const weight = weightOf(path, request.query as RawQuery);
    this.statistics.arrived(path, request.ip, now);
    const verdict = this.limiter.charge(request.ip, weight, now);
    this.statistics.charged(verdict.usedWeight);
    this.metrics.charged(weight, verdict.usedWeight);
    reply.headers({
      'x-mbx-uuid': randomUUID(),
      'x-mbx-used-weight': String(verdict.usedWeight),
      'x-mbx-used-weight-1m': String(verdict.usedWeight),
      'cache-control': 'no-cache, no-store, must-revalidate',
    });
    if (verdict.refusal === undefined) {
      return false;
    }
    this.sendRefusal(request, reply, verdict.refusal, now);
    return true;
  }

  private sendRefusal(
    request: FastifyRequest,
    reply: FastifyReply,
    refusal: NonNullable<RateLimitVerdict['refusal']>,
    now: number,
  ): void {
    this.statistics.refused(request.ip, refusal.status, now + refusal.retryAfterSeconds * 1_000);
    void reply
      .status(refusal.status)
      .header('retry-after', String(refusal.retryAfterSeconds))
      .send({ code: -1003, msg: refusal.message });
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}

function isExchangePath(request: FastifyRequest): boolean {
  return request.url.startsWith('/api/');
}
