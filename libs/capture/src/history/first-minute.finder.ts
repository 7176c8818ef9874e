import { Injectable } from '@nestjs/common';
import { Exchange, HistoryStore, type EpochMicros } from '@app/domain';
import { CaptureFaults } from '../status/capture-faults';
import { GentlePace } from './gentle-pace';

/** Knows where the exchange's own history of a symbol begins: asks once and keeps the answer in the store. */
@Injectable()
export class FirstMinuteFinder {
  constructor(
    private readonly exchange: Exchange,
    private readonly history: HistoryStore,
    private readonly pace: GentlePace,
    private readonly faults: CaptureFaults,
  ) {}

  /**
   * Open time of the symbol's very first candle; undefined when it is listed and nothing has traded yet, or when the
   * signal ends the wait. @throws ExchangeError, OriginMismatchError
   */
  async find(symbol: string, signal: AbortSignal): Promise<EpochMicros | undefined> {
    const stored = await this.history.firstMinute(symbol);
    if (stored !== undefined) return stored;
    await this.pace.step(signal);
    if (signal.aborted) return undefined;
    const { data, origin } = await this.exchange.firstMinute(symbol, signal);
    this.faults.answered();
    if (data === undefined) return undefined;
    await this.history.saveFirstMinute(symbol, data, origin);
    this.faults.accepted();
    return data;
  }
}
