import type { EpochMicros } from '../model';

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

  /** The machine's own time, in microseconds since the epoch, UTC: what heartbeats between processes are judged by. */
  abstract realNow(): EpochMicros;
}
