import { Injectable } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { SettleStampsUseCase } from './settle-stamps.use-case';

/** Looks at the start and each minute whether there is anything to look for. */
@Injectable()
export class StampsScheduler {
  private stopTask: (() => Promise<void>) | undefined;

  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly settleStamps: SettleStampsUseCase,
  ) {}

  start(): void {
    this.stopTask = this.scheduler.start({
      name: 'settle-stamps',
      interval: MINUTE,
      offset: 50 * SECOND,
      atStart: true,
      run: (signal) => this.settleStamps.execute(signal),
    });
  }

  async stop(): Promise<void> {
    await this.stopTask?.();
  }
}
