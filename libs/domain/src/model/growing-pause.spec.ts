import { GrowingPause, type GrowingPauseOptions } from './growing-pause';
import { HOUR, MINUTE, SECOND, type EpochMicros } from './time';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;

class TestClock {
  private passed = 0;
  private set = 0;

  now(): EpochMicros {
    return NOON + this.passed + this.set;
  }

  monotonicNow(): EpochMicros {
    return this.passed;
  }

  advance(by: EpochMicros): void {
    this.passed += by;
  }

  step(by: EpochMicros): void {
    this.set += by;
  }
}

describe('GrowingPause', () => {
  let clock: TestClock;

  beforeEach(() => {
    clock = new TestClock();
  });

  /** Seconds between attempts that all fail, made at instants of a schedule, `late` after them. */
  function pauses(
    interval: EpochMicros,
    count: number,
    late: EpochMicros = 0,
    options?: GrowingPauseOptions,
  ): number[] {
    const pause = new GrowingPause(clock, interval, options);
    const found: number[] = [];
    let waited = 0;
    for (; found.length <= count; waited += interval) {
      if (pause.isOver) {
        found.push(waited / SECOND);
        waited = 0;
        clock.advance(late);
        pause.failed();
        clock.advance(interval - late);
      } else {
        clock.advance(interval);
      }
    }
    return found.slice(1);
  }

  it('should try again after one minute, then after pauses that double up to ten minutes', () => {
    expect(pauses(MINUTE, 7)).toEqual([60, 120, 240, 480, 600, 600, 600]);
  });

  it.each([SECOND / 5, 5 * SECOND, 59 * SECOND])(
    'should not skip a run that comes %i µs after the last failed',
    (late) => {
      expect(pauses(MINUTE, 4, late)).toEqual([60, 120, 240, 480]);
    },
  );

  it('should end with the interval after one in which an attempt took too long', () => {
    const pause = new GrowingPause(clock, MINUTE);
    clock.advance(90 * SECOND);
    expect(pause.failed()).toBe(NOON + 2 * MINUTE);
  });

  it.each([1, 2, 5, 7])('should try every %i s during a spell of seven seconds', (seconds) => {
    const tries = Math.ceil(7 / seconds);
    expect(pauses(seconds * SECOND, tries)).toEqual(Array.from({ length: tries }, () => seconds));
  });

  it('should double the pauses of a short interval once the refusal has lasted a minute', () => {
    expect(pauses(15 * SECOND, 11)).toEqual([15, 15, 15, 15, 30, 60, 120, 240, 480, 600, 600]);
  });

  it('should double from the first one on where short spells do not count', () => {
    expect(pauses(15 * SECOND, 4, 0, { shortSpell: 0, aligned: false })).toEqual([15, 30, 60, 120]);
  });

  it('should be whole where it is not aligned', () => {
    const pause = new GrowingPause(clock, MINUTE, { aligned: false });
    clock.advance(59 * SECOND);
    expect(pause.failed()).toBe(NOON + 59 * SECOND + MINUTE);
    clock.advance(MINUTE - 1);
    expect(pause.isOver).toBe(false);
    clock.advance(1);
    expect(pause.isOver).toBe(true);
  });

  it('should never be longer than ten minutes, however long the interval', () => {
    const pause = new GrowingPause(clock, HOUR);
    expect([pause.failed(), pause.failed()]).toEqual([NOON + 10 * MINUTE, NOON + 10 * MINUTE]);
  });

  it('should wait for the time that the exchange names, to the microsecond and beyond ten minutes', () => {
    const pause = new GrowingPause(clock, MINUTE);
    expect(pause.failed(NOON + 2 * HOUR)).toBe(NOON + 2 * HOUR);
    clock.advance(2 * HOUR - 1);
    expect(pause.isOver).toBe(false);
    clock.advance(1);
    expect(pause.isOver).toBe(true);
    expect(pause.failed(clock.now() + 17 * SECOND)).toBe(NOON + 2 * HOUR + 17 * SECOND);
  });

  it.each([26 * HOUR, -26 * HOUR, -400 * 24 * HOUR])('should last as long when the clock is set by %i µs', (step) => {
    const pause = new GrowingPause(clock, MINUTE);
    pause.failed();
    clock.step(step);
    expect([pause.isOver, pause.until]).toEqual([false, NOON + step + MINUTE]);
    clock.advance(MINUTE);
    expect(pause.isOver).toBe(true);
  });

  it('should begin anew after one success', () => {
    const pause = new GrowingPause(clock, MINUTE);
    for (let failure = 0; failure < 5; failure += 1) {
      pause.failed();
      clock.advance(10 * MINUTE);
    }
    pause.succeeded();
    expect([pause.isFailing, pause.isOver, pause.until]).toEqual([false, true, clock.now()]);
    expect(pause.failed()).toBe(clock.now() + MINUTE);
  });
});
