import { Inject, Injectable } from '@nestjs/common';
import {
  ExchangeError,
  floorTo,
  HistoryStore,
  MINUTE,
  minutesIn,
  OriginMismatchError,
  isAborted,
  type TimeRange,
  type TrackedSymbol,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus, percentOf, type BackfillProgress } from '../status/capture-status';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { GapFiller } from './gap-filler';
import { GentlePace } from './gentle-pace';

const REPORT_EVERY_MILLIS = 5_000;
const FIRST_RETRY_MILLIS = 250;
const LONGEST_RETRY_MILLIS = 60_000;

/**
 * Fills, symbol by symbol and oldest first, what was before live capture began. It works from what is missing in the
 * ledger, so it goes on after an interruption by itself; minutes that the exchange could not speak for stay missing and
 * pass to the ledger keeper.
 */
@Injectable()
export class BackfillUseCase {
  private readonly finishedSymbols = new Set<string>();
  private startedAt = 0;
  private reportedAt = 0;
  private minutesDone = 0;
  private minutesTotal = 0;
  private rows = 0;

  constructor(
    private readonly history: HistoryStore,
    private readonly filler: GapFiller,
    private readonly tracker: SymbolTracker,
    private readonly pace: GentlePace,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether this run is through with a symbol. */
  finished(symbol: string): boolean {
    return this.finishedSymbols.has(symbol);
  }

  /** Returns when every symbol is filled, or when the signal ends it; waits for symbols that are not tracked yet. */
  async execute(signal: AbortSignal): Promise<void> {
    let retryMillis = FIRST_RETRY_MILLIS;
    while (!signal.aborted) {
      const outcome = await this.pass(signal);
      if (outcome === 'done') break;
      retryMillis = outcome === 'progress' ? FIRST_RETRY_MILLIS : Math.min(retryMillis * 2, LONGEST_RETRY_MILLIS);
      await this.pace.pause(retryMillis, signal);
    }
  }

  private async pass(signal: AbortSignal): Promise<'done' | 'progress' | 'waiting'> {
    const before = this.finishedSymbols.size;
    try {
      if (this.faults.standAside) return 'waiting';
      const gaps = await this.plan();
      for (const [symbol, ranges] of gaps) {
        await this.fill(symbol, ranges, signal);
        if (isAborted(signal)) return 'waiting';
        this.finishedSymbols.add(symbol);
      }
      if (this.finishedSymbols.size > before) this.reportDone();
    } catch (error) {
      if (isAborted(signal)) return 'waiting';
      if (error instanceof ExchangeError || error instanceof OriginMismatchError) this.faults.note(error);
      else this.logger.error({ err: error }, `backfill: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (this.options.symbols.every((symbol) => this.finishedSymbols.has(symbol))) return 'done';
    return this.finishedSymbols.size > before ? 'progress' : 'waiting';
  }

  /** What is missing of the symbols that are tracked by now and not finished. */
  private async plan(): Promise<Map<string, readonly TimeRange[]>> {
    const gaps = new Map<string, readonly TimeRange[]>();
    for (const symbol of this.options.symbols) {
      const frame = this.finishedSymbols.has(symbol) ? undefined : await this.tracker.frame(symbol);
      if (frame) gaps.set(symbol, await this.history.missing(symbol, backfillSpan(frame)));
    }
    const toDo = [...gaps.values()].flat().reduce((sum, gap) => sum + minutesIn(gap), 0);
    this.minutesTotal = this.minutesDone + toDo;
    if (this.startedAt === 0 && toDo > 0) {
      this.startedAt = performance.now();
      this.reportedAt = this.startedAt;
      this.logger.info({ minutes: toDo, symbols: gaps.size }, `backfill: ${toDo} minutes of ${gaps.size} symbols`);
    }
    return gaps;
  }

  private async fill(symbol: string, gaps: readonly TimeRange[], signal: AbortSignal): Promise<void> {
    for await (const { range, rows } of this.filler.fill('backfill', symbol, gaps, signal)) {
      this.minutesDone += minutesIn(range);
      this.rows += rows;
      this.reportNowAndThen(symbol);
    }
  }

  private reportNowAndThen(symbol: string): void {
    const progress = this.report('running');
    if (performance.now() - this.reportedAt < REPORT_EVERY_MILLIS) return;
    this.reportedAt = performance.now();
    const { minutesDone, minutesTotal, etaSeconds } = progress;
    const rate = Math.round((minutesDone * 1_000) / (performance.now() - this.startedAt));
    this.logger.info(
      { symbol, minutesDone, minutesTotal, rate, etaSeconds },
      `backfill: ${percentOf(progress)}% (${minutesDone} of ${minutesTotal} minutes), ${symbol}, ` +
        `${rate} minutes/s, ${etaSeconds ?? '?'} s left`,
    );
  }

  private report(state: BackfillProgress['state']): BackfillProgress {
    const { minutesDone, minutesTotal, rows } = this;
    const elapsed = performance.now() - this.startedAt;
    const progress: BackfillProgress = {
      state,
      symbolsDone: this.finishedSymbols.size,
      symbolsTotal: this.options.symbols.length,
      minutesDone,
      minutesTotal,
      rows,
      etaSeconds:
        state === 'done'
          ? 0
          : minutesDone === 0
            ? null
            : Math.ceil((((minutesTotal - minutesDone) / minutesDone) * elapsed) / 1_000),
    };
    this.status.backfillProgress(progress);
    return progress;
  }

  private reportDone(): void {
    const { rows, minutesDone } = this.report('done');
    if (this.startedAt === 0) return;
    const seconds = Math.ceil((performance.now() - this.startedAt) / 1_000);
    this.logger.info({ rows, minutes: minutesDone }, `backfill: done, ${rows} minutes in ${seconds} s`);
  }
}

/** What the first backfill is responsible for: full minutes from the start of the ledger to the begin of live capture. */
export function backfillSpan({ ledgerStart, trackedSince }: TrackedSymbol): TimeRange {
  return { start: ledgerStart, end: Math.max(ledgerStart, floorTo(trackedSince, MINUTE)) };
}
