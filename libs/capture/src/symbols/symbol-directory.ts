import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  Exchange,
  ExchangeError,
  GrowingPause,
  HistoryStore,
  HOUR,
  MINUTE,
  type EpochMicros,
} from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { Refusals } from '../refusals/refusals';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';

/** Some statuses go with new minutes: of such a symbol the status would be asked for without end. */
const RESUMED_AGE = 5 * MINUTE;

const NOT_LISTED = 'exchangeInfo does not list it';

/** What the exchange says of the configured symbols, asked for at most once a minute and kept in the store. */
@Injectable()
export class SymbolDirectory {
  private readonly statuses = new Map<string, string>();
  private readonly symbols: Set<string>;
  private answeredBy: string | undefined;
  /** On the monotonic counter of the clock, as the next. */
  private askedAt = -Infinity;
  private answeredAt = -Infinity;
  /** Time of the last answer, by the clock. */
  private toldAt = Infinity;
  /** After a refusal, and after an answer that lacked symbols. */
  private readonly pause: GrowingPause;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly clock: Clock,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    @Inject(CAPTURE_OPTIONS) { symbols }: CaptureOptions,
  ) {
    this.symbols = new Set(symbols);
    this.pause = new GrowingPause(clock, MINUTE);
  }

  /** Asks for these symbols too from now on. */
  include(symbols: readonly string[]): void {
    for (const symbol of symbols) this.symbols.add(symbol);
  }

  /** The symbol's status as last told; undefined when the exchange has told none. */
  statusOf(symbol: string): string | undefined {
    return this.statuses.get(symbol);
  }

  /** Origin of the last answer; undefined before the first. */
  get origin(): string | undefined {
    return this.answeredBy;
  }

  /** Asks each hour, and sooner when a symbol that was halted has traded since. */
  async keepFresh(signal?: AbortSignal): Promise<void> {
    await this.refresh((await this.hasResumed()) ? RESUMED_AGE : HOUR, signal);
  }

  /** Whether one of those that did not trade at the last answer has a minute that began after it. */
  private async hasResumed(): Promise<boolean> {
    try {
      for (const [symbol, status] of this.statuses) {
        if (status === 'TRADING') continue;
        const newest = await this.history.lastMinute(symbol);
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
    if (isFresh || now - this.askedAt < MINUTE || !this.pause.isOver || this.faults.standAside) return this.asking;
    this.askedAt = now;
    this.asking = this.ask(signal).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(signal?: AbortSignal): Promise<void> {
    const asked = [...this.symbols];
    try {
      const { data, origin } = await this.exchange.symbols(asked, signal);
      this.faults.answered();
      this.answeredAt = this.clock.monotonicNow();
      this.toldAt = this.clock.now();
      this.answeredBy = origin;
      for (const { symbol, status } of data) {
        this.statuses.set(symbol, status);
        this.status.exchangeStatus(symbol, status);
      }
      const listed = new Set(data.map(({ symbol }) => symbol));
      this.noteAnswer(
        asked.filter((symbol) => listed.has(symbol)),
        asked.filter((symbol) => !listed.has(symbol)),
      );
      await this.history.saveSymbols(data, origin);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ExchangeError) this.refused(error);
      this.faults.note(error);
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
