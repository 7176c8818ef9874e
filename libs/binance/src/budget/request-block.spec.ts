import { DAY, HOUR, MINUTE, type EpochMicros } from '@app/domain';
import { FakeClock } from '@app/testing';
import { RequestBlock } from './request-block';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe.each([0, HOUR, -HOUR, -400 * DAY])('RequestBlock, when the clock is set by %d µs during a silence', (step) => {
  it.each<readonly [string, EpochMicros | undefined, EpochMicros]>([
    ['that names no end', undefined, MINUTE],
    ['of an hour', NOON + HOUR, HOUR],
    ['of a day', NOON + DAY, DAY],
  ])('lasts as long: one %s', async (_, until, lasts) => {
    const clock = new FakeClock(NOON);
    const block = new RequestBlock(clock, 0);
    block.add({ failure: 'rate_limited', until, detail: 'HTTP 429' }, MINUTE);
    clock.step(step);
    expect(block.until).toBe(NOON + step + lasts);
    clock.advance(lasts - 1);
    await expect(block.pass()).rejects.toMatchObject({ failure: 'rate_limited', retryAt: NOON + step + lasts });
    clock.advance(1);
    await block.pass();
    expect(block.until).toBeUndefined();
  });
});

describe('RequestBlock, for requests that can wait', () => {
  it('should outwait a silence, or as long as they wait at most', async () => {
    const clock = new FakeClock(NOON);
    const block = new RequestBlock(clock, 0);
    await block.outwait(60_000);
    block.add({ failure: 'rate_limited', until: NOON + 20 * 1_000, detail: 'HTTP 429' }, MINUTE);
    const began = performance.now();
    await block.outwait(60_000);
    expect(performance.now() - began).toBeGreaterThanOrEqual(15);
    block.add({ failure: 'banned', until: NOON + DAY, detail: 'HTTP 418' }, MINUTE);
    await block.outwait(5);
    await expect(block.pass()).rejects.toMatchObject({ failure: 'banned' });
  });
});
