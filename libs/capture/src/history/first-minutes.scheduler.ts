import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { FirstMinutesUseCase } from './first-minutes.use-case';

/** Looks each minute whether the first minute of a symbol is not known yet. */
@Injectable()
export class FirstMinutesScheduler implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly firstMinutes: FirstMinutesUseCase,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.start({
      name: 'first-minutes',
      interval: MINUTE,
      offset: 50 * SECOND,
      atStart: true,
      run: (signal) => this.firstMinutes.execute(signal),
    });
  }
}
