import { Inject, Injectable } from '@nestjs/common';
import {
  CANDLE_KIND,
  CandleCursor,
  Clock,
  DAY,
  EventPublisher,
  Exchange,
  ExchangeError,
  floorTo,
  GrowingPause,
  MINUTE,
  OriginMismatchError,
  SymbolTracking,
  isAborted,
  isExchangeWide,
  outgoingEvent,
  type EpochMicros,
  type MinuteCandle,
  type TrackedSymbol,
} from '@app/domain';
import { firstPage } from '@app/fill';
import type { JobResult } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { LeftOutRegister, nextMinute } from '../left-out/left-out-register';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { inParallel } from '../schedule/in-parallel';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolDirectory } from '../symbols/symbol-directory';
import { ExchangeTime } from './exchange-time';
import { isClosed } from './minute-page';
import { RecentMinutes } from './recent-minutes';

/** Closed minutes that are read again each time: the exchange may still correct them. */
const REREAD: EpochMicros = 5 * MINUTE;
/** What is older than this is left to the ledger keeper. */
const CATCH_UP: EpochMicros = DAY;
const SYMBOLS_AT_ONCE = 4;
/** After so many failures in a row that no symbol alone explains the pass ends: the next one tries again. */
const FAILURES_TO_STOP = 3;

/** What a pass over the symbols has brought so far. */
interface Pass {
  answered: number;
  failuresInARow: number;
  readonly failed: { readonly symbol: string; readonly error: ExchangeError }[];
  /** What went wrong that is not the exchange's. */
  detail: string;
}

/**
 * Publishes the closed minutes of all symbols from where each one stands: the last minute in steady state, everything
 * of the last 24 hours after downtime. The forming minute is never published.
 */
@Injectable()
export class SyncCandlesUseCase {
  private readonly recent = new RecentMinutes();
  private readonly reached = new Map<string, EpochMicros>();
  /** First minutes of symbols that were listed while this process was at work. */
  private readonly listedAt = new Map<string, EpochMicros>();
  /** Of symbols that are refused while others are answered. */
  private readonly pauses: SymbolPauses;
  /** While no symbol is answered. */
  private readonly routePause: GrowingPause;
  private warning = '';

  constructor(
    private readonly exchange: Exchange,
    private readonly publisher: EventPublisher,
    private readonly cursor: CandleCursor,
    private readonly exchangeTime: ExchangeTime,
    private readonly tracking: SymbolTracking,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly leftOut: LeftOutRegister,
    private readonly clock: Clock,
    private readonly directory: SymbolDirectory,
    private readonly captured: CapturedSymbols,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.pauses = new SymbolPauses(clock, MINUTE);
    this.routePause = new GrowingPause(clock, MINUTE);
  }

  /**
   * Up to where the exchange has answered for a symbol and what it answered was handed on; undefined until the first
   * catch-up of this process has answered. What is later is this use case's, what is earlier the ledger keeper's.
   */
  reach(symbol: string): EpochMicros | undefined {
    return this.reached.get(symbol);
  }

  /** Whether the exchange serves no candles at present. */
  get isUnavailable(): boolean {
    return this.routePause.isFailing;
  }

  async execute(signal: AbortSignal): Promise<JobResult> {
    if (this.faults.isPaused || !this.routePause.isOver) return 'failed';
    await this.directory.ready(signal);
    return this.pass(signal);
  }

  private async pass(signal: AbortSignal): Promise<JobResult> {
    await this.exchangeTime.ready(signal);
    const pass: Pass = { answered: 0, failuresInARow: 0, failed: [], detail: '' };
    await inParallel(this.pauses.due(this.captured.list), SYMBOLS_AT_ONCE, async (symbol) => {
      if (signal.aborted) return 'stop';
      try {
        await this.syncSymbol(symbol, signal);
        pass.answered += 1;
        pass.failuresInARow = 0;
        this.answered(symbol);
        return 'go on';
      } catch (error) {
        if (isAborted(signal)) return 'stop';
        const outcome = this.outcomeOf(error);
        if (error instanceof ExchangeError) pass.failed.push({ symbol, error });
        else if (outcome !== 'refused') pass.detail = (error as Error).message;
        // While others are answered, a refusal is the symbol's own.
        if (isExchangeWide(error) || (error instanceof ExchangeError && pass.answered === 0)) pass.failuresInARow += 1;
        return outcome === 'refused' || pass.failuresInARow >= FAILURES_TO_STOP ? 'stop' : 'go on';
      }
    });
    return signal.aborted ? 'failed' : this.end(pass);
  }

  /** One answer ends what was refused for the symbol, and what was refused for all of them. */
  private answered(symbol: string): void {
    if (this.routePause.isFailing) {
      this.routePause.succeeded();
      this.pauses.clear();
      this.refusals.answered('candles', this.captured.list);
    }
    this.pauses.succeeded(symbol);
    this.refusals.answered('candles', [symbol]);
  }

