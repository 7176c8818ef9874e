import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { SyncCandlesUseCase } from './sync-candles.use-case';

/** Catches up at once at the start, then runs a few seconds after the close of each minute. */
@Injectable()
export class CandleSyncScheduler implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly syncCandles: SyncCandlesUseCase,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.start({
      name: 'candle-sync',
      interval: MINUTE,
      offset: 5 * SECOND,
      atStart: true,
      run: (signal) => this.syncCandles.execute(signal),
    });
  }
}
