import { AlignedClock, BridgedTime } from '@app/clock';
import { Clock, MILLISECOND, type EpochMicros } from '@app/domain';

/** A clock that stands still until it is told otherwise. Steps back of up to a second are bridged, as those of a machine are. */
export class FakeClock extends Clock {
  private passed: EpochMicros = 0;
  private bridged = new BridgedTime();

  constructor(
    private time: EpochMicros,
    /** Market seconds per real second. */
    private readonly factor = 1,
  ) {
    super();
  }

  now(): EpochMicros {
    return this.bridged.at(this.time, this.passed);
  }

  monotonicNow(): EpochMicros {
    return this.passed;
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.now()) / MILLISECOND / this.factor));
  }

  /** The same as market time, whatever the factor. */
  realNow(): EpochMicros {
    return this.now();
  }

  /** Lets time pass until then; where that is over, the clock begins anew. */
  set(time: EpochMicros): void {
    if (time >= this.time) {
      this.advance(time - this.time);
      return;
    }
    this.time = time;
    this.bridged = new BridgedTime();
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
  private readonly bridged = new BridgedTime();

  constructor(
    private readonly start: EpochMicros,
    private readonly factor = 1,
  ) {
    super();
  }

  now(): EpochMicros {
    const passed = this.monotonicNow();
    return this.bridged.at(this.start + this.stepped + passed, passed);
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
