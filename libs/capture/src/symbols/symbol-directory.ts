import { Inject, Injectable } from '@nestjs/common';
import { Clock, Exchange, HistoryStore, MINUTE, type EpochMicros } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';

/** What the exchange says of the configured symbols, asked for at most once a minute and kept in the store. */
@Injectable()
export class SymbolDirectory {
  private readonly statuses = new Map<string, string>();
  private readonly symbols: Set<string>;
  private answeredBy: string | undefined;
  private askedAt = -Infinity;
  private answeredAt = -Infinity;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly clock: Clock,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    @Inject(CAPTURE_OPTIONS) { symbols }: CaptureOptions,
  ) {
    this.symbols = new Set(symbols);
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

  /** Asks again when the last answer is older than `age` and the last question older than a minute. */
  async refresh(age: EpochMicros, signal?: AbortSignal): Promise<void> {
    const now = this.clock.now();
    if (now - this.answeredAt < age || now - this.askedAt < MINUTE || this.faults.standAside) return this.asking;
    this.askedAt = now;
    this.asking = this.ask(signal).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(signal?: AbortSignal): Promise<void> {
    try {
      const { data, origin } = await this.exchange.symbols([...this.symbols], signal);
      this.faults.answered();
      this.answeredAt = this.clock.now();
      this.answeredBy = origin;
      for (const { symbol, status } of data) {
        this.statuses.set(symbol, status);
        this.status.exchangeStatus(symbol, status);
      }
      await this.history.saveSymbols(data, origin);
    } catch (error) {
      if (!signal?.aborted) this.faults.note(error);
    }
  }
}
