import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Callers } from '../keys/callers';
import { budgetHeaders, isWithin, RequestBudget } from './request-budget';
import { WindowLimiter } from './window-limiter';

const LIMIT = 3;

describe('RequestBudget', () => {
  let budget: RequestBudget;
  let headers: Record<string, unknown>;

  const asked = (method = 'GET', address = '192.0.2.1'): IncomingMessage =>
    ({ method, url: '/', headers: {}, socket: { remoteAddress: address } }) as unknown as IncomingMessage;
  const answer = (): FastifyReply => {
    const reply = {
      sent: false,
      raw: { headersSent: false },
      headers(told: Record<string, unknown>) {
        Object.assign(headers, told);
        return reply;
      },
    };
    return reply as unknown as FastifyReply;
  };
  const left = async (request = asked()): Promise<unknown> => {
    Object.assign(headers, budgetHeaders(await budget.spend(request)));
    return headers['x-ratelimit-remaining'];
  };

  beforeEach(() => {
    headers = {};
    const limiter = new WindowLimiter({ points: Number.MAX_SAFE_INTEGER, duration: 60 });
    const callers = new Callers({ throttleLimit: LIMIT, throttleKeyLimit: 9, trustProxyHops: 0 }, undefined);
    budget = new RequestBudget(limiter, callers, { throttleTtlSeconds: 60 });
  });

  it('should be that of the /64 of an IPv6 address', async () => {
    expect(await left(asked('GET', '2001:db8:1:2::1'))).toBe(2);
    expect(await left(asked('GET', '2001:db8:1:2:ffff::9'))).toBe(1);
    expect(await left(asked('GET', '2001:db8:1:3::1'))).toBe(2);
  });

  it('should pay a request for each 5,000 rows that are begun, whatever is left', async () => {
    const request = asked();
    expect(await left(request)).toBe(2);
    const cost = budget.rowsOf({ raw: request } as FastifyRequest, answer());
    await cost.add(5_000);
    expect(headers['x-ratelimit-remaining']).toBe(2);
    await cost.add(1);
    expect(headers['x-ratelimit-remaining']).toBe(1);
    await cost.add(4_999);
    expect(headers['x-ratelimit-remaining']).toBe(1);
    await cost.add(50_000);
    expect(headers['x-ratelimit-remaining']).toBe(0);
    expect(isWithin(await budget.spend(asked()))).toBe(false);
  });

  it('should give back at most ten times the budget in a window', async () => {
    for (let call = 0; call < 10 * LIMIT; call += 1) {
      const request = asked();
      expect(await left(request)).toBe(2);
      const state = await budget.refund(request);
      expect(state && budgetHeaders(state)['x-ratelimit-remaining']).toBe(3);
    }
    const request = asked();
    await left(request);
    expect(await budget.refund(request)).toBeUndefined();
    expect(await left()).toBe(1);
  });

  it('should give nothing back for what was never paid', async () => {
    expect(await budget.refund(asked())).toBeUndefined();
    expect(await left()).toBe(2);
  });

  it('should count a request once, whoever asks', async () => {
    const request = asked();
    expect(await left(request)).toBe(2);
    expect(await left(request)).toBe(2);
    expect(await left()).toBe(1);
  });

  it('should count HEAD apart', async () => {
    for (let call = 1; call <= 10 * LIMIT; call += 1) expect(await left(asked('HEAD'))).toBe(10 * LIMIT - call);
    expect(isWithin(await budget.spend(asked('HEAD')))).toBe(false);
    expect(await left()).toBe(2);
  });
});
