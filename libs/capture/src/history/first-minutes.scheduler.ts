import { Injectable } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { FirstMinutesUseCase } from './first-minutes.use-case';

/** Looks each minute whether the first minute of a symbol is not known yet. */
@Injectable()
export class FirstMinutesScheduler {
  private stopTask: (() => Promise<void>) | undefined;

  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly firstMinutes: FirstMinutesUseCase,
  ) {}

  start(): void {
    this.stopTask = this.scheduler.start({
      name: 'first-minutes',
      interval: MINUTE,
      offset: 50 * SECOND,
      atStart: true,
      run: (signal) => this.firstMinutes.execute(signal),
    });
  }

  async stop(): Promise<void> {
    await this.stopTask?.();
  }
}
