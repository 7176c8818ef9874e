import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  ExchangeError,
  floorTo,
  HistoryStore,
  isExchangeWide,
  MINUTE,
  minutesIn,
  OriginMismatchError,
  StoreNotReadyError,
  isAborted,
  type TimeRange,
  type TrackedSymbol,
} from '@app/domain';
import type { JobResult } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { nextMinute } from '../left-out/left-out-register';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { Pauses } from '../schedule/pauses';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus, percentOf, type BackfillProgress } from '../status/capture-status';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { BackfillPace } from './backfill-pace';
import { HistoryFill } from './history-fill';

const REPORT_EVERY_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 60_000;

/** After so many failures in a row that no symbol alone explains a round ends: the next one tries again. */
const FAILURES_TO_STOP = 3;

/** How a symbol's turn ended. `store`: for a reason that is neither the exchange's nor the symbol's. */
type Turn = 'filled' | 'gave way' | 'exchange' | 'store';

/**
 * Fills what was before live capture began, oldest first. Symbols take turns: each is filled whole, and one that fails
 * gives its turn away and is tried again after growing pauses. It works from what is missing in the ledger, so it goes on
 * after an interruption by itself; minutes that the exchange could not speak for, or whose rows are left out, stay missing
 * and pass to the ledger keeper.
 */
@Injectable()
export class BackfillUseCase {
  private readonly finishedSymbols = new Set<string>();
  private readonly pauses: SymbolPauses;
  private readonly pace: BackfillPace;
  private state: BackfillProgress['state'] = 'waiting';
  private reportedAt = 0;
  private minutesTotal = 0;
  private rows = 0;

  constructor(
    private readonly history: HistoryStore,
    private readonly fill: HistoryFill,
    private readonly tracker: SymbolTracker,
    private readonly waits: Pauses,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly clock: Clock,
    private readonly captured: CapturedSymbols,
    @Inject(LOGGER) private readonly logger: Logger,
    status: CaptureStatus,
  ) {
    this.pauses = new SymbolPauses(clock, MINUTE);
    this.pace = new BackfillPace();
    status.backfillReportsBy(() => this.progress());
  }

  /** Whether this run is through with a symbol. */
  finished(symbol: string): boolean {
    return this.finishedSymbols.has(symbol);
  }

