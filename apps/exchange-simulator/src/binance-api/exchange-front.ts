import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MarketClock } from '../clock/market-clock';
import { RequestStatistics } from '../control/request-statistics';
import { SimulatorMetrics } from '../control/simulator-metrics';
import { brokenBody, resetBeforeAnswer } from '../faults/broken-body';
import { FIREWALL_PAGE, RESTRICTED_LOCATION, withShortDecimals, withUnknownParts } from '../faults/fault-bodies';
import { FaultRegistry, type FaultTarget } from '../faults/fault-registry';
import type { RawQuery } from './query-parameters';
import { RateLimiter, ban, tooManyRequests, type Refusal } from './rate-limiter';
import { weightOf } from './request-weights';

/**
 * What stands before the exchange's routes: the firewall, weights, limits and bans, the headers of every answer, and the
 * faults that change an answer.
 */
@Injectable()
export class ExchangeFront {
  constructor(
    private readonly clock: MarketClock,
    private readonly limiter: RateLimiter,
    private readonly faults: FaultRegistry,
    private readonly statistics: RequestStatistics,
    private readonly metrics: SimulatorMetrics,
  ) {}

  register(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', async (request, reply) => {
      if (!isExchangePath(request)) {
        return undefined;
      }
      if (this.stoppedByFirewall(request, reply) || this.refused(request, reply)) {
        return reply;
      }
      if (resetBeforeAnswer(request.raw.socket, this.faults, targetOf(request))) {
        reply.hijack();
        return reply;
      }
      await this.delayed(request);
      return undefined;
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      done(null, isExchangePath(request) ? this.disturbed(request, reply, payload) : payload);
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      this.metrics.answered(request.routeOptions.url ?? 'unknown', reply.statusCode);
      if (isExchangePath(request)) {
        this.statistics.answered(reply.statusCode);
      }
      done();
    });
  }

  /** Answers that never reach the exchange: they cost nothing and carry none of its headers. */
  private stoppedByFirewall(request: FastifyRequest, reply: FastifyReply): boolean {
    const target = targetOf(request);
    if (this.faults.take('waf', target) !== undefined) {
      this.countArrival(request);
      void reply.status(403).type('text/html').send(FIREWALL_PAGE);
      return true;
    }
    if (this.faults.take('geo-block', target) !== undefined) {
      this.countArrival(request);
      void reply.status(451).type('application/json').send(RESTRICTED_LOCATION);
      return true;
    }
    return false;
  }

  private countArrival(request: FastifyRequest): number {
    const now = this.clock.now();
    this.statistics.arrived(pathOf(request), request.ip, now);
    return now;
  }

  /** Charges the request; true when it has been answered with a refusal or with a status that was ordered. */
  private refused(request: FastifyRequest, reply: FastifyReply): boolean {
    const now = this.countArrival(request);
    const target = targetOf(request);
    const jump = this.faults.take('weight', target);
    if (jump !== undefined) {
      this.limiter.raiseUsedWeight(request.ip, jump.used_weight, now);
    }
    const weight = weightOf(target.path, request.query as RawQuery);
    const verdict = this.limiter.charge(request.ip, weight, now);
    this.statistics.charged(verdict.usedWeight);
    this.metrics.charged(weight, verdict.usedWeight);
    reply.headers({
      'x-mbx-uuid': randomUUID(),
      'x-mbx-used-weight': String(verdict.usedWeight),
      'x-mbx-used-weight-1m': String(verdict.usedWeight),
      'cache-control': 'no-cache, no-store, must-revalidate',
    });
    const refusal = verdict.refusal ?? this.orderedRefusal(target, now);
    if (refusal !== undefined) {
      this.statistics.refused(request.ip, refusal.status, now + refusal.retryAfterSeconds * 1_000);
      void reply
        .status(refusal.status)
        .header('retry-after', String(refusal.retryAfterSeconds))
        .send({ code: -1003, msg: refusal.message });
      return true;
    }
    const ordered = this.faults.take('status', target);
    if (ordered !== undefined) {
      const { status, headers = {}, html = false, body = '' } = ordered;
      void reply
        .status(status)
        .type(html ? 'text/html' : 'application/json')
        .headers(headers)
        .send(typeof body === 'string' ? body : JSON.stringify(body));
      return true;
    }
    return false;
  }

  private orderedRefusal(target: FaultTarget, now: number): Refusal | undefined {
    const banned = this.faults.take('ban', target);
    if (banned !== undefined) {
      return ban(now + banned.retry_after_seconds * 1_000, now);
    }
    const limited = this.faults.take('rate-limit', target);
    return limited && tooManyRequests(this.limiter.limits.weight, limited.retry_after_seconds);
  }

  private async delayed(request: FastifyRequest): Promise<void> {
    const slow = this.faults.take('slow', targetOf(request));
    if (slow !== undefined) {
      await sleep(slow.delay_ms, undefined, { ref: false });
    }
  }

  private disturbed(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8') {
      reply.header('content-type', 'application/json;charset=UTF-8');
    }
    if (typeof payload !== 'string' || reply.statusCode !== 200) {
      return payload;
    }
    const target = targetOf(request);
    const extra = this.faults.take('extra', target);
    const extended = extra === undefined ? payload : withUnknownParts(payload, extra.symbol);
    const body = this.faults.take('short-decimals', target) === undefined ? extended : withShortDecimals(extended);
    return brokenBody(Buffer.from(body), { reply, faults: this.faults, target });
  }
}

function targetOf(request: FastifyRequest): FaultTarget {
  const { symbol, symbols } = request.query as RawQuery;
  return {
    path: pathOf(request),
    symbols: [...[symbol ?? []].flat(), ...String(symbols ?? '').split(/[[\]",]+/)].filter((name) => name !== ''),
  };
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}

function isExchangePath(request: FastifyRequest): boolean {
  return request.url.startsWith('/api/');
}
