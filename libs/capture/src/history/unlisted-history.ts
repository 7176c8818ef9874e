import { Injectable } from '@nestjs/common';
import {
  BackfillJobs,
  ceilTo,
  DAY,
  floorTo,
  HistoryStore,
  isAborted,
  KlineArchive,
  MINUTE,
  minutesIn,
  type ArchiveFailure,
  type TimeRange,
} from '@app/domain';
import { ExchangeTime } from '../candles/exchange-time';
import type { BackfillRun } from './backfill-run';
import { ImportArchiveDayUseCase } from './import-archive-day.use-case';

/** The archive as a whole, not a file of it, cannot be had. */
const AWAY: ReadonlySet<ArchiveFailure> = new Set<ArchiveFailure>(['unreachable', 'rejected']);
/** When the archive fails so often in a row, the next days would fail as well. */
const MOST_FAILURES_IN_A_ROW = 3;

const UNKNOWN = 'the exchange does not know it';
const NO_ROW = 'the archive has no row of them, and the exchange does not list the symbol';

/** What became of a day. */
interface TriedDay {
  readonly range: TimeRange;
  readonly rows: number;
  /** Why the archive did not give it. */
  readonly failure?: { readonly kind: ArchiveFailure; readonly reason: string };
}

/**
 * Fills whole days of a symbol that the exchange does not list any more, from its file archive alone. Where its life began
 * and ended is known from the files: days before the first and after the last of them are not missing, nothing traded.
 */
@Injectable()
export class UnlistedHistory {
  constructor(
    private readonly archive: KlineArchive,
    private readonly history: HistoryStore,
    private readonly jobs: BackfillJobs,
    private readonly archiveDay: ImportArchiveDayUseCase,
    private readonly exchangeTime: ExchangeTime,
  ) {}

  /** @throws OriginMismatchError */
  async fill(symbol: string, range: TimeRange, run: BackfillRun, signal: AbortSignal): Promise<void> {
    const days = this.archive.isEnabled ? await this.daysToFill(symbol, range) : undefined;
    if (days === undefined) run.symbolFailed(symbol, UNKNOWN);
    if (days === undefined || days.length === 0) return;
    const tried = await this.tryAll(symbol, days, run, signal);
    if (isAborted(signal)) return;
    const life = await this.life(symbol);
    if (!life) {
      run.notDue(days.length);
      const reason = tried.find(({ failure }) => failure && failure.kind !== 'not_found')?.failure?.reason;
      run.symbolFailed(symbol, `${UNKNOWN}, and ${reason ?? 'the archive has no file of it for these days'}`);
      return;
    }
    for (const day of tried) await this.settle(symbol, day, life, run);
    run.fromArchiveAlone(symbol, tried.filter(({ failure }) => !failure).length);
    await this.closeJobs(symbol, life);
  }

  /** Days of the past that miss minutes; undefined where there are none that the archive could have. */
  private async daysToFill(symbol: string, range: TimeRange): Promise<TimeRange[] | undefined> {
    const [start, end] = [
      floorTo(range.start, DAY),
      Math.min(ceilTo(range.end, DAY), floorTo(this.exchangeTime.now(), DAY)),
    ];
    if (start >= end) return undefined;
    const missing = await this.history.missing(symbol, { start, end });
    const days = new Set<number>();
    for (const gap of missing) for (let day = floorTo(gap.start, DAY); day < gap.end; day += DAY) days.add(day);
    return [...days].map((day) => ({ start: day, end: day + DAY }));
  }

  private async tryAll(
    symbol: string,
    days: readonly TimeRange[],
    run: BackfillRun,
    signal: AbortSignal,
  ): Promise<TriedDay[]> {
    const tried: TriedDay[] = [];
    let failures = 0;
    run.queued(days.length, 1);
    for (const range of days) {
      const outcome = await this.archiveDay.execute(symbol, range, signal);
      if (isAborted(signal)) break;
      const isThere = outcome.kind === 'imported';
      const rows = isThere ? outcome.counts.taken + outcome.rowsOverRest : 0;
      const failure = isThere ? undefined : { kind: outcome.failure, reason: outcome.reason };
      tried.push({ range, rows, ...(failure ? { failure } : {}) });
      run.attempted({ symbol, range }, { rows, leftOut: isThere ? outcome.leftOut : [], gaps: [] });
      failures = failure && AWAY.has(failure.kind) ? failures + 1 : 0;
      if (failures === MOST_FAILURES_IN_A_ROW) break;
    }
    return tried;
  }

  /** From the first to the last minute that is stored; undefined where none is. */
  private async life(symbol: string): Promise<TimeRange | undefined> {
    const [frame, last] = [await this.history.ledgerFrame(symbol), await this.history.lastMinute(symbol)];
    if (!frame || last === undefined) return undefined;
    return { start: frame.ledgerStart, end: floorTo(last, MINUTE) + MINUTE };
  }

  private async settle(symbol: string, { range, failure }: TriedDay, life: TimeRange, run: BackfillRun): Promise<void> {
    if (failure && failure.kind !== 'not_found') {
      run.settled({ symbol, range }, failure.reason);
    } else if (range.end <= life.start || range.start >= life.end) {
      run.notDue(1);
    } else {
      const gaps = await this.history.missing(symbol, withinLife(range, life));
      const minutes = gaps.reduce((sum, gap) => sum + minutesIn(gap), 0);
      run.settled({ symbol, range }, minutes === 0 ? undefined : `${minutes} minutes are missing: ${NO_ROW}`);
    }
  }

  /** Days that were queued while the symbol was listed, and have nothing left to fill. */
  private async closeJobs(symbol: string, life: TimeRange): Promise<void> {
    for (const job of await this.jobs.open([symbol])) {
      const range = withinLife(job.range, life);
      if (range.start >= range.end || (await this.history.missing(symbol, range)).length > 0) continue;
      await this.jobs.done(job);
    }
  }
}

function withinLife({ start, end }: TimeRange, life: TimeRange): TimeRange {
  return { start: Math.max(start, life.start), end: Math.min(end, life.end) };
}
