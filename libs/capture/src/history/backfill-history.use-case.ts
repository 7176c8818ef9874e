import { Injectable } from '@nestjs/common';
import {
  BackfillJobs,
  DAY,
  Exchange,
  ExchangeError,
  HistoryStore,
  MINUTE,
  ceilTo,
  floorTo,
  minutesIn,
  isAborted,
  subtractRanges,
  type BackfillJob,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { leftOutOf } from '@app/fill';
import { ExchangeTime } from '../candles/exchange-time';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { BackfillRun, type BackfillHistoryProgress, type BackfillHistoryReport, type DayOutcome } from './backfill-run';
import { FirstMinuteFinder } from './first-minute.finder';
import { HistoryFill } from './history-fill';
import { LEFT_TO_LIVE } from './left-to-live';
import { SymbolTurn } from './symbol-turn';
import { UnlistedHistory } from './unlisted-history';

export interface BackfillRequest {
  readonly symbols: readonly string[];
  /** Whole UTC days are filled: those that the range touches, as far as minutes have closed. */
  readonly range: TimeRange;
}

const NO_ROW = 'the exchange has neither rows for them nor later ones';

/**
 * Fills whole days of the past, symbol by symbol and oldest first: from the file archive where it has them, over REST
 * where not. Each day is a job in the store, so that a run goes on where the one before was interrupted or killed; a day
 * without a missing minute is no job, so that a second run does nothing.
 */
@Injectable()
export class BackfillHistoryUseCase {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly jobs: BackfillJobs,
    private readonly firstMinutes: FirstMinuteFinder,
    private readonly fill: HistoryFill,
    private readonly exchangeTime: ExchangeTime,
    private readonly directory: SymbolDirectory,
    private readonly unlisted: UnlistedHistory,
  ) {}

  /**
   * Queues what is missing in the range and does it, with what earlier runs left of these symbols. Symbols take turns: one
   * that fails gives its turn away and goes on when the others are through. Those that the exchange does not list any more
   * come last, from the archive alone. What is done stays done however it ends.
   *
   * @throws ExchangeError when the exchange does not describe the symbols, OriginMismatchError
   */
  async execute(
    { symbols, range }: BackfillRequest,
    signal: AbortSignal,
    onProgress: (progress: BackfillHistoryProgress) => void,
  ): Promise<BackfillHistoryReport> {
    const run = new BackfillRun(onProgress);
    const { known, unlisted, origin } = await this.describe(symbols, signal);
    await this.exchangeTime.ready(signal);
    for (const symbol of known) {
      if (isAborted(signal)) break;
      await this.queueOrReport(symbol, range, origin, run, signal);
    }
    const jobs = await this.jobs.open(known);
    run.queued(jobs.length, known.length);
    const turns = known.map((symbol) => new SymbolTurn(symbol, jobs));
    for (let turn = turns.shift(); turn && !isAborted(signal); turn = turns.shift()) {
      await this.take(turn, run, signal);
      if (run.isHopeless) turns.length = 0;
      else if (!turn.isThrough) turns.push(turn);
    }
    for (const symbol of unlisted) {
      if (!isAborted(signal)) await this.unlisted.fill(symbol, range, run, signal);
    }
    return run.report();
  }

  /** Does days of a symbol until one fails, or all are done. */
  private async take(turn: SymbolTurn, run: BackfillRun, signal: AbortSignal): Promise<void> {
    for (let job = turn.next(); job && !isAborted(signal); job = turn.next()) {
      await this.jobs.started(job);
      const outcome = await this.attempt(job, signal);
      if (isAborted(signal)) return;
      run.attempted(job, outcome);
      const { failure, gaps } = outcome;
      if (failure === undefined && gaps.length > 0) turn.unproven.push({ job, gaps });
      else await this.settle(job, failure && reasonFor(gaps, failure.message), run);
      if (failure) break;
    }
    if (!turn.isThrough && !run.isHopeless) return;
    for (const { job, gaps } of turn.unproven.splice(0)) {
      if (isAborted(signal)) return;
      const left = await this.fill.resolve(turn.symbol, gaps, signal);
      await this.settle(job, left.length === 0 ? undefined : reasonFor(left, NO_ROW), run);
    }
  }

  private async settle(job: BackfillJob, failure: string | undefined, run: BackfillRun): Promise<void> {
    if (failure === undefined) await this.jobs.done(job);
    else await this.jobs.failed(job, failure);
    run.settled(job, failure);
  }

  /** Stores what the exchange says of the symbols; returns those that it lists and the others, and its origin. */
  private async describe(
    symbols: readonly string[],
    signal: AbortSignal,
  ): Promise<{ known: readonly string[]; unlisted: readonly string[]; origin: string }> {
    const { data, origin } = await this.exchange.symbols(symbols, signal);
    const described = new Set(data.map(({ symbol }) => symbol));
    const known = symbols.filter((symbol) => described.has(symbol));
    await this.history.saveSymbols(data, origin);
    this.directory.include(known);
    return { known, unlisted: symbols.filter((symbol) => !described.has(symbol)), origin };
  }

  /** A symbol whose first minute cannot be found out holds up no other; what was queued of it before is done all the same. */
  private async queueOrReport(
    symbol: string,
    range: TimeRange,
    origin: string,
    run: BackfillRun,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.queue(symbol, range, origin, signal);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (!isAborted(signal)) run.symbolFailed(symbol, `its first minute could not be found: ${error.message}`);
    }
  }

  /** Queues the days of the range that miss minutes, from the symbol's first minute on. */
  private async queue(symbol: string, range: TimeRange, origin: string, signal: AbortSignal): Promise<void> {
    const listed = await this.firstMinutes.find(symbol, signal);
    if (listed === undefined) return;
    const closed = floorTo(this.exchangeTime.now() - LEFT_TO_LIVE, MINUTE);
    const span = {
      start: Math.max(floorTo(range.start, DAY), floorTo(listed, MINUTE)),
      end: Math.min(ceilTo(range.end, DAY), closed),
    };
    if (span.start >= span.end) return;
    const missing = await this.history.missing(symbol, span);
    if (missing.length === 0) return;
    await this.history.extendLedger(symbol, span.start, origin);
    await this.jobs.queue(
      daysOf(missing, span).map((day) => ({ symbol, range: day })),
      origin,
    );
  }

  private async attempt({ symbol, range }: BackfillJob, signal: AbortSignal): Promise<DayOutcome> {
    const missing = await this.history.missing(symbol, range);
    const leftOut: LeftOutMinutes[] = [];
    let rows = 0;
    let failure: ExchangeError | undefined;
    try {
      for await (const part of this.fill.run('backfill', { symbol, ranges: missing }, signal)) {
        rows += part.taken;
        leftOut.push(...part.leftOut);
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      failure = error;
    }
    const still = await this.history.missing(symbol, range);
    const outcome = { rows, leftOut: leftOutOf(still, leftOut), gaps: subtractRanges(still, leftOut) };
    return failure !== undefined && outcome.gaps.length > 0 ? { ...outcome, failure } : outcome;
  }
}

function reasonFor(gaps: readonly TimeRange[], why: string): string {
  const minutes = gaps.reduce((sum, gap) => sum + minutesIn(gap), 0);
  return `${minutes} minutes are missing: ${why}`;
}

/** The UTC days in which any of the gaps lies, each as the part of it that is in the span. */
function daysOf(gaps: readonly TimeRange[], span: TimeRange): TimeRange[] {
  const days: TimeRange[] = [];
  for (const gap of gaps) {
    for (let day = floorTo(gap.start, DAY); day < gap.end; day += DAY) {
      const range = { start: Math.max(day, span.start), end: Math.min(day + DAY, span.end) };
      if (days.at(-1)?.start !== range.start) days.push(range);
    }
  }
  return days;
}
