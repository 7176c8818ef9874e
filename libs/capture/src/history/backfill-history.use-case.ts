import { Injectable } from '@nestjs/common';
import {
  BackfillJobs,
  DAY,
  Exchange,
  ExchangeError,
  HistoryStore,
  KlineArchive,
  MINUTE,
  ceilTo,
  floorTo,
  minutesIn,
  isAborted,
  type BackfillJob,
  type TimeRange,
} from '@app/domain';
import { ExchangeTime } from '../candles/exchange-time';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { BackfillRun, type BackfillHistoryProgress, type BackfillHistoryReport, type DayOutcome } from './backfill-run';
import { FirstMinuteFinder } from './first-minute.finder';
import { GapFiller } from './gap-filler';
import { ImportArchiveDayUseCase } from './import-archive-day.use-case';
import { LEFT_TO_LIVE } from './left-to-live';
import { MinuteFetcher } from './minute-fetcher';

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
    private readonly archive: KlineArchive,
    private readonly history: HistoryStore,
    private readonly jobs: BackfillJobs,
    private readonly firstMinutes: FirstMinuteFinder,
    private readonly archiveDay: ImportArchiveDayUseCase,
    private readonly filler: GapFiller,
    private readonly fetcher: MinuteFetcher,
    private readonly exchangeTime: ExchangeTime,
    private readonly directory: SymbolDirectory,
  ) {}

  /**
   * Queues what is missing in the range and does it, with what earlier runs left of these symbols. What is done stays
   * done however it ends. @throws ExchangeError before anything is queued, OriginMismatchError
   */
  async execute(
    { symbols, range }: BackfillRequest,
    signal: AbortSignal,
    onProgress: (progress: BackfillHistoryProgress) => void,
  ): Promise<BackfillHistoryReport> {
    const origin = await this.describe(symbols, signal);
    await this.exchangeTime.ready(signal);
    for (const symbol of symbols) await this.queue(symbol, range, origin, signal);
    const jobs = await this.jobs.open(symbols);
    const run = new BackfillRun(jobs.length, onProgress);
    for (const symbol of symbols) {
      const ofSymbol = jobs.filter((job) => job.symbol === symbol);
      await this.fill(symbol, ofSymbol, run, signal);
    }
    return run.report();
  }

  private async fill(
    symbol: string,
    jobs: readonly BackfillJob[],
    run: BackfillRun,
    signal: AbortSignal,
  ): Promise<void> {
    const unproven: { readonly job: BackfillJob; readonly gaps: readonly TimeRange[] }[] = [];
    for (const job of jobs) {
      if (signal.aborted || run.isHopeless) break;
      await this.jobs.started(job);
      const outcome = await this.attempt(job, signal);
      if (isAborted(signal)) break;
      run.attempted(job, outcome);
      if (outcome.unproven) unproven.push({ job, gaps: outcome.unproven });
      else await this.settle(job, outcome.failure, run);
    }
    for (const { job, gaps } of unproven) {
      if (isAborted(signal)) return;
      const left = await this.fetcher.resolve(symbol, gaps, signal);
      await this.settle(job, left.length === 0 ? undefined : reasonFor(left, NO_ROW), run);
    }
  }

  private async settle(job: BackfillJob, failure: string | undefined, run: BackfillRun): Promise<void> {
    if (failure === undefined) await this.jobs.done(job);
    else await this.jobs.failed(job, failure);
    run.settled(job, failure);
  }

  /** Stores what the exchange says of the symbols; returns where its data comes from. */
  private async describe(symbols: readonly string[], signal: AbortSignal): Promise<string> {
    const { data, origin } = await this.exchange.symbols(symbols, signal);
    const unknown = symbols.find((symbol) => !data.some((known) => known.symbol === symbol));
    if (unknown !== undefined) throw new ExchangeError('unknown_symbol', `the exchange does not know ${unknown}`);
    await this.history.saveSymbols(data, origin);
    this.directory.include(symbols);
    return origin;
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
    if (missing.length === 0) return { rows: 0 };
    let rows = 0;
    let failure: string | undefined;
    try {
      const fromArchive = await this.fromArchive(symbol, range, signal);
      if (fromArchive) {
        rows = fromArchive.rows;
        failure = fromArchive.failure;
      } else {
        for await (const page of this.filler.fill('backfill', symbol, missing, signal)) rows += page.rows;
      }
    } catch (error) {
      if (signal.aborted) return { rows };
      if (!(error instanceof ExchangeError)) throw error;
      failure = error.message;
    }
    const gaps = await this.history.missing(symbol, range);
    if (gaps.length === 0) return { rows };
    return failure === undefined ? { rows, unproven: gaps } : { rows, failure: reasonFor(gaps, failure) };
  }

  /** Undefined where the day has to come over REST. The archive has a day some hours after its end. */
  private async fromArchive(symbol: string, range: TimeRange, signal: AbortSignal): Promise<DayOutcome | undefined> {
    const dayEnd = floorTo(range.start, DAY) + DAY;
    if (!this.archive.isEnabled || dayEnd > this.exchangeTime.now()) return undefined;
    const outcome = await this.archiveDay.execute(symbol, range, signal);
    if (outcome.kind === 'unavailable') return undefined;
    const rows = outcome.counts.taken + outcome.rowsOverRest;
    return outcome.restFailure === undefined ? { rows } : { rows, failure: outcome.restFailure };
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
