import { DAY, HOUR, MILLISECOND, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { FakeClock } from '@app/testing';
import { AlignedClock } from './aligned-clock';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

describe('AlignedClock', () => {
  let local: FakeClock;
  let clock: AlignedClock;

  function create(factor = 1): void {
    local = new FakeClock(NOON, factor);
    clock = new AlignedClock(local);
  }

  /** Reads an exchange's clock that is so far ahead of the local one; the answer took so long on its way back. */
  function read(offset: EpochMicros, back: EpochMicros = 0, there: EpochMicros = back): void {
    const sentAt = local.monotonicNow();
    local.advance(there);
    const time = local.now() + offset;
    local.advance(back);
    clock.align({ time, sentAt, receivedAt: local.monotonicNow() });
  }

  const ahead = (): EpochMicros => clock.now() - local.now();

  beforeEach(() => {
    create();
  });

  it('is the local clock before the first reading', () => {
    local.advance(MINUTE);
    expect(ahead()).toBe(0);
    expect(clock.offset()).toBeUndefined();
    expect(clock.exchangeNow()).toBe(local.now());
    expect([clock.followsExchange, clock.stepped]).toEqual([false, false]);
  });

  it.each([
    [0, false],
    [5 * SECOND, false],
    [-5 * SECOND, false],
    [5 * SECOND + MILLISECOND, true],
    [-5 * SECOND - MILLISECOND, true],
    [-26 * HOUR, true],
    [400 * DAY, true],
  ])('goes by the exchange beyond five seconds only: at %d µs: %s', (offset, follows) => {
    read(offset);
    expect(clock.offset()).toEqual({ offset, age: 0 });
    expect(clock.followsExchange).toBe(follows);
    expect(ahead()).toBe(follows ? offset : 0);
    local.advance(HOUR);
    expect(ahead()).toBe(follows ? offset : 0);
    expect(clock.offset()).toEqual({ offset, age: HOUR });
  });

  it('halves the round trip', () => {
    read(7 * SECOND, SECOND);
    expect(clock.offset()?.offset).toBe(7 * SECOND);
    read(7 * SECOND, 800 * MILLISECOND, 200 * MILLISECOND);
    expect(clock.offset()?.offset).toBe(7 * SECOND - 300 * MILLISECOND);
  });

  it.each([
    [6 * SECOND, 0],
    [0, 6 * SECOND],
    [4 * SECOND, 8 * SECOND],
  ])('takes no offset from an answer that was slow on its way (%d µs back, %d µs there)', (back, there) => {
    read(0, back, there);
    expect(clock.offset()?.offset).toBe(0);
    expect(ahead()).toBe(0);
  });

  it.each([HOUR, -HOUR, DAY, -DAY, 26 * HOUR])('is not moved by a local clock that is set by %d µs', (step) => {
    read(0);
    local.advance(MINUTE);
    const before = clock.now();
    local.step(step);
    expect(clock.now()).toBe(before);
    expect([clock.followsExchange, clock.stepped]).toEqual([true, true]);
    expect(clock.offset()?.offset).toBe(-step);
    local.advance(MINUTE);
    expect(clock.now()).toBe(before + MINUTE);
    read(-step);
    expect(clock.stepped).toBe(false);
    expect(clock.now()).toBe(before + MINUTE);
  });

  it('goes back to the local clock when it is right again', () => {
    read(-26 * HOUR);
    expect(ahead()).toBe(-26 * HOUR);
    local.step(-26 * HOUR);
    expect(ahead()).toBe(0);
    expect([clock.followsExchange, clock.stepped]).toEqual([false, true]);
    read(0);
    expect([clock.followsExchange, clock.stepped]).toEqual([false, false]);
  });

  it('lets the exchange go only where the local clock can be taken up without a step', () => {
    read(6 * SECOND);
    local.step(3 * SECOND);
    expect(ahead()).toBe(3 * SECOND);
    local.step(2 * SECOND);
    const before = clock.now();
    expect(clock.followsExchange).toBe(false);
    for (let tick = 0; tick < 30; tick += 1) {
      local.advance(100 * MILLISECOND);
      expect(clock.now()).toBeGreaterThan(before);
    }
    expect(ahead()).toBe(0);
  });

  it('does not run backwards over small differences between readings', () => {
    read(-DAY);
    let last = clock.now();
    for (const jitter of [-40, 30, -200, 0, 150]) {
      local.advance(SECOND);
      read(-DAY + jitter * MILLISECOND, 20 * MILLISECOND);
      expect(clock.now()).toBeGreaterThan(last);
      last = clock.now();
    }
  });

  it.each([
    [400 * MILLISECOND, false],
    [-400 * MILLISECOND, false],
    [600 * MILLISECOND, true],
    [-600 * MILLISECOND, true],
  ])('takes a jump of %d µs for a step: %s', (step, stepped) => {
    read(0);
    local.step(step);
    // The local clock bridges a small step back, which shows once it has caught up.
    local.advance(2 * SECOND);
    expect(clock.stepped).toBe(stepped);
  });

  it('waits by the exchange time that it shows', () => {
    read(HOUR);
    expect(clock.realMillisUntil(clock.now() + 5 * SECOND)).toBe(5_000);
    expect(clock.realMillisUntil(clock.now() - SECOND)).toBe(0);
    create(60);
    read(-HOUR);
    expect(clock.realMillisUntil(clock.now() + MINUTE)).toBe(1_000);
  });

  it.each([
    [1, 26 * HOUR],
    [1, -400 * DAY],
    [60, HOUR],
  ])('puts real time right too, at a factor of %d and %d µs ahead', (factor, offset) => {
    create(factor);
    read(-offset);
    expect(clock.realNow()).toBe(local.realNow() - offset / factor);
  });

  it('knows that a fast market drifts faster', () => {
    create(250);
    read(0);
    local.step(100 * SECOND);
    expect(clock.stepped).toBe(false);
    local.step(50 * SECOND);
    expect(clock.stepped).toBe(true);
  });
});
