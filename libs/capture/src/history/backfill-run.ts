import { isExchangeWide, type BackfillJob, type ExchangeError, type LeftOutMinutes, type TimeRange } from '@app/domain';

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

/** A symbol whose days could not even be listed. */
export interface FailedSymbol {
  readonly symbol: string;
  readonly reason: string;
}

/** Minutes of a symbol whose rows were not accepted, and that are missing for it. */
export interface LeftOutOfSymbol extends LeftOutMinutes {
  readonly symbol: string;
}

/** A symbol that the exchange does not list, and days of it that its archive has. */
export interface UnlistedSymbol {
  readonly symbol: string;
  readonly days: number;
}

export interface BackfillHistoryReport {
  readonly days: number;
  readonly rows: number;
  readonly failed: readonly FailedDay[];
  readonly failedSymbols: readonly FailedSymbol[];
  readonly unlisted: readonly UnlistedSymbol[];
  readonly leftOut: readonly LeftOutOfSymbol[];
  /** Days that are queued still: the signal or the exchange ended the run before. */
  readonly left: number;
}

/** What came of one day. */
export interface DayOutcome {
  /** Minutes that were not stored before. */
  readonly rows: number;
  /** Minutes that are missing because their rows were not accepted. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** Minutes that are missing for any other reason. */
  readonly gaps: readonly TimeRange[];
  /** Why the exchange could not be asked for the gaps; without it, it has no rows for them: a later row, perhaps of the next day, proves that it stopped. */
  readonly failure?: ExchangeError;
}

/** When the exchange as a whole fails so often in a row, whatever symbol is asked for, the next days would fail as well. */
const MOST_FAILURES_IN_A_ROW = 3;
/** When so many days more than there are symbols are refused in a row, it is no symbol's own fault. */
const MOST_REFUSALS_IN_A_ROW = 10;

/** How a run stands. */
export class BackfillRun {
  private readonly failed: FailedDay[] = [];
  private readonly failedSymbols: FailedSymbol[] = [];
  private readonly unlisted: UnlistedSymbol[] = [];
  private readonly leftOut: LeftOutOfSymbol[] = [];
  private total = 0;
  private attempts = 0;
  private settledDays = 0;
  private rows = 0;
  private failuresInARow = 0;
  private refusalsInARow = 0;
  private symbols = 0;

  constructor(private readonly onProgress: (progress: BackfillHistoryProgress) => void) {}

  get isHopeless(): boolean {
    const isAway = this.failuresInARow >= MOST_FAILURES_IN_A_ROW;
    return isAway || this.refusalsInARow >= this.symbols + MOST_REFUSALS_IN_A_ROW;
  }

  queued(days: number, symbols: number): void {
    this.total += days;
    this.symbols += symbols;
  }

  /** Of days that were queued: they turned out to be before or after the symbol's life. */
  notDue(days: number): void {
    this.total -= days;
  }

  fromArchiveAlone(symbol: string, days: number): void {
    this.unlisted.push({ symbol, days });
  }

  symbolFailed(symbol: string, reason: string): void {
    this.failedSymbols.push({ symbol, reason });
  }

  attempted(job: BackfillJob, { rows, leftOut, failure }: DayOutcome): void {
    const { symbol } = job;
    this.attempts += 1;
    this.rows += rows;
    for (const minutes of leftOut) this.leftOut.push({ symbol, ...minutes });
    this.failuresInARow = isExchangeWide(failure) ? this.failuresInARow + 1 : 0;
    this.refusalsInARow = failure ? this.refusalsInARow + 1 : 0;
    this.onProgress({ job, daysDone: this.attempts, daysTotal: this.total, rows: this.rows });
  }

  settled(job: BackfillJob, failure: string | undefined): void {
    this.settledDays += 1;
    if (failure !== undefined) this.failed.push({ ...job, reason: failure });
  }

  report(): BackfillHistoryReport {
    const { settledDays, rows, failed, failedSymbols, unlisted, leftOut } = this;
    const left = this.total - settledDays;
    return { days: settledDays - failed.length, rows, failed, failedSymbols, unlisted, leftOut, left };
  }
}