  /**
   * Returns when every symbol is filled, or when the signal ends it; waits for symbols that are not tracked yet, and for
   * those that patterns may still find.
   */
  async execute(signal: AbortSignal): Promise<JobResult> {
    let retryMillis = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const before = this.pace.minutes;
      await this.round(signal);
      if (isAborted(signal)) return 'failed';
      if (this.captured.list.every((symbol) => this.finishedSymbols.has(symbol))) {
        this.reportDone();
        if (!this.captured.follows) return 'ok';
        await this.captured.changed(signal);
        continue;
      }
      this.state = 'waiting';
      retryMillis = this.pace.minutes > before ? FIRST_RETRY_MS : Math.min(retryMillis * 2, LONGEST_RETRY_MS);
      await this.waits.wait(retryMillis, signal);
    }
    return 'failed';
  }

  /** Gives every symbol that is not finished, and may be asked for, its turn. */
  private async round(signal: AbortSignal): Promise<void> {
    if (this.faults.isPaused) return;
    let failuresInARow = 0;
    for (const [symbol, gaps] of await this.plan(signal)) {
      const turn = await this.take(symbol, gaps, signal);
      if (isAborted(signal) || turn === 'store') return;
      failuresInARow = turn === 'exchange' ? failuresInARow + 1 : 0;
      if (failuresInARow >= FAILURES_TO_STOP) return;
    }
  }

  private async take(symbol: string, gaps: readonly TimeRange[], signal: AbortSignal): Promise<Turn> {
    this.state = 'running';
    try {
      for await (const { minutes, rows } of this.fill.run('backfill', { symbol, ranges: gaps }, signal)) {
        this.pace.done(minutes);
        this.rows += rows;
        this.sayNowAndThen(symbol);
      }
      if (isAborted(signal)) return 'gave way';
      this.finishedSymbols.add(symbol);
      this.pauses.succeeded(symbol);
      this.refusals.answered('first backfill', [symbol]);
      return 'filled';
    } catch (error) {
      if (isAborted(signal)) return 'gave way';
      if (error instanceof ExchangeError) return this.giveWay(symbol, error);
      this.failed(error);
      return 'store';
    }
  }

  /** What neither the origin nor the state of the store is the reason of is said. */
  private failed(error: unknown): void {
    if (error instanceof OriginMismatchError || error instanceof StoreNotReadyError) this.faults.note(error);
    else this.logger.error({ err: error }, `backfill: ${error instanceof Error ? error.message : String(error)}`);
  }

  private giveWay(symbol: string, error: ExchangeError): Turn {
    const { failure, message: reason } = error;
    this.faults.note(error);
    const isEverybodys = isExchangeWide(error);
    if (isEverybodys) this.pauses.postponed(symbol);
    const retryAt = isEverybodys
      ? (error.retryAt ?? nextMinute(this.clock.now()))
      : this.pauses.failed(symbol, error.retryAt);
    // Named by its symbol in any case: others may be answered meanwhile.
    this.refusals.refused('first backfill', [symbol], { failure, reason, retryAt });
    return isEverybodys ? 'exchange' : 'gave way';
  }

  /** What is missing of the symbols that are tracked by now, not finished, and may be asked for. */
  private async plan(signal: AbortSignal): Promise<Map<string, readonly TimeRange[]>> {
    const gaps = new Map<string, readonly TimeRange[]>();
    try {
      const unfinished = this.captured.list.filter((symbol) => !this.finishedSymbols.has(symbol));
      let toDo = 0;
      const due = new Set(this.pauses.due(unfinished));
      for (const symbol of [...due, ...unfinished.filter((one) => !due.has(one))]) {
        const frame = await this.tracker.frame(symbol);
        if (!frame) continue;
        const missing = await this.history.missing(symbol, backfillSpan(frame));
        toDo += minutesOf(missing);
        if (due.has(symbol)) gaps.set(symbol, missing);
      }
      this.minutesTotal = this.pace.minutes + toDo;
      if (this.pace.begin(toDo)) {
        this.logger.info({ minutes: toDo, symbols: gaps.size }, `backfill: ${toDo} minutes of ${gaps.size} symbols`);
      }
    } catch (error) {
      if (!isAborted(signal)) this.failed(error);
      gaps.clear();
    }
    return gaps;
  }

  private progress(): BackfillProgress {
    const { state, minutesTotal, rows } = this;
    return {
      state,
      symbolsDone: this.captured.list.filter((symbol) => this.finishedSymbols.has(symbol)).length,
      symbolsTotal: this.captured.list.length,
      minutesDone: this.pace.minutes,
      minutesTotal,
      rows,
      etaSeconds: state === 'done' ? 0 : state === 'running' ? this.pace.secondsFor(minutesTotal) : null,
    };
  }

  private sayNowAndThen(symbol: string): void {
    const now = performance.now();
    if (now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    const progress = this.progress();
    const { minutesDone, minutesTotal, etaSeconds } = progress;
    const rate = this.pace.minutesPerSecond();
    this.logger.info(
      { symbol, minutesDone, minutesTotal, rate, etaSeconds },
      `backfill: ${percentOf(progress)}% (${minutesDone} of ${minutesTotal} minutes), ${symbol}, ` +
        `${rate} minutes/s, ${etaSeconds ?? '?'} s left`,
    );
  }

  private reportDone(): void {
    this.state = 'done';
    const { rows } = this;
    const { minutes, seconds } = this.pace;
    if (minutes > 0) this.logger.info({ rows, minutes }, `backfill: done, ${rows} minutes in ${seconds} s`);
  }
}

function minutesOf(gaps: readonly TimeRange[]): number {
  return gaps.reduce((sum, gap) => sum + minutesIn(gap), 0);
}

/** What the first backfill is responsible for: full minutes from the start of the ledger to the begin of live capture. */
export function backfillSpan({ ledgerStart, trackedSince }: TrackedSymbol): TimeRange {
  return { start: ledgerStart, end: Math.max(ledgerStart, floorTo(trackedSince, MINUTE)) };
}
