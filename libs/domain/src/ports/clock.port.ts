import type { EpochMicros } from '../model';

/**
 * Time of the market: timestamps, schedules, the ledger, weight minutes. Time-outs, heartbeats and back-offs of
 * network, broker and database use real time and not this.
 */
export abstract class Clock {
  /** Now, in microseconds since the epoch, UTC; does not go backwards within a process. */
  abstract now(): EpochMicros;

  /** Real milliseconds from now until the market time is reached; 0 when it has passed. */
  abstract realMillisUntil(time: EpochMicros): number;
}
