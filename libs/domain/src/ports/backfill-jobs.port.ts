import type { TimeRange } from '../model';

/** The filling of a UTC day of a symbol, or of the part of it that is asked for. */
export interface BackfillJob {
  readonly symbol: string;
  /** Within one UTC day, not empty. */
  readonly range: TimeRange;
}

/**
 * Which days are to be filled and what became of those that were tried: queued, running, done, or failed with a reason.
 * Kept in the store, so that a backfill goes on after a kill where it was.
 */
export abstract class BackfillJobs {
  /**
   * Queues jobs, whatever became of earlier ones of the same symbols and days. `origin` is that of the data that they
   * will bring. @throws OriginMismatchError
   */
  abstract queue(jobs: readonly BackfillJob[], origin: string): Promise<void>;

  /**
   * Jobs of the symbols that are queued, and those that were running when their process died: by symbol, oldest first.
   * While another process runs a backfill, its job in hand is among them; a day that is filled twice is the same day.
   */
  abstract open(symbols: readonly string[]): Promise<BackfillJob[]>;

  abstract started(job: BackfillJob): Promise<void>;

  abstract done(job: BackfillJob): Promise<void>;

  /** `reason` in one line, for people. */
  abstract failed(job: BackfillJob, reason: string): Promise<void>;
}
