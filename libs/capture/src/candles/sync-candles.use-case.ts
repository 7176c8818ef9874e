import { Inject, Injectable } from '@nestjs/common';
import {
  CandleCursor,
  Clock,
  DAY,
  EventPublisher,
  Exchange,
  floorTo,
  MINUTE,
  OriginMismatchError,
  serializeCandle,
  SymbolTracking,
  isAborted,
  type EpochMicros,
  type MinuteCandle,
  type OutgoingEvent,
  type TrackedSymbol,
} from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { BackOff } from '../schedule/back-off';
import { inParallel } from '../schedule/in-parallel';
import { LivePriority } from '../schedule/live-priority';
import { CaptureFaults, isExchangeWide } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';
import { ExchangeTime } from './exchange-time';
import { firstPage, isClosed } from './minute-page';
import { RecentMinutes } from './recent-minutes';

/** Closed minutes that are read again each time: the exchange may still correct them. */
const REREAD: EpochMicros = 5 * MINUTE;
/** What is older than this is left to the ledger keeper. */
const CATCH_UP: EpochMicros = DAY;
const SYMBOLS_AT_ONCE = 4;
/** After so many failures of the whole exchange in a row the pass ends: the next one tries again. */
const FAILURES_TO_STOP = 3;
/** Pauses before asking again for a route or a symbol that the exchange does not have. */
const FIRST_PAUSE: EpochMicros = MINUTE;
const LONGEST_PAUSE: EpochMicros = 10 * MINUTE;

/**
 * Publishes the closed minutes of all symbols from where each one stands: the last minute in steady state, everything
 * of the last 24 hours after downtime. The forming minute is never published.
 */
@Injectable()
export class SyncCandlesUseCase {
  private readonly recent = new RecentMinutes();
  private readonly reached = new Map<string, EpochMicros>();
  private readonly unavailable: BackOff;
  private readonly unknown = new Map<string, BackOff>();
  private warning = '';

  constructor(
    private readonly exchange: Exchange,
    private readonly publisher: EventPublisher,
    private readonly cursor: CandleCursor,
    private readonly exchangeTime: ExchangeTime,
    private readonly tracking: SymbolTracking,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly live: LivePriority,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.unavailable = new BackOff(clock, FIRST_PAUSE, LONGEST_PAUSE);
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
    return this.unavailable.waiting;
  }

  async execute(signal: AbortSignal): Promise<void> {
    if (this.faults.standAside || this.unavailable.waiting) return;
    await this.live.run(() => this.pass(signal));
  }

  private async pass(signal: AbortSignal): Promise<void> {
    await this.exchangeTime.ready(signal);
    let failures = 0;
    let detail = '';
    await inParallel(this.options.symbols, SYMBOLS_AT_ONCE, async (symbol) => {
      if (signal.aborted) return 'stop';
      if (this.unknown.get(symbol)?.waiting) return 'go on';
      try {
        await this.syncSymbol(symbol, signal);
        this.unknown.delete(symbol);
        failures = 0;
        return 'go on';
      } catch (error) {
        if (isAborted(signal)) return 'stop';
        const { message } = error as Error;
        const outcome = this.outcomeOf(error);
        if (outcome === 'unknown_symbol') {
          this.rest(symbol);
          return 'go on';
        }
        detail = message;
        if (outcome === 'not_found') {
          this.unavailable.failed();
          this.status.candleState('unavailable', message);
        }
        failures += isExchangeWide(error) ? 1 : 0;
        return outcome === 'not_found' || outcome === 'refused' || failures >= FAILURES_TO_STOP ? 'stop' : 'go on';
      }
    });
    if (this.unavailable.waiting || signal.aborted) return;
    this.unavailable.succeeded();
    this.status.candleState(detail === '' ? 'ok' : 'failing', detail);
  }

  private rest(symbol: string): void {
    const pause = this.unknown.get(symbol) ?? new BackOff(this.clock, FIRST_PAUSE, LONGEST_PAUSE);
    pause.failed();
    this.unknown.set(symbol, pause);
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
    let start = await this.startFor(symbol, end);
    while (start < end && !signal.aborted) {
      const page = firstPage({ start, end });
      const { data, answered, origin } = await this.exchangeTime.ask(
        () => this.exchange.minuteCandles(symbol, page, signal),
        signal,
      );
      this.faults.answered();
      const frame = await this.frameOf(symbol, origin);
      const closed = data.filter((row) => isClosed(row, exchangeNow) && row.openTime >= (frame?.ledgerStart ?? 0));
      await this.hand(symbol, origin, closed, end);
      start = answered.end;
      this.reached.set(symbol, start);
    }
  }

  /** From the last minute handed on, or from when the symbol is tracked; at most a day back, at least five minutes. */
  private async startFor(symbol: string, end: EpochMicros): Promise<EpochMicros> {
    const [position, frame] = await Promise.all([this.cursor.position(symbol), this.tracking.frame(symbol)]);
    const responsibleFrom = frame ? floorTo(frame.trackedSince, MINUTE) : end;
    const next = position === undefined ? responsibleFrom : floorTo(position, MINUTE) + MINUTE;
    const wanted = Math.max(next, frame ? responsibleFrom : 0, this.reached.get(symbol) ?? 0);
    return Math.max(Math.min(wanted, end - REREAD), end - CATCH_UP, frame?.ledgerStart ?? 0);
  }

  /** A store that cannot start the ledger now must not stop capture: the publisher keeps what comes meanwhile. */
  private async frameOf(symbol: string, origin: string): Promise<TrackedSymbol | undefined> {
    try {
      return await this.tracking.ensure(symbol, origin);
    } catch (error) {
      if (error instanceof OriginMismatchError) throw error;
      this.outcomeOf(error);
      return undefined;
    }
  }

  private async hand(symbol: string, origin: string, closed: readonly MinuteCandle[], end: EpochMicros): Promise<void> {
    const changed = this.recent.changed(closed);
    if (changed.length > 0) {
      await this.publisher.publish({ origin, events: changed.map(eventOf) });
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

function eventOf(candle: MinuteCandle): OutgoingEvent {
  return {
    kind: 'candle',
    symbol: candle.symbol,
    value: serializeCandle(candle),
    capturedAt: candle.capturedAt,
  };
}
