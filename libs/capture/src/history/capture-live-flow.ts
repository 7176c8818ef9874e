import { Injectable } from '@nestjs/common';
import { EventPublisher, LiveFlow, type EpochMicros } from '@app/domain';
import { SyncCandlesUseCase } from '../candles/sync-candles.use-case';

/** The live flow as seen from the process that captures: what its candle sync and its publisher say. */
@Injectable()
export class CaptureLiveFlow extends LiveFlow {
  constructor(
    private readonly syncCandles: SyncCandlesUseCase,
    private readonly publisher: EventPublisher,
  ) {
    super();
  }

  /** Undefined also while the exchange serves no candles: asking for past ones would be in vain. */
  reach(symbol: string): EpochMicros | undefined {
    return this.syncCandles.isUnavailable ? undefined : this.syncCandles.reach(symbol);
  }

  get waiting(): boolean {
    return this.publisher.status().waitingEvents > 0;
  }
}
