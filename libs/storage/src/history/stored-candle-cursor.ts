import { CandleCursor, type EpochMicros, type HistoryStore } from '@app/domain';

/** In direct mode the history itself says where live sync goes on: the newest minute of each symbol. */
export class StoredCandleCursor extends CandleCursor {
  constructor(private readonly history: HistoryStore) {
    super();
  }

  position(symbol: string): Promise<EpochMicros | undefined> {
    return this.history.lastMinute(symbol);
  }

  /** Nothing to do: the minutes were stored before this is called, and they are the position. */
  advance(): Promise<void> {
    return Promise.resolve();
  }
}
