import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  ceilTo,
  Clock,
  DELISTED,
  Exchange,
  ExchangeError,
  floorTo,
  GrowingPause,
  HistoryStore,
  HOUR,
  MINUTE,
  SymbolTracking,
  type EpochMicros,
  type ExchangeAnswer,
  type SymbolInfo,
  isTrading,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { LEFT_TO_LIVE } from '../history/left-to-live';
import { Refusals } from '../refusals/refusals';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';
import { CapturedSymbols } from './captured-symbols';

/** Some statuses go with new minutes: of such a symbol the status would be asked for without end. */
const RESUMED_AGE = 5 * MINUTE;

const NOT_LISTED = 'exchangeInfo does not list it';

/**
 * What the exchange says of the symbols that are captured, asked for at most once a minute and kept in the store where
 * there is one; with patterns, of all that it lists, which tells what they mean.
 */
@Injectable()
export class SymbolDirectory {
  private readonly statuses = new Map<string, string>();
  /** Those that are asked for by name, whatever patterns find. */
  private readonly named: Set<string>;
  private answeredBy: string | undefined;
  /** On the monotonic counter of the clock, as the next. */
  private askedAt = -Infinity;
  private answeredAt = -Infinity;
  /** Time of the last answer, by the clock. */
  private toldAt = Infinity;
  /** After a refusal, and after an answer that lacked symbols. */
  private readonly pause: GrowingPause;
  private asking: Promise<void> | undefined;
  private isRemembered = false;
  /** Symbols that patterns fit and that are captured no longer, and since when the exchange does not trade them. */
  private readonly gone = new Map<string, EpochMicros>();

  constructor(
    private readonly exchange: Exchange,
    private readonly clock: Clock,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly captured: CapturedSymbols,
    @Inject(CAPTURE_OPTIONS) { choice }: CaptureOptions,
    @Optional() private readonly tracking?: SymbolTracking,
    @Optional() private readonly history?: HistoryStore,
  ) {
    this.named = new Set(choice.names);
    this.pause = new GrowingPause(clock, MINUTE);
  }

  /** Asks for these symbols too from now on. */
  include(symbols: readonly string[]): void {
    for (const symbol of symbols) this.named.add(symbol);
  }

  /** The symbol's status as last told; undefined when the exchange has told none. */
  statusOf(symbol: string): string | undefined {
    return this.statuses.get(symbol);
  }

  /** Origin of the last answer; undefined before the first. */
  get origin(): string | undefined {
    return this.answeredBy;
  }

  /** Whether the last question was refused, or answered without some of the symbols. */
  get isFailing(): boolean {
    return this.pause.isFailing;
  }

  /** Resolves when it is known what is captured, or when the exchange does not tell. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (!this.captured.isKnown) await this.remember();
    if (!this.captured.isKnown) await this.refresh(HOUR, signal);
  }

  /** Asks each hour, and sooner when a symbol that was halted has traded since. */
  async keepFresh(signal?: AbortSignal): Promise<void> {
    await this.refresh((await this.hasResumed()) ? RESUMED_AGE : HOUR, signal);
  }

  /** Whether one of those that did not trade at the last answer has a minute that began after it. */
  private async hasResumed(): Promise<boolean> {
    try {
      for (const [symbol, status] of this.statuses) {
        if (isTrading({ status })) continue;
        const newest = await this.history?.lastMinute(symbol);
        if (newest !== undefined && newest > this.toldAt) return true;
      }
    } catch (error) {
      this.faults.note(error);
    }
    return false;
  }