  /** Decides what the failures of a pass say: of single symbols where others were answered, else of the route. */
  private end({ answered, failed, detail }: Pass): JobResult {
    // Symbols that failed come last in the next pass, in which those come first that had no turn.
    for (const { symbol, error } of failed) {
      if (isExchangeWide(error)) {
        this.pauses.postponed(symbol);
        this.refused([], error, error.retryAt ?? this.nextPass());
      } else {
        const retryAt = this.pauses.failed(symbol, error.retryAt);
        if (answered > 0) this.refused([symbol], error, retryAt);
      }
    }
    const first = failed.find(({ error }) => !isExchangeWide(error))?.error;
    if (answered === 0 && first) {
      this.refused([], first, this.routePause.failed(first.retryAt));
      this.status.candleState(first.failure === 'not_found' ? 'unavailable' : 'failing', detail);
      return 'failed';
    }
    const isWhole = failed.length === 0 && detail === '' && !this.pauses.hasFailing;
    this.status.candleState(isWhole ? 'ok' : 'failing', detail);
    return isWhole ? 'ok' : 'failed';
  }

  private refused(symbols: readonly string[], { failure, message: reason }: ExchangeError, retryAt: EpochMicros): void {
    this.refusals.refused('candles', symbols, { failure, reason, retryAt });
  }

  private nextPass(): EpochMicros {
    return floorTo(this.clock.now(), MINUTE) + MINUTE;
  }

  /** Notes what ended a symbol's turn; what is neither the exchange's nor the origin's is said once while it lasts. */
  private outcomeOf(error: unknown): string {
    try {
      return this.faults.note(error);
    } catch {
      const message = error instanceof Error ? error.message : String(error);
      if (this.warning !== message) this.logger.error({ err: error }, `candle sync: ${message}`);
      this.warning = message;
      return 'failed';
    }
  }

  private async syncSymbol(symbol: string, signal: AbortSignal): Promise<void> {
    const exchangeNow = this.exchangeTime.now();
    const end = floorTo(exchangeNow, MINUTE);
    let start = await this.startFor(symbol, end, signal);
    while (start < end && !signal.aborted) {
      // The row of the minute under way proves that the one before it is over.
      const upTo = this.exchangeTime.isKnown ? end : end + MINUTE;
      const page = firstPage({ start, end: upTo }, this.exchange.candlesPerPage);
      const { data, leftOut, answered, origin } = await this.exchangeTime.ask(
        () => this.exchange.minuteCandles(symbol, page, signal),
        signal,
      );
      this.faults.answered();
      const frame = await this.frameOf(symbol, origin);
      this.exchangeTime.saw(data);
      const over = Math.min(exchangeNow, this.exchangeTime.closedUntil);
      const closed = data.filter((row) => isClosed(row, over) && row.openTime >= (frame?.ledgerStart ?? 0));
      await this.hand(symbol, origin, closed, end);
      this.leftOut.note(symbol, answered, leftOut, nextMinute(exchangeNow));
      // What may still be under way is asked for again.
      const next = this.exchangeTime.isKnown ? answered.end : Math.min(answered.end, floorTo(over, MINUTE));
      if (next <= start) break;
      start = next;
      this.reached.set(symbol, start);
    }
    // Older minutes are asked for by the process that keeps the history, which says so itself.
    if (this.options.half === 'live') this.leftOut.forgetBefore(symbol, end - REREAD);
  }

  /**
   * From the last minute handed on, or from when the symbol is tracked; at most a day back, at least five minutes. One that
   * was listed since the exchange was looked at last is taken from its first minute on.
   */
  private async startFor(symbol: string, end: EpochMicros, signal: AbortSignal): Promise<EpochMicros> {
    const [position, frame] = await Promise.all([this.cursor.position(symbol), this.tracking.frame(symbol)]);
    if (frame === undefined && this.captured.isNewcomer(symbol)) {
      const { data: first } = await this.exchange.firstMinute(symbol, signal);
      if (first === undefined) return end;
      const listedAt = floorTo(first, MINUTE);
      if (listedAt >= end - CATCH_UP) {
        this.listedAt.set(symbol, listedAt);
        return listedAt;
      }
    }
    const responsibleFrom = frame ? floorTo(frame.trackedSince, MINUTE) : end;
    const next = position === undefined ? responsibleFrom : floorTo(position, MINUTE) + MINUTE;
    const wanted = Math.max(next, frame ? responsibleFrom : 0, this.reached.get(symbol) ?? 0);
    return Math.max(Math.min(wanted, end - REREAD), end - CATCH_UP, frame?.ledgerStart ?? 0);
  }

  /** A store that cannot start the ledger now must not stop capture: the publisher keeps what comes meanwhile. */
  private async frameOf(symbol: string, origin: string): Promise<TrackedSymbol | undefined> {
    try {
      return await this.tracking.ensure(symbol, origin, this.listedAt.get(symbol));
    } catch (error) {
      if (error instanceof OriginMismatchError) throw error;
      this.outcomeOf(error);
      return undefined;
    }
  }

  private async hand(symbol: string, origin: string, closed: readonly MinuteCandle[], end: EpochMicros): Promise<void> {
    const changed = this.recent.changed(closed);
    if (changed.length > 0) {
      await this.publisher.publish({ origin, events: changed.map((candle) => outgoingEvent(CANDLE_KIND, candle)) });
      this.faults.accepted();
      this.status.minutesPublished(symbol, changed);
    }
    this.recent.published(symbol, closed, end - REREAD - MINUTE);
    const last = closed.at(-1);
    if (last && last.openTime > ((await this.cursor.position(symbol)) ?? -1)) {
      await this.cursor.advance(symbol, last.openTime);
    }
  }
}
