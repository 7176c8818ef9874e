import { getEventListeners } from 'node:events';
import { MINUTE, SECOND, type RequestPriority } from '@app/domain';
import { FakeClock } from '@app/testing';
import { DEFAULT_REQUEST_LIMITS, readRequestLimits, RequestWeightBudget } from './request-weight-budget';

const START = Date.UTC(2026, 0, 15, 12) * 1_000;
/** So fast that waiting for the next minute takes a millisecond: the clock itself moves only when told to. */
const FACTOR = 1_000_000;

function setUp(weightPerMinute = 100): { clock: FakeClock; budget: RequestWeightBudget } {
  const clock = new FakeClock(START, FACTOR);
  const budget = new RequestWeightBudget(clock);
  budget.setLimits({ weightPerMinute });
  return { clock, budget };
}

/** Sends a request and has its answer. */
async function spend(budget: RequestWeightBudget, weight: number, priority: RequestPriority = 'live'): Promise<void> {
  budget.settle(await budget.acquire(weight, priority), undefined);
}

/** Lets pending waits look at the clock a few times. */
const letTimersRun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function watch(promise: Promise<unknown>): { readonly settled: () => boolean } {
  let settled = false;
  void promise.finally(() => (settled = true));
  return { settled: () => settled };
}

describe('RequestWeightBudget', () => {
  it('should assume the documented limit until the exchange has told its own', () => {
    const budget = new RequestWeightBudget(new FakeClock(START));
    expect(budget.weightLimit).toBe(6_000);
    expect(DEFAULT_REQUEST_LIMITS.rawRequests).toEqual({ limit: 61_000, window: 5 * MINUTE });
  });

  it('should keep a fifth in reserve and let the rest wait for the next minute', async () => {
    const { clock, budget } = setUp();
    await spend(budget, 40);
    await spend(budget, 40);
    const waiting = budget.acquire(2, 'live');
    const { settled } = watch(waiting);
    clock.advance(59 * SECOND);
    await letTimersRun();
    expect(settled()).toBe(false);
    expect(budget.usedWeight).toBe(80);
    clock.advance(SECOND);
    await expect(waiting).resolves.toEqual({ priority: 'live', weight: 2, minute: START + MINUTE });
    expect(budget.usedWeight).toBe(2);
  });

  it('should leave a tenth of the limit to the polls when history is fetched', async () => {
    const { clock, budget } = setUp();
    await spend(budget, 70);
    const waiting = budget.acquire(2, 'history');
    const { settled } = watch(waiting);
    await spend(budget, 10);
    await letTimersRun();
    expect(settled()).toBe(false);
    clock.advance(MINUTE);
    await waiting;
  });

  it('should trust the count of the exchange when it is higher, and add what is on its way', async () => {
    const { budget } = setUp(6_000);
    const first = await budget.acquire(2, 'live');
    await budget.acquire(40, 'live');
    budget.settle(first, 3_000);
    expect(budget.usedWeight).toBe(3_040);
    const later = await budget.acquire(2, 'live');
    budget.settle(later, 17);
    expect(budget.usedWeight).toBe(3_042);
  });

  it('should charge what is on its way at the turn of a minute to both minutes', async () => {
    const { clock, budget } = setUp();
    const first = await budget.acquire(40, 'live');
    const second = await budget.acquire(10, 'live');
    budget.settle(second, undefined);
    clock.advance(MINUTE);
    expect(budget.usedWeight).toBe(40);
    budget.settle(first, 99);
    expect(budget.usedWeight).toBe(40);
    clock.advance(MINUTE);
    expect(budget.usedWeight).toBe(0);
  });

  it('should let a request that is heavier than the usable share go first in a fresh minute', async () => {
    const { clock, budget } = setUp(20);
    await spend(budget, 2);
    const waiting = budget.acquire(20, 'live');
    const { settled } = watch(waiting);
    await letTimersRun();
    expect(settled()).toBe(false);
    clock.advance(MINUTE);
    await waiting;
  });

  it('should respect the limit of requests, whatever they weigh', async () => {
    const { clock, budget } = setUp(6_000);
    budget.setLimits({ rawRequests: { limit: 10, window: 5 * MINUTE } });
    for (let request = 0; request < 8; request += 1) await spend(budget, 1);
    const waiting = budget.acquire(1, 'live');
    const { settled } = watch(waiting);
    clock.advance(4 * MINUTE);
    await letTimersRun();
    expect(settled()).toBe(false);
    clock.advance(MINUTE);
    await waiting;
  });

  it('should fail as rate_limited when the wait would be longer than a request may wait', async () => {
    const clock = new FakeClock(START);
    const budget = new RequestWeightBudget(clock, 30_000);
    await budget.acquire(4_800, 'live');
    await expect(budget.acquire(1, 'live')).rejects.toMatchObject({ failure: 'rate_limited' });
  });

  it('should stop waiting when the caller aborts', async () => {
    const budget = new RequestWeightBudget(new FakeClock(START));
    await budget.acquire(4_800, 'live');
    const controller = new AbortController();
    const waiting = budget.acquire(1, 'live', controller.signal);
    const reason = new Error('shutting down');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('priority in the RequestWeightBudget', () => {
  /** How many requests of weight 1 fit into what is left of the minute. */
  async function room(budget: RequestWeightBudget, priority: RequestPriority, most = 100): Promise<number> {
    for (let sent = 0; sent < most; sent += 1) {
      const end = new AbortController();
      const place = budget.acquire(1, priority, end.signal);
      const { settled } = watch(place.catch(() => undefined));
      await new Promise(setImmediate);
      if (!settled()) {
        end.abort();
        await place.catch(() => undefined);
        return sent;
      }
      budget.settle(await place, undefined);
    }
    return most;
  }

  it('should leave history half of the limit less what live requests take', async () => {
    const { budget } = setUp();
    await spend(budget, 12);
    expect(await room(budget, 'history')).toBe(38);
  });

  it('should leave room for live requests that are to come: as much as they took in the minute before', async () => {
    const { clock, budget } = setUp();
    await spend(budget, 20);
    await spend(budget, 10, 'history');
    clock.advance(MINUTE);
    expect(await room(budget, 'history')).toBe(30);
    await spend(budget, 20);
    expect(await room(budget, 'history')).toBe(0);
    clock.advance(MINUTE);
    clock.advance(MINUTE);
    expect(await room(budget, 'history')).toBe(50);
  });

  it('should leave history some room of its own when live requests take half, and what nobody waits for less', async () => {
    const { clock, budget } = setUp();
    await spend(budget, 50);
    expect(await room(budget, 'spare')).toBe(7);
    expect(await room(budget, 'history')).toBe(8);
    expect(await room(budget, 'live')).toBe(15);
    clock.advance(MINUTE);
    expect(await room(budget, 'history')).toBe(15);
  });

  it('should let history stop at half of the limit whatever other process of the address uses it', async () => {
    const { budget } = setUp();
    const first = await budget.acquire(2, 'history');
    budget.settle(first, 48);
    expect(await room(budget, 'history')).toBe(2);
    budget.settle(await budget.acquire(1, 'live'), 60);
    expect(await room(budget, 'history')).toBe(0);
    expect(await room(budget, 'live')).toBe(20);
  });

  it('should let history wait while a live request is on its way, and no live one for history', async () => {
    const { budget } = setUp();
    const history = await budget.acquire(2, 'history');
    const live = await budget.acquire(2, 'live');
    const waiting = budget.acquire(2, 'history');
    const { settled } = watch(waiting);
    await letTimersRun();
    expect(settled()).toBe(false);
    const next = await budget.acquire(2, 'live');
    budget.settle(live, undefined);
    await letTimersRun();
    expect(settled()).toBe(false);
    budget.settle(next, undefined);
    await waiting;
    budget.settle(history, undefined);
  });

  it('should count no time behind live requests as waiting for room, and leave no listener behind', async () => {
    const clock = new FakeClock(START);
    const budget = new RequestWeightBudget(clock, 0);
    const live = await budget.acquire(2, 'live');
    const controller = new AbortController();
    const waiting = budget.acquire(2, 'history', controller.signal);
    const aborted = expect(budget.acquire(2, 'history', AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    await letTimersRun();
    budget.settle(live, undefined);
    await Promise.all([waiting, aborted]);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});

describe('readRequestLimits', () => {
  it('should read weight and request limits and pass over kinds it does not know', () => {
    const rateLimits = [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 12_000 },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 300_000 },
      { rateLimitType: 'SOMETHING_NEW', interval: 'FORTNIGHT', intervalNum: 1, limit: 1 },
      null,
    ];
    expect(readRequestLimits({ rateLimits })).toEqual({
      weightPerMinute: 12_000,
      rawRequests: { limit: 300_000, window: 5 * MINUTE },
    });
  });

  it.each([[null], [{}], [{ rateLimits: 'none' }], [{ rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', limit: -1 }] }]])(
    'should leave the limits alone for %j',
    (body) => {
      expect(readRequestLimits(body)).toEqual({});
    },
  );
});
