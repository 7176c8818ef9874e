import { SECOND, type EpochMicros } from '../model';

/**
 * Time of the market: timestamps, schedules, the ledger, weight minutes. Time-outs, heartbeats and back-offs of
 * network, broker and database use real time, which a simulated market leaves behind or runs ahead of.
 */
export abstract class Clock {
  /**
   * Now, in microseconds since the epoch, UTC. It never stands still: a clock that is set back by up to a second goes on
   * at half its speed until it has caught up; one that is set back further is followed at once, and so is any step forward.
   */
  abstract now(): EpochMicros;

  /**
   * Market microseconds on a counter that neither steps nor stands still; its zero means nothing. Ages, pauses and
   * deadlines are differences of it, so that a clock that is set neither prolongs nor ends them.
   */
  abstract monotonicNow(): EpochMicros;

  /** Real milliseconds from now until the market time is reached; 0 when it has passed. */
  abstract realMillisUntil(time: EpochMicros): number;

  /**
   * Real time, in microseconds since the epoch, UTC: that of the machine, put right by the exchange's as {@link now} is.
   * On a simulated market it is not the time of the market.
   */
  abstract realNow(): EpochMicros;
}

/** A reading of the exchange's clock. The exchange read it at some moment between the two counts of our own. */
export interface ServerTime {
  readonly time: EpochMicros;
  /** {@link Clock.monotonicNow} when it was asked for, and when the answer had arrived. */
  readonly sentAt: EpochMicros;
  readonly receivedAt: EpochMicros;
}

/** How the local clock stands to the exchange's. */
export interface ClockOffset {
  /** How far the exchange's clock is ahead of the local one; negative when the local one is ahead. */
  readonly offset: EpochMicros;
  /** How long ago the exchange's clock was read. */
  readonly age: EpochMicros;
}

/** Below this the difference of two clocks is of no concern. */
export const CLOCK_TOLERANCE: EpochMicros = 2 * SECOND;
/** Beyond this the exchange's time is taken for the local one. */
export const CLOCK_FOLLOW: EpochMicros = 5 * SECOND;

/**
 * The clock of a process as it is held against the exchange's. Between two readings the exchange's time is carried on
 * by the monotonic counter, so that a local clock that is set is noticed at once, and changes nothing of what is stamped.
 */
export abstract class ClockAlignment extends Clock {
  /** Takes a reading; half of the round trip is taken for the way of the answer. */
  abstract align(reading: ServerTime): void;

  /** At this moment; undefined before the first reading. */
  abstract offset(): ClockOffset | undefined;

  /** The exchange's time; that of the clock before the first reading. */
  abstract exchangeNow(): EpochMicros;

  /** Whether the local clock was set, or the machine slept, since the last reading: the next one is due at once. */
  abstract get stepped(): boolean;

  /** Whether the clock goes by the exchange's time, because the local one is more than {@link CLOCK_FOLLOW} away from it. */
  abstract get followsExchange(): boolean;
}
