import { Injectable } from '@nestjs/common';
import {
  ExchangeError,
  floorTo,
  HistoryStore,
  isExchangeWide,
  MINUTE,
  minutesIn,
  type EpochMicros,
  type LeftOutMinutes,
  type TimeRange,
} from '@app/domain';
import { leftOutOf, partsWithin } from '@app/fill';
import { ExchangeTime } from '../candles/exchange-time';
import { backfillSpan } from './backfill.use-case';
import { HistoryFill } from './history-fill';
import { LEFT_TO_LIVE } from './left-to-live';

/** When the exchange as a whole fails for so many symbols in a row, it would for the next ones as well. */
const FAILURES_TO_STOP = 3;

/** What a repair did for one symbol, in minutes. */
export interface RepairReport {
  readonly symbol: string;
  readonly missingBefore: number;
  /** Stored now, or known to be stopped. */
  readonly settled: number;
  readonly missingAfter: number;
  /** Minutes that are missing because their rows were not accepted. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** Why the exchange could not be asked for the rest. */
  readonly failure?: string;
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
  /** Where live capture began. */
  readonly liveSince: EpochMicros;
}

/** Asks the exchange, on demand, for every minute that the ledger lacks; what cannot be had keeps the reason. */
@Injectable()
export class RepairGapsUseCase {
  constructor(
    private readonly history: HistoryStore,
    private readonly fill: HistoryFill,
    private readonly exchangeTime: ExchangeTime,
  ) {}

  /**
   * Fills the gaps of the symbols in the range, symbol by symbol, oldest first. A symbol that fails holds up no other,
   * until the exchange as a whole has failed for some in a row. What is done stays done when the signal or an error ends
   * it. @throws OriginMismatchError
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
    let failuresInARow = 0;
    for (const { symbol, span, gaps, liveSince } of agendas) {
      const leftOut: LeftOutMinutes[] = [];
      let failure: ExchangeError | undefined;
      try {
        for (const [kind, ranges] of kindsOf(gaps, liveSince)) {
          for await (const part of this.fill.run(kind, { symbol, ranges }, signal)) {
            minutesDone += part.minutes;
            rows += part.rows;
            leftOut.push(...part.leftOut);
            onProgress({ symbol, minutesDone, minutesTotal, rows });
          }
        }
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        failure = error;
      }
      failuresInARow = isExchangeWide(failure) ? failuresInARow + 1 : 0;
      const missingBefore = sum(gaps);
      const missing = await this.history.missing(symbol, span);
      const missingAfter = sum(missing);
      const settled = missingBefore - missingAfter;
      const report = { symbol, missingBefore, settled, missingAfter, leftOut: leftOutOf(missing, leftOut) };
      reports.push(failure ? { ...report, failure: failure.message } : report);
      if (signal.aborted || failuresInARow >= FAILURES_TO_STOP) break;
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

/** What is older than live capture is the first backfill's, and never counts as repaired. */
function kindsOf(gaps: readonly TimeRange[], liveSince: EpochMicros): ['backfill' | 'repair', TimeRange[]][] {
  return [
    ['backfill', partsWithin(gaps, { start: -Infinity, end: liveSince })],
    ['repair', partsWithin(gaps, { start: liveSince, end: Infinity })],
  ];
}
