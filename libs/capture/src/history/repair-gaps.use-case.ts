import { Injectable } from '@nestjs/common';
import { floorTo, HistoryStore, MINUTE, minutesIn, type TimeRange } from '@app/domain';
import { ExchangeTime } from '../candles/exchange-time';
import { backfillSpan } from './backfill.use-case';
import { GapFiller } from './gap-filler';
import { LEFT_TO_LIVE } from './left-to-live';
import { cutAt, pagesOver } from './minute-ranges';

/** What a repair did for one symbol, in minutes. */
export interface RepairReport {
  readonly symbol: string;
  readonly missingBefore: number;
  /** Stored now, or known to be stopped. */
  readonly settled: number;
  readonly missingAfter: number;
}

export interface RepairProgress {
  readonly symbol: string;
  readonly minutesDone: number;
  readonly minutesTotal: number;
  readonly rows: number;
}

interface Agenda {
  readonly symbol: string;
  readonly span: TimeRange;
  readonly gaps: readonly TimeRange[];
  /** Where live capture began: older minutes are the first backfill's, and never count as repaired. */
  readonly liveSince: number;
}

/** Asks the exchange, on demand, for every minute that the ledger lacks; what cannot be had keeps the reason. */
@Injectable()
export class RepairGapsUseCase {
  constructor(
    private readonly history: HistoryStore,
    private readonly filler: GapFiller,
    private readonly exchangeTime: ExchangeTime,
  ) {}

  /**
   * Fills the gaps of the symbols in the range, symbol by symbol, oldest first. What is done stays done when the signal
   * or an error ends it. @throws ExchangeError, OriginMismatchError
   */
  async execute(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    signal: AbortSignal,
    onProgress: (progress: RepairProgress) => void,
  ): Promise<RepairReport[]> {
    await this.exchangeTime.ready(signal);
    const agendas: Agenda[] = [];
    for (const symbol of symbols) agendas.push(...(await this.plan(symbol, range)));
    const minutesTotal = sum(agendas.flatMap(({ gaps }) => gaps));
    let [minutesDone, rows] = [0, 0];
    const reports: RepairReport[] = [];
    for (const { symbol, span, gaps, liveSince } of agendas) {
      for (const [kind, pages] of kindsOf(gaps, liveSince)) {
        for await (const page of this.filler.fill(kind, symbol, pages, signal)) {
          // A page may reach over minutes that are there.
          minutesDone = Math.min(minutesTotal, minutesDone + minutesIn(page.range));
          rows += page.rows;
          onProgress({ symbol, minutesDone, minutesTotal, rows });
        }
      }
      const missingBefore = sum(gaps);
      const missingAfter = sum(await this.history.missing(symbol, span));
      reports.push({ symbol, missingBefore, settled: missingBefore - missingAfter, missingAfter });
      if (signal.aborted) break;
    }
    return reports;
  }

  /** Nothing for a symbol whose ledger has not begun: then there are no gaps either. */
  private async plan(symbol: string, range: Partial<TimeRange>): Promise<Agenda[]> {
    const frame = await this.history.ledgerFrame(symbol);
    if (!frame) return [];
    const span = {
      start: Math.max(frame.ledgerStart, floorTo(range.start ?? 0, MINUTE)),
      end: Math.min(floorTo(this.exchangeTime.now() - LEFT_TO_LIVE, MINUTE), floorTo(range.end ?? Infinity, MINUTE)),
    };
    const gaps = await this.history.missing(symbol, span);
    return [{ symbol, span, gaps, liveSince: backfillSpan(frame).end }];
  }
}

function sum(ranges: readonly TimeRange[]): number {
  return ranges.reduce((minutes, range) => minutes + minutesIn(range), 0);
}

function kindsOf(gaps: readonly TimeRange[], liveSince: number): ['backfill' | 'repair', TimeRange[]][] {
  const pages = pagesOver(gaps).flatMap((page) => cutAt(page, liveSince));
  return [
    ['backfill', pages.filter(({ start }) => start < liveSince)],
    ['repair', pages.filter(({ start }) => start >= liveSince)],
  ];
}
