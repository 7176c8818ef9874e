import { Injectable } from '@nestjs/common';
import { Clock, MILLISECOND, SECOND, type EpochMicros } from '@app/domain';
import { BridgedTime } from './bridged-time';

/** A wall clock and a monotonic counter, both in milliseconds. */
export interface TimeSource {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const MACHINE: TimeSource = { wall: () => Date.now(), monotonic: () => performance.now() };

/** The wall clock is taken anew this often: it is corrected in small amounts all the time. */
const TAKEN_FOR: EpochMicros = SECOND;
/** A wall clock that is further than this from where it was carried on to was set. It is read in whole milliseconds. */
const STEP: EpochMicros = 10 * MILLISECOND;

/**
 * The machine's clock with microseconds: wall time carried on by the monotonic counter, so that two calls in a row differ
 * and never run backwards, yet a wall clock that was set is followed at once. Steps back of up to a second are bridged.
 */
@Injectable()
export class SystemClock extends Clock {
  private anchorWall = 0;
  private anchorMonotonic = -Infinity;
  private readonly bridged = new BridgedTime();

  constructor(private readonly source: TimeSource = MACHINE) {
    super();
  }

  now(): EpochMicros {
    const monotonic = this.monotonicNow();
    const wall = this.source.wall() * MILLISECOND;
    const carried = this.anchorWall + (monotonic - this.anchorMonotonic);
    if (monotonic - this.anchorMonotonic <= TAKEN_FOR && Math.abs(wall - carried) <= STEP) {
      return this.bridged.at(carried, monotonic);
    }
    this.anchorWall = wall;
    this.anchorMonotonic = monotonic;
    return this.bridged.at(wall, monotonic);
  }

  monotonicNow(): EpochMicros {
    return Math.floor(this.source.monotonic() * MILLISECOND);
  }

  realMillisUntil(time: EpochMicros): number {
    return Math.max(0, Math.ceil((time - this.now()) / MILLISECOND));
  }

  realNow(): EpochMicros {
    return this.now();
  }
}