  /**
   * Asks again when the last answer is older than `age`, or lacked symbols, and the last question is older than a minute;
   * after refusals less and less often.
   */
  async refresh(age: EpochMicros, signal?: AbortSignal): Promise<void> {
    const now = this.clock.monotonicNow();
    const isFresh = now - this.answeredAt < age && !this.pause.isFailing;
    if (isFresh || now - this.askedAt < MINUTE || !this.pause.isOver || this.faults.isPaused) return this.asking;
    this.askedAt = now;
    this.asking = this.ask(signal).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(signal?: AbortSignal): Promise<void> {
    const asked = [...this.named];
    try {
      const { data: listed, origin } = await this.question(asked, signal);
      this.faults.answered();
      this.answeredAt = this.clock.monotonicNow();
      this.toldAt = this.clock.now();
      this.answeredBy = origin;
      const names = new Set(listed.map(({ symbol }) => symbol));
      await this.follow(listed, names);
      const known = listed.filter(({ symbol }) => this.named.has(symbol) || this.captured.has(symbol));
      for (const { symbol, status } of known) this.noteStatus(symbol, status);
      this.noteAnswer(
        asked.filter((symbol) => names.has(symbol)),
        asked.filter((symbol) => !names.has(symbol)),
      );
      await this.history?.saveSymbols(known, origin);
      await this.settle(listed, names);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ExchangeError) this.refused(error);
      this.faults.note(error);
    }
  }

  private question(
    asked: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ExchangeAnswer<readonly SymbolInfo[]>> {
    return this.captured.follows ? this.exchange.allSymbols(signal) : this.exchange.symbols(asked, signal);
  }

  private noteStatus(symbol: string, status: string): void {
    this.statuses.set(symbol, status);
    this.status.exchangeStatus(symbol, status);
  }

  /** What patterns had found is taken up before anything is found anew. */
  private async remember(): Promise<void> {
    if (this.isRemembered || this.tracking === undefined) return;
    try {
      this.captured.remember(await this.tracking.known());
      this.isRemembered = true;
    } catch (error) {
      this.faults.note(error);
    }
  }

  /** Takes up what patterns fit; what is in doubt says nothing of a symbol. */
  private async follow(listed: readonly SymbolInfo[], names: ReadonlySet<string>): Promise<void> {
    if (!this.captured.follows) return;
    await this.remember();
    const left = this.captured.saw(listed);
    for (const [symbol, since] of left) {
      this.gone.set(symbol, since);
      this.statuses.delete(symbol);
      this.tracking?.forget(symbol);
    }
    this.status.forget([...left.keys()]);
    if (this.captured.isInDoubt) return;
    for (const symbol of this.captured.list) {
      this.gone.delete(symbol);
      if (!names.has(symbol) && !this.named.has(symbol)) this.noteStatus(symbol, DELISTED);
    }
  }

  /**
   * Keeps of symbols that the exchange does not list any more that it is so, and accounts for the minutes of those that are
   * captured no longer: since the exchange was first found not to trade them, they are stopped.
   */
  private async settle(listed: readonly SymbolInfo[], names: ReadonlySet<string>): Promise<void> {
    if (!this.captured.follows || this.captured.isInDoubt || this.history === undefined) return;
    const trading = new Set(listed.filter(isTrading).map(({ symbol }) => symbol));
    const known = (await this.history.knownSymbols()).filter(({ symbol }) => this.captured.fits(symbol));
    const unlisted = known.filter(({ symbol, status }) => !names.has(symbol) && status !== DELISTED);
    if (unlisted.length > 0) await this.history.saveDelisted(unlisted.map(({ symbol }) => symbol));
    const closed = floorTo(this.toldAt - LEFT_TO_LIVE, MINUTE);
    for (const { symbol } of known) {
      if (this.captured.has(symbol) || trading.has(symbol)) continue;
      const start = ceilTo(this.gone.get(symbol) ?? this.toldAt, MINUTE);
      this.gone.set(symbol, start);
      if (start >= closed || (await this.history.tracked(symbol)) === undefined) continue;
      const missing = await this.history.missing(symbol, { start, end: closed });
      if (missing.length > 0) await this.history.markStopped(symbol, missing);
    }
  }

  /** What the exchange does not list now, it may list soon. */
  private noteAnswer(listed: readonly string[], absent: readonly string[]): void {
    this.refusals.answered('symbols', listed);
    if (absent.length === 0) {
      this.pause.succeeded();
      return;
    }
    const retryAt = this.pause.failed();
    this.refusals.refused('symbols', absent, { failure: 'unknown_symbol', reason: NOT_LISTED, retryAt });
  }

  private refused({ failure, message: reason, retryAt }: ExchangeError): void {
    this.refusals.refused('symbols', [], { failure, reason, retryAt: this.pause.failed(retryAt) });
  }
}
