import { Clock, type EpochMicros } from '@app/domain';

/**
 * The clock of a build: it stands still once the build knows of which moment it speaks, so that flags, windows and the
 * ledger's end are the same in every table.
 */
export class BuildClock extends Clock {
  private moment: EpochMicros | undefined;

  constructor(private readonly clock: Clock) {
    super();
  }

  standAt(moment: EpochMicros): void {
    this.moment = moment;
  }

  now(): EpochMicros {
    return this.moment ?? this.clock.now();
  }

  /** The time that goes on. */
  passing(): EpochMicros {
    return this.clock.now();
  }

  monotonicNow(): EpochMicros {
    return this.clock.monotonicNow();
  }

  realMillisUntil(time: EpochMicros): number {
    return this.clock.realMillisUntil(time);
  }

  realNow(): EpochMicros {
    return this.clock.realNow();
  }
}
