import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  EventPublisher,
  Exchange,
  ExchangeError,
  floorTo,
  healthReason,
  isAborted,
  isExchangeWide,
  outgoingEvent,
  PRICE_KIND,
  SECOND,
  TICKER_SOURCE,
  type EpochMicros,
  type ExchangeAnswer,
  type OutgoingEvent,
  type RefusedSymbol,
  type TickerAnswer,
} from '@app/domain';
import type { JobResult } from '@app/jobs';
import { ExchangeTime } from '../candles/exchange-time';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { Refusals } from '../refusals/refusals';
import { SymbolPauses } from '../refusals/symbol-pauses';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';
import { CapturedSymbols } from '../symbols/captured-symbols';
import { SymbolDirectory } from '../symbols/symbol-directory';

/** Why a request of a poll brought nothing. */
interface PollFailure {
  readonly outcome: string;
  readonly detail: string;
}

/**
 * One poll: the 24-hour tickers of all symbols, in configured order, under one timestamp. Symbols that the exchange refuses
 * are asked for after the others and apart from them, with pauses.
 */
@Injectable()
export class PollTickersUseCase {
  private readonly interval: EpochMicros;
  private readonly pauses: SymbolPauses;

  constructor(
    private readonly exchange: Exchange,
    private readonly publisher: EventPublisher,
    private readonly exchangeTime: ExchangeTime,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly refusals: Refusals,
    private readonly clock: Clock,
    private readonly directory: SymbolDirectory,
    private readonly captured: CapturedSymbols,
    @Inject(CAPTURE_OPTIONS) options: CaptureOptions,
  ) {
    this.interval = options.pollIntervalSeconds * SECOND;
    this.pauses = new SymbolPauses(clock, this.interval);
  }

  async execute(signal?: AbortSignal): Promise<JobResult> {
    if (this.faults.isPaused) {
      this.status.pollFailed('refused', this.faults.refused ?? '');
      return 'failed';
    }
    await this.directory.ready(signal);
    return this.poll(signal);
  }

  private async poll(signal: AbortSignal | undefined): Promise<JobResult> {
    const due = this.pauses.due(this.captured.list);
    const answers: ExchangeAnswer<TickerAnswer>[] = [];
    let failure: PollFailure | undefined;
    for (const symbols of [
      due.filter((symbol) => !this.pauses.isFailing(symbol)),
      due.filter((symbol) => this.pauses.isFailing(symbol)),
    ]) {
      if (symbols.length === 0) continue;
      try {
        answers.push(await this.ask(symbols, signal));
      } catch (error) {
        if (signal && isAborted(signal)) return 'failed';
        const outcome = this.faults.note(error);
        failure ??= { outcome, detail: (error as Error).message };
        if (outcome === 'refused' || isExchangeWide(error)) break;
      }
    }
    const polled = answers.flatMap(({ data, receivedAt }) =>
      data.rows.map(({ symbol }) => ({ symbol, time: receivedAt })),
    );
    if (polled.length > 0) this.status.polled(polled);
    else if (failure) this.status.pollFailed(failure.outcome, failure.detail);
    else if (answers.length > 0) this.status.pollFailed('left_out', healthReason`no row of the answer was accepted`);
    return polled.length > 0 && !failure ? 'ok' : 'failed';
  }

  /** Asks for the symbols and publishes what is answered. @throws ExchangeError, OriginMismatchError */
  private async ask(
    symbols: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ExchangeAnswer<TickerAnswer>> {
    let answer: ExchangeAnswer<TickerAnswer>;
    try {
      answer = await this.exchangeTime.ask(() => this.exchange.tickers(symbols, signal), signal);
    } catch (error) {
      if (error instanceof ExchangeError && signal?.aborted !== true) this.refused(symbols, error);
      throw error;
    }
    this.faults.answered();
    const { data, origin, receivedAt } = answer;
    this.noteAnswer(symbols, data.leftOut, data.refused);
    const rows = new Map(data.rows.map((row) => [row.symbol, row]));
    const events = this.captured.list.flatMap((symbol): OutgoingEvent[] => {
      const row = rows.get(symbol);
      if (!row) return [];
      const { lastPrice, priceChangePercent, volume } = row;
      const event = { timestamp: receivedAt, symbol, lastPrice, priceChangePercent, volume, source: TICKER_SOURCE };
      return [outgoingEvent(PRICE_KIND, event)];
    });
    if (events.length > 0) {
      await this.publisher.publish({ origin, events });
      this.faults.accepted();
    }
    return answer;
  }

  /** No symbol was answered for. What concerns every request says nothing of these symbols: they come with the next poll. */
  private refused(symbols: readonly string[], error: ExchangeError): void {
    const { failure, message: reason, retryAt } = error;
    if (isExchangeWide(error)) {
      this.refusals.refused('tickers', [], { failure, reason, retryAt: Math.max(this.nextPoll(), retryAt ?? 0) });
    } else {
      this.setAside(symbols.map((symbol) => ({ symbol, failure, reason, retryAt })));
    }
  }

  private noteAnswer(
    symbols: readonly string[],
    leftOut: TickerAnswer['leftOut'],
    refused: readonly RefusedSymbol[],
  ): void {
    const without = new Set([...leftOut, ...refused].map(({ symbol }) => symbol));
    const withRow = symbols.filter((symbol) => !without.has(symbol));
    for (const symbol of withRow) this.pauses.succeeded(symbol);
    this.refusals.answered('tickers', withRow);
    // A row that is left out costs nothing but itself: the next poll asks for the symbol with the others.
    for (const { symbol, detail } of leftOut) {
      this.pauses.succeeded(symbol);
      this.refusals.refused('tickers', [symbol], { failure: 'left_out', reason: detail, retryAt: this.nextPoll() });
    }
    this.setAside(refused);
  }

  private setAside(refused: readonly RefusedSymbol[]): void {
    for (const reason of new Set(refused.map((symbol) => symbol.reason))) {
      const alike = refused.filter((symbol) => symbol.reason === reason);
      const [first] = alike;
      if (first === undefined) continue;
      const retryAt = Math.min(...alike.map((symbol) => this.pauses.failed(symbol.symbol, symbol.retryAt)));
      const symbols = alike.map(({ symbol }) => symbol);
      this.refusals.refused('tickers', symbols, { failure: first.failure, reason, retryAt });
    }
  }

  private nextPoll(): EpochMicros {
    return floorTo(this.clock.now(), this.interval) + this.interval;
  }
}
