import type { EpochMicros } from '@app/domain';

/** Says when a job is run. */
export abstract class JobTimer {
  /** `fire` runs the job, and resolves when that run has ended, however it did. */
  abstract start(fire: () => Promise<void>): void;

  /** Fires no more. */
  abstract stop(): void;

  /** When it fires next; null where it does not. */
  abstract next(): EpochMicros | null;
}
