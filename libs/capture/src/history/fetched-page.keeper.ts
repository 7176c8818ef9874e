import { Injectable } from '@nestjs/common';
import {
  candlesOutside,
  Exchange,
  floorTo,
  HistoryStore,
  MINUTE,
  subtractRanges,
  type CandlePage,
  type FetchKind,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { absentMinutes } from '@app/fill';
import { ExchangeTime } from '../candles/exchange-time';
import { isClosed } from '../candles/minute-page';
import { LeftOutRegister, nextMinute } from '../left-out/left-out-register';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureMetrics } from '../status/capture-metrics';
import { SymbolDirectory } from '../symbols/symbol-directory';

/** What a page brought. */
export interface KeptPage {
  readonly rows: number;
  /** Rows of minutes that were missing. */
  readonly taken: number;
  /** Minutes of it whose rows were not accepted: they are missing, and to be asked for again. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** Minutes of it without a row, of which nothing proves yet that they will never have one. */
  readonly unresolved: readonly TimeRange[];
}

/** The exchange may still bring such a minute: nothing proves that it never will. */
const NO_ROW = 'the exchange answered without a row, and has none after it yet';

const NOT_PROVED = 'the exchange does not tell its time, and no later row proves that the minute is over';

/** Brings pages of past minutes into the store, with what they say of minutes that do not exist. */
@Injectable()
export class FetchedPageKeeper {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly exchangeTime: ExchangeTime,
    private readonly directory: SymbolDirectory,
    private readonly faults: CaptureFaults,
    private readonly leftOut: LeftOutRegister,
    private readonly metrics: CaptureMetrics,
  ) {}

  /**
   * Stores the closed minutes of a page. A minute whose row was not accepted stays missing, with the reason; an absent minute
   * is stopped when a later row exists, in the answer or stored, or when the symbol's status is not TRADING.
   * @throws ExchangeError, OriginMismatchError
   */
  async keep(
    kind: FetchKind,
    symbol: string,
    { data, leftOut, answered: range, origin, receivedAt }: CandlePage<MinuteCandle>,
    signal: AbortSignal,
  ): Promise<KeptPage> {
    this.faults.answered();
    this.exchangeTime.saw(data);
    const now = this.exchangeTime.now();
    const [settled, open] = await this.settled(symbol, range, signal);
    const over = this.exchangeTime.closedUntil;
    const candles = data.filter(
      (row) => isClosed(row, over) && row.openTime >= settled.start && row.openTime < settled.end,
    );
    const missing = candles.length > 0 ? await this.history.missing(symbol, settled) : [];
    if (candles.length + leftOut.length > 0) {
      await this.history.saveFetched({ kind, origin, symbol, range: settled, candles, leftOut, fetchedAt: receivedAt });
      this.faults.accepted();
      this.metrics.fetched(kind, candles.length);
    }
    this.leftOut.note(symbol, range, leftOut, nextMinute(now));
    const absent = subtractRanges(absentMinutes(settled, candles), leftOut);
    const unresolved = await this.resolve(symbol, absent, signal);
    for (const gap of unresolved) await this.note(symbol, gap, NO_ROW);
    for (const gap of open) await this.note(symbol, gap, NOT_PROVED);
    const taken = candles.length - candlesOutside(candles, missing).length;
    return { rows: candles.length, taken, leftOut, unresolved: [...unresolved, ...open] };
  }

  /** Marks those absent ranges stopped that a later row or the symbol's status proves; returns the others. */
  async resolve(symbol: string, absent: readonly TimeRange[], signal: AbortSignal): Promise<readonly TimeRange[]> {
    if (absent.length === 0) return [];
    const newest = await this.history.lastMinute(symbol);
    const newestMinute = newest === undefined ? -1 : floorTo(newest, MINUTE);
    let stopped = absent.filter(({ end }) => end <= newestMinute);
    if (stopped.length < absent.length) {
      await this.directory.refresh(MINUTE, signal);
      const status = this.directory.statusOf(symbol);
      if (status !== undefined && status !== 'TRADING') stopped = [...absent];
    }
    if (stopped.length > 0) await this.history.markStopped(symbol, stopped);
    return absent.filter((range) => !stopped.includes(range));
  }

  /** Keeps why the minutes of a range could not be had. */
  note(symbol: string, range: TimeRange, reason: string): Promise<void> {
    const askedAt = this.exchangeTime.now();
    return this.history.noteUnfilled(symbol, range, [{ ...range, reason, askedAt }]);
  }

  /** The part of a range of which it can be said what became of it, and what of it may not be over yet. */
  private async settled(
    symbol: string,
    { start, end }: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly [TimeRange, readonly TimeRange[]]> {
    if (this.exchangeTime.isKnown) return [{ start, end }, []];
    // The row behind the range proves that all of it is over.
    if (this.exchangeTime.closedUntil < end) {
      this.exchangeTime.saw(
        (await this.exchange.minuteCandles(symbol, { start: end, end: end + MINUTE }, signal, 'history')).data,
      );
    }
    const until = Math.max(start, Math.min(end, floorTo(this.exchangeTime.closedUntil, MINUTE)));
    return [{ start, end: until }, until < end ? [{ start: until, end }] : []];
  }
}
