import type { EpochMicros } from '../model';

/**
 * Time of the market: timestamps, schedules, the ledger, weight minutes. Time-outs, heartbeats and back-offs of
 * network, broker and database use real time, which a simulated market leaves behind or runs ahead of.
 */
export abstract class Clock {
  /** Now, in microseconds since the epoch, UTC; does not go backwards within a process. */
  abstract now(): EpochMicros;

  /** Real milliseconds from now until the market time is reached; 0 when it has passed. */
  abstract realMillisUntil(time: EpochMicros): number;

  /** The machine's own time, in microseconds since the epoch, UTC: what heartbeats between processes are judged by. */
  abstract realNow(): EpochMicros;
}
