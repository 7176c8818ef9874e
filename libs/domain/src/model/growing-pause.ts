import { floorTo, MINUTE, SECOND, type EpochMicros } from './time';

/** Longest pause after a refusal when the exchange names no time. */
export const LONGEST_PAUSE: EpochMicros = 10 * MINUTE;

/** An aligned pause ends so much earlier: the clock that schedules runs is corrected now and then, the counter is not. */
const ALIGNED_EARLY: EpochMicros = SECOND;

/** What a pause reads of the clock. */
interface PauseClock {
  now(): EpochMicros;
  monotonicNow(): EpochMicros;
}

export interface GrowingPauseOptions {
  readonly longest?: EpochMicros;
  /** A refusal that has not lasted so long yet is tried again after each interval: most of them end in that time. */
  readonly shortSpell?: EpochMicros;
  /** Whether pauses end on whole intervals, so that what runs once an interval misses no run. */
  readonly aligned?: boolean;
}

/**
 * When to try again after a refusal (DESIGN §6): the first time after one interval, then after pauses that double up to
 * ten minutes; a time that the exchange names comes before that. A clock that is set neither prolongs nor ends a pause.
 */
export class GrowingPause {
  private readonly interval: EpochMicros;
  private readonly longest: EpochMicros;
  private readonly shortSpell: EpochMicros;
  private readonly aligned: boolean;
  private readonly early: EpochMicros;
  /** On the monotonic counter, as the two below: where the pause ends, and from where on it counts as over. */
  private end = -Infinity;
  private overFrom = -Infinity;
  private failingSince: EpochMicros | undefined;
  private doublings = 0;

  constructor(
    private readonly clock: PauseClock,
    interval: EpochMicros,
    { longest = LONGEST_PAUSE, shortSpell = MINUTE, aligned = true }: GrowingPauseOptions = {},
  ) {
    this.interval = Math.min(interval, longest);
    this.longest = longest;
    this.shortSpell = shortSpell;
    this.aligned = aligned;
    this.early = aligned ? Math.min(ALIGNED_EARLY, this.interval / 2) : 0;
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.failingSince !== undefined;
  }

  /** Whether the next attempt may be made. */
  get isOver(): boolean {
    return this.clock.monotonicNow() >= this.overFrom;
  }

  /** Market time at which the next attempt may be made; now when it may be made already. */
  get until(): EpochMicros {
    return this.clock.now() + Math.max(0, this.end - this.clock.monotonicNow());
  }

  /**
   * Notes a failed attempt.
   *
   * @param named market time before which the exchange does not want to be asked again
   * @returns market time at which the next attempt may be made
   */
  failed(named?: EpochMicros): EpochMicros {
    const [now, counter] = [this.clock.now(), this.clock.monotonicNow()];
    const beginning = this.aligned ? counter - (now - floorTo(now, this.interval)) : counter;
    if (this.failingSince === undefined) this.failingSince = beginning;
    else if (beginning - this.failingSince + this.early >= this.shortSpell) this.doublings += 1;
    if (named === undefined) {
      this.end = beginning + Math.min(this.interval * 2 ** this.doublings, this.longest);
      this.overFrom = this.end - this.early;
    } else {
      this.end = counter + (named - now);
      this.overFrom = this.end;
    }
    return this.until;
  }

  /** One success ends the refusal. */
  succeeded(): void {
    this.end = -Infinity;
    this.overFrom = -Infinity;
    this.failingSince = undefined;
    this.doublings = 0;
  }
}
