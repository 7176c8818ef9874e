import { Injectable } from '@nestjs/common';
import { HOUR, MINUTE } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { UpkeepUseCase } from './upkeep.use-case';

/** Looks after the size of the store each hour, away from the begin of minutes, hours and days. */
@Injectable()
export class UpkeepScheduler {
  private stopTask: (() => Promise<void>) | undefined;

  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly upkeep: UpkeepUseCase,
  ) {}

  start(): void {
    this.stopTask = this.scheduler.start({
      name: 'store-upkeep',
      interval: HOUR,
      offset: 17.5 * MINUTE,
      atStart: false,
      run: (signal) => this.upkeep.execute(signal),
    });
  }

  async stop(): Promise<void> {
    await this.stopTask?.();
  }
}
