import { Injectable } from '@nestjs/common';
import { Clock, MILLISECOND, type EpochMicros } from '@app/domain';

/**
 * The machine's clock with microseconds: wall time taken once a second, carried on by the monotonic counter, so that
 * two calls in a row differ and never run backwards, yet a corrected wall clock is followed.
 */
@Injectable()
export class SystemClock extends Clock {
  private anchorWall = 0;
  private anchorMonotonic = -Infinity;
  private latest = 0;

  now(): EpochMicros {
    const monotonic = performance.now();
    if (monotonic - this.anchorMonotonic > 1_000) {
      this.anchorWall = Date.now() * MILLISECOND;
      this.anchorMonotonic = monotonic;
    }
    const time = this.anchorWall + Math.floor((monotonic - this.anchorMonotonic) * MILLISECOND);
    this.latest = Math.max(this.latest, time);
    return this.latest;
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.now()) / MILLISECOND));
  }

  realNow(): EpochMicros {
    return this.now();
  }
}
