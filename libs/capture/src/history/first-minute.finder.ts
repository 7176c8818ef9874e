import { Injectable } from '@nestjs/common';
import { Exchange, HistoryStore, isAborted, type EpochMicros, type ExchangeAnswer } from '@app/domain';
import { CaptureFaults } from '../status/capture-faults';

/** Knows where the exchange's own history of a symbol begins: asks once and keeps the answer in the store. */
@Injectable()
export class FirstMinuteFinder {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly faults: CaptureFaults,
  ) {}

  /**
   * Open time of the symbol's very first candle; undefined when it is listed and nothing has traded yet, or when the
   * signal ends the wait. @throws ExchangeError, OriginMismatchError
   */
  async find(symbol: string, signal: AbortSignal): Promise<EpochMicros | undefined> {
    const stored = await this.history.firstMinute(symbol);
    if (stored !== undefined) return stored;
    const answer = await this.ask(symbol, signal);
    if (answer === undefined) return undefined;
    const { data, origin } = answer;
    this.faults.answered();
    if (data === undefined) return undefined;
    await this.history.saveFirstMinute(symbol, data, origin);
    this.faults.accepted();
    return data;
  }

  /** Nobody waits for it. */
  private async ask(symbol: string, signal: AbortSignal): Promise<ExchangeAnswer<EpochMicros | undefined> | undefined> {
    try {
      return await this.exchange.firstMinute(symbol, signal, 'spare');
    } catch (error) {
      if (isAborted(signal)) return undefined;
      throw error;
    }
  }
}
