import { MINUTE, SECOND } from '@app/domain';
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
async function spend(budget: RequestWeightBudget, weight: number): Promise<void> {
  budget.settle(await budget.acquire(weight, 'live'), undefined);
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
    await expect(waiting).resolves.toEqual({ weight: 2, minute: START + MINUTE });
    expect(budget.usedWeight).toBe(2);
  });

  it('should leave a tenth of the limit to the polls when history is fetched', async () => {
    const { clock, budget } = setUp();
    await spend(budget, 70);
    const waiting = budget.acquire(2, 'history');
    const { settled } = watch(waiting);
    await budget.acquire(10, 'live');
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
