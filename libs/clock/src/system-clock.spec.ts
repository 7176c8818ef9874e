import { DAY, HOUR, MILLISECOND, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { SystemClock } from './system-clock';

const NOON = Date.UTC(2026, 0, 15, 12);

describe('SystemClock', () => {
  let wall: number;
  let monotonic: number;
  let clock: SystemClock;

  beforeEach(() => {
    [wall, monotonic] = [NOON, 5_000];
    clock = new SystemClock({ wall: () => Math.floor(wall), monotonic: () => monotonic });
    clock.now();
  });

  /** Lets real time pass. */
  function pass(millis: number): void {
    wall += millis;
    monotonic += millis;
  }

  /** Sets the wall clock. */
  function step(by: EpochMicros): void {
    wall += by / MILLISECOND;
  }

  /** Readings at every hundredth of a second of the given time. */
  function readings(millis: number): EpochMicros[] {
    return Array.from({ length: millis / 10 }, () => {
      pass(10);
      return clock.now();
    });
  }

  function expectRunning(times: readonly EpochMicros[]): void {
    times.slice(1).forEach((time, index) => {
      expect(time).toBeGreaterThan(times[index]!);
    });
  }

  it('shows microseconds between the milliseconds of the wall clock', () => {
    pass(0.25);
    expect(clock.now()).toBe(NOON * MILLISECOND + 250);
    pass(0.5);
    expect(clock.now()).toBe(NOON * MILLISECOND + 750);
  });

  it.each([
    ['a minute', MINUTE],
    ['an hour', HOUR],
    ['26 hours', 26 * HOUR],
    ['just over a second', SECOND + 20 * MILLISECOND],
  ])('follows a wall clock that is set back by %s at once, and does not stand still for as long', (_, by) => {
    pass(500);
    const before = clock.now();
    step(-by);
    expect(clock.now()).toBe(before - by);
    expectRunning([clock.now(), ...readings(3_000)]);
    expect(clock.now()).toBe(before - by + 3 * SECOND);
  });

  it.each([
    ['0.9 seconds', 900 * MILLISECOND],
    ['a second', SECOND],
    ['20 milliseconds', 20 * MILLISECOND],
  ])('bridges a step back of %s: time runs on and is right again after twice as long', (_, by) => {
    const before = clock.now();
    step(-by);
    const twice = (2 * by) / MILLISECOND;
    const bridged = readings(twice);
    expectRunning([before, ...bridged]);
    expect(bridged[bridged.length / 2 - 1]).toBe(before + by / 2);
    expect(clock.now()).toBe(before + by);
    pass(10);
    expect(clock.now()).toBe(wall * MILLISECOND);
  });

  it('follows when small steps back add up to more than a second', () => {
    step(-800 * MILLISECOND);
    clock.now();
    step(-800 * MILLISECOND);
    expect(clock.now()).toBe(wall * MILLISECOND);
  });

  it.each([
    ['20 milliseconds', 20 * MILLISECOND],
    ['an hour', HOUR],
    ['a day', DAY],
  ])('follows a wall clock that is set forward by %s at once', (_, by) => {
    pass(100);
    const before = clock.now();
    step(by);
    expect(clock.now()).toBe(before + by);
  });

  it('follows a wall clock that is slewed, within a second', () => {
    for (let second = 0; second < 60; second += 1) {
      pass(1_001);
      wall += 0.5;
      clock.now();
    }
    expect(Math.abs(clock.now() - wall * MILLISECOND)).toBeLessThanOrEqual(MILLISECOND);
  });

  it('counts monotonic time whatever the wall clock does', () => {
    const before = clock.monotonicNow();
    step(-DAY);
    clock.now();
    pass(250);
    step(2 * DAY);
    expect(clock.monotonicNow() - before).toBe(250 * MILLISECOND);
  });
});
