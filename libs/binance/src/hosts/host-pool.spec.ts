import { DAY, HOUR, MINUTE } from '@app/domain';
import { FakeClock } from '@app/testing';
import { HostPool } from './host-pool';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe.each([0, HOUR, -HOUR, -400 * DAY])('HostPool, when the clock is set by %d µs during a rest', (step) => {
  let clock: FakeClock;
  let pool: HostPool;

  const first = (): string | undefined => pool.candidates()[0]?.label;

  beforeEach(() => {
    clock = new FakeClock(NOON);
    pool = new HostPool(['http://one', 'http://two'], clock);
  });

  it('asks a host that did not answer first again after five minutes', () => {
    pool.markDown(pool.candidates()[0]!);
    clock.step(step);
    clock.advance(5 * MINUTE - 1);
    expect(first()).toBe('two');
    clock.advance(1);
    expect(first()).toBe('one');
  });

  it('asks hosts that refuse the region again after five minutes', () => {
    for (const host of pool.candidates()) pool.markGeoBlocked(host);
    clock.step(step);
    expect(pool.geoBlockedUntil()).toBe(NOON + step + 5 * MINUTE);
    clock.advance(5 * MINUTE - 1);
    expect(first()).toBeUndefined();
    clock.advance(1);
    expect([first(), pool.geoBlockedUntil()]).toEqual(['one', undefined]);
  });
});
