import { CandleCursor, StoreNotReadyError, type EpochMicros, type HistoryStore } from '@app/domain';

/**
 * In direct mode the history itself says where live sync goes on: the newest minute of each symbol. While there is no
 * store, minutes go to the spool, and what was handed on last is where it goes on.
 */
export class StoredCandleCursor extends CandleCursor {
  private readonly handedOn = new Map<string, EpochMicros>();

  constructor(private readonly history: HistoryStore) {
    super();
  }

  async position(symbol: string): Promise<EpochMicros | undefined> {
    try {
      return await this.history.lastMinute(symbol);
    } catch (error) {
      if (!(error instanceof StoreNotReadyError)) throw error;
      return this.handedOn.get(symbol);
    }
  }

  advance(symbol: string, openTime: EpochMicros): Promise<void> {
    this.handedOn.set(symbol, openTime);
    return Promise.resolve();
  }
}
