import type { BackfillJob, TimeRange } from '@app/domain';

export interface BackfillHistoryProgress {
  /** What was in hand last. */
  readonly job: BackfillJob;
  readonly daysDone: number;
  readonly daysTotal: number;
  /** Minutes that were not stored before. */
  readonly rows: number;
}

/** A day that could not be filled. */
export interface FailedDay extends BackfillJob {
  readonly reason: string;
}

export interface BackfillHistoryReport {
  readonly days: number;
  readonly rows: number;
  readonly failed: readonly FailedDay[];
  /** Days that are queued still: the signal or the exchange ended the run before. */
  readonly left: number;
}

/** What came of one day. */
export interface DayOutcome {
  /** Minutes that were not stored before. */
  readonly rows: number;
  /** Why the exchange could not be asked for the rest. */
  readonly failure?: string;
  /** Minutes that the exchange has no rows for; a later row, perhaps of the next day, proves that it stopped. */
  readonly unproven?: readonly TimeRange[];
}

/** When so many days in a row fail, the next ones would as well. */
const MOST_FAILURES_IN_A_ROW = 3;

/** How a run stands. */
export class BackfillRun {
  private readonly failed: FailedDay[] = [];
  private attempts = 0;
  private settledDays = 0;
  private rows = 0;
  private failuresInARow = 0;

  constructor(
    private readonly total: number,
    private readonly onProgress: (progress: BackfillHistoryProgress) => void,
  ) {}

  get isHopeless(): boolean {
    return this.failuresInARow >= MOST_FAILURES_IN_A_ROW;
  }

  attempted(job: BackfillJob, { rows, failure }: DayOutcome): void {
    this.attempts += 1;
    this.rows += rows;
    this.failuresInARow = failure === undefined ? 0 : this.failuresInARow + 1;
    this.onProgress({ job, daysDone: this.attempts, daysTotal: this.total, rows: this.rows });
  }

  settled(job: BackfillJob, failure: string | undefined): void {
    this.settledDays += 1;
    if (failure !== undefined) this.failed.push({ ...job, reason: failure });
  }

  report(): BackfillHistoryReport {
    const { settledDays, rows, failed } = this;
    return { days: settledDays - failed.length, rows, failed, left: this.total - settledDays };
  }
}
