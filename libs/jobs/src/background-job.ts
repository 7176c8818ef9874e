import type { EpochMicros } from '@app/domain';

/** Who does a job: whoever captures what happens now, the one that keeps the history in the store, or each process. */
export type JobScope = 'capture' | 'history' | 'process';

export type JobTimes =
  | {
      readonly kind: 'instants';
      /** Market time between runs: they are due at whole multiples of it since the epoch ... */
      readonly interval: EpochMicros;
      /** ... plus this, from 0 to the interval. */
      readonly offset: EpochMicros;
      /** Whether the first run is at once and not at the first instant. */
      readonly atStart: boolean;
      /** Real time after which it looks, between its instants, whether there is anything to do. */
      readonly lookEveryMs?: number;
    }
  /** At once, and then every so many milliseconds of real time. */
  | { readonly kind: 'steady'; readonly everyMs: number }
  /** At once; it goes on until it is done. */
  | { readonly kind: 'once' };

/** `failed` says that a run could not do what it is for; `idle` that there was nothing to do. */
export type JobResult = 'ok' | 'failed' | 'idle';

/**
 * Does what the job is for, until the signal ends it. What it throws is logged, and ends this run alone: the next one is
 * at its time.
 */
export type JobWork = (signal: AbortSignal) => Promise<JobResult>;

export interface BackgroundJob {
  /** As health, the timers of the scheduler registry and the metrics name it. */
  readonly name: string;
  readonly scope: JobScope;
  /** Null: it is switched off. */
  readonly when: JobTimes | null;
  /** Real time after which a run is said to hang; null where a run may take as long as it takes. */
  readonly hangsAfterMs: number | null;
  /** Whether a stop ends the run in hand at once, and does not let it finish: what it has done stays done. */
  readonly endsAtOnce: boolean;
  /** Whether a run can succeed at present; whatever keeps it from that says so itself. */
  readonly mayRun?: () => boolean;
  readonly run: JobWork;
}

/** How a job stands, as `/health` shows it; times are UTC to the millisecond, or null. */
export interface JobReport {
  readonly name: string;
  readonly scope: JobScope;
  /** `stopped`: another process does it, or this one is ending; `done`: nothing is left to do. */
  readonly state: 'off' | 'stopped' | 'waiting' | 'running' | 'done';
  /** When the last run that had something to do began. */
  readonly last_run_at: string | null;
  readonly last_result: 'ok' | 'failed' | null;
  readonly last_seconds: number | null;
  readonly next_run_at: string | null;
}
