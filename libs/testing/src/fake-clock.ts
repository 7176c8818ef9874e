import { AlignedClock } from '@app/clock';
import { Clock, MILLISECOND, type EpochMicros } from '@app/domain';

/** A clock that stands still until it is told otherwise. */
export class FakeClock extends Clock {
  private passed: EpochMicros = 0;

  constructor(
    private time: EpochMicros,
    /** Market seconds per real second. */
    private readonly factor = 1,
  ) {
    super();
  }

  now(): EpochMicros {
    return this.time;
  }

  monotonicNow(): EpochMicros {
    return this.passed;
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.time) / MILLISECOND / this.factor));
  }

  /** The same as market time, whatever the factor. */
  realNow(): EpochMicros {
    return this.time;
  }

  /** Lets time pass until then. */
  set(time: EpochMicros): void {
    this.advance(time - this.time);
  }

  /** Lets time pass. */
  advance(by: EpochMicros): void {
    this.time += by;
    this.passed += by;
  }

  /** Sets the clock without letting time pass: forwards, or backwards when negative. */
  step(by: EpochMicros): void {
    this.time += by;
  }
}

/** A clock that runs with (faked) timers: `start` at its creation, `factor` market seconds per timer second. */
export class TimerClock extends Clock {
  private readonly createdAt = Date.now();
  private stepped: EpochMicros = 0;

  constructor(
    private readonly start: EpochMicros,
    private readonly factor = 1,
  ) {
    super();
  }

  now(): EpochMicros {
    return this.start + this.stepped + this.monotonicNow();
  }

  monotonicNow(): EpochMicros {
    return (Date.now() - this.createdAt) * MILLISECOND * this.factor;
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.now()) / MILLISECOND / this.factor));
  }

  realNow(): EpochMicros {
    return Date.now() * MILLISECOND;
  }

  /** Sets the clock without letting time pass: forwards, or backwards when negative. */
  step(by: EpochMicros): void {
    this.stepped += by;
  }
}

/** The clock of a process over a local one, to be held against an exchange's. */
export function alignedOver(local: Clock): AlignedClock {
  return new AlignedClock(local);
}
