import { AlignedClock, SimulatorClock, SystemClock } from '@app/clock';
import {
  CLOCK_FOLLOW,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  type Clock,
  type ClockAlignment,
  type EpochMicros,
} from '@app/domain';
import { FakeClock, TimerClock } from '@app/testing';
import { NOON } from '../../support/test-store';

interface Subject {
  readonly clock: Clock;
  /** Lets real time pass. */
  readonly pass: (millis: number) => void;
  /** Sets the local clock: forwards, or backwards when negative. */
  readonly step: (by: EpochMicros) => void;
}

/** The clock of a machine whose wall clock and counter the test moves. */
function machine(): Subject {
  let [wall, monotonic] = [NOON / MILLISECOND, 5_000];
  return {
    clock: new SystemClock({ wall: () => wall, monotonic: () => monotonic }),
    pass: (millis) => {
      wall += millis;
      monotonic += millis;
    },
    step: (by) => {
      wall += by / MILLISECOND;
    },
  };
}

/** The clock of a simulated market that runs as fast as the machine's. */
function simulated(): Subject {
  const local = machine();
  return { ...local, clock: new SimulatorClock({ market: NOON, real: NOON, factor: 1 }, local.clock) };
}

function aligned(): Subject {
  const local = machine();
  return { ...local, clock: new AlignedClock(local.clock) };
}

function fake(): Subject {
  const clock = new FakeClock(NOON);
  return {
    clock,
    pass: (millis) => {
      clock.advance(millis * MILLISECOND);
    },
    step: (by) => {
      clock.step(by);
    },
  };
}

function timers(): Subject {
  jest.useFakeTimers({ now: NOON / MILLISECOND });
  const clock = new TimerClock(NOON);
  return {
    clock,
    pass: (millis) => {
      jest.advanceTimersByTime(millis);
    },
    step: (by) => {
      clock.step(by);
    },
  };
}

describe.each([
  ['SystemClock', machine],
  ['SimulatorClock', simulated],
  ['AlignedClock', aligned],
  ['the fake that the test moves', fake],
  ['the fake that timers move', timers],
])('the contract of Clock: %s', (_, make) => {
  let clock: Clock;
  let pass: Subject['pass'];
  let step: Subject['step'];

  beforeEach(() => {
    ({ clock, pass, step } = make());
    // A step is told by the reading before it.
    expect(clock.now()).toBe(NOON);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Readings at every hundredth of a second of the given time. */
  const readings = (millis: number): EpochMicros[] =>
    Array.from({ length: millis / 10 }, () => {
      pass(10);
      return clock.now();
    });

  it('should run as time passes', () => {
    expect(readings(50)).toEqual([1, 2, 3, 4, 5].map((count) => NOON + count * 10 * MILLISECOND));
    pass(3_600_000);
    expect(clock.now()).toBe(NOON + HOUR + 50 * MILLISECOND);
    expect(clock.realNow()).toBe(clock.now());
  });

  it.each([
    ['forwards by a second', SECOND],
    ['forwards by 400 days', 400 * DAY],
    ['back by just more than a second', -SECOND - 20 * MILLISECOND],
    ['back by 26 hours', -26 * HOUR],
  ])('should follow at once when it is set %s', (_how, by) => {
    step(by);
    expect(clock.now()).toBe(NOON + by);
    expect(readings(30)).toEqual([1, 2, 3].map((count) => NOON + by + count * 10 * MILLISECOND));
  });

  it.each([SECOND, 400 * MILLISECOND, 20 * MILLISECOND])(
    'should go on at half its speed until it has caught up when it is set back by %i µs',
    (by) => {
      step(-by);
      expect(clock.now()).toBe(NOON);
      const bridge = readings((2 * by) / MILLISECOND);
      expect(bridge).toEqual(bridge.map((_time, index) => NOON + (index + 1) * 5 * MILLISECOND));
      expect(clock.now()).toBe(NOON + by);
      pass(1_000);
      expect(clock.now()).toBe(NOON + by + SECOND);
    },
  );

  it('should count on, whatever it is set to', () => {
    const before = clock.monotonicNow();
    for (const by of [HOUR, -26 * HOUR, -500 * MILLISECOND, 400 * DAY]) {
      step(by);
      pass(250);
    }
    expect(clock.monotonicNow()).toBe(before + SECOND);
  });

  it.each([1, SECOND, 90 * SECOND + 1, DAY])('should say how long it is until a time that is %i µs away', (away) => {
    const time = clock.now() + away;
    const millis = clock.realMillisUntil(time);
    expect(millis).toBe(Math.ceil(away / MILLISECOND));
    pass(millis - 1);
    expect(clock.now()).toBeLessThan(time);
    pass(1);
    expect(clock.now()).toBeGreaterThanOrEqual(time);
    expect(clock.realMillisUntil(time)).toBe(0);
    expect(clock.realMillisUntil(time - MINUTE)).toBe(0);
  });

  it('should say it anew once it is set', () => {
    const time = NOON + 2 * HOUR;
    step(HOUR);
    expect(clock.realMillisUntil(time)).toBe(HOUR / MILLISECOND);
    step(2 * HOUR);
    expect(clock.realMillisUntil(time)).toBe(0);
  });
});

describe.each([
  ['SystemClock', machine],
  ['SimulatorClock', simulated],
  ['the fake that the test moves', fake],
  ['the fake that timers move', timers],
])('the contract of ClockAlignment over %s', (_, make) => {
  let local: Subject;
  let clock: ClockAlignment;

  beforeEach(() => {
    local = make();
    clock = new AlignedClock(local.clock);
    expect(clock.now()).toBe(NOON);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Reads an exchange's clock that is so far ahead of the local one, in an answer that takes 20 ms. */
  function read(ahead: EpochMicros): void {
    const sentAt = clock.monotonicNow();
    local.pass(10);
    const time = local.clock.now() + ahead;
    local.pass(10);
    clock.align({ time, sentAt, receivedAt: clock.monotonicNow() });
  }

  it('should say nothing of the exchange, and go by the local clock, before the first reading', () => {
    local.pass(1_000);
    expect(clock.offset()).toBeUndefined();
    expect(clock.exchangeNow()).toBe(NOON + SECOND);
    expect(clock.now()).toBe(NOON + SECOND);
    expect([clock.followsExchange, clock.stepped]).toEqual([false, false]);
  });

  it.each([
    ['a second ahead', SECOND, false],
    ['3 seconds behind', -3 * SECOND, false],
    ['just within what is let be', CLOCK_FOLLOW, false],
    ['just beyond it', CLOCK_FOLLOW + MILLISECOND, true],
    ['just beyond it, behind', -CLOCK_FOLLOW - MILLISECOND, true],
    ['26 hours ahead', 26 * HOUR, true],
    ['400 days behind', -400 * DAY, true],
  ])('should go by an exchange only that is further away than it lets be: %s', (_how, offset, follows) => {
    read(offset);
    local.pass(60_000);
    expect(clock.offset()).toEqual({ offset, age: MINUTE });
    expect(clock.exchangeNow()).toBe(local.clock.now() + offset);
    expect(clock.followsExchange).toBe(follows);
    const now = local.clock.now() + (follows ? offset : 0);
    expect([clock.now(), clock.realNow()]).toEqual([now, now]);
    expect(clock.realMillisUntil(now + MINUTE)).toBe(60_000);
    expect(clock.stepped).toBe(false);
  });

  it.each([HOUR, -HOUR, 400 * DAY])('should notice that the local clock was set by %i µs, and not be moved', (by) => {
    read(0);
    local.pass(1_000);
    const before = clock.now();
    local.step(by);
    expect([clock.now(), clock.exchangeNow()]).toEqual([before, before]);
    expect([clock.followsExchange, clock.stepped]).toEqual([true, true]);
    local.pass(1_000);
    expect(clock.now()).toBe(before + SECOND);
    read(-by);
    expect(clock.stepped).toBe(false);
    expect(clock.offset()).toEqual({ offset: -by, age: 0 });
  });

  it('should go by the local clock again once that is right', () => {
    read(-26 * HOUR);
    expect(clock.followsExchange).toBe(true);
    local.step(-26 * HOUR);
    expect(clock.now()).toBe(local.clock.now());
    expect(clock.followsExchange).toBe(false);
  });
});
