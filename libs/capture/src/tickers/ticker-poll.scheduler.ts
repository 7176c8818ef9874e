import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SECOND } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { PollTickersUseCase } from './poll-tickers.use-case';

/** Polls at once at the start, then at whole multiples of the interval. */
@Injectable()
export class TickerPollScheduler implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly pollTickers: PollTickersUseCase,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.start({
      name: 'ticker-poll',
      interval: this.options.pollIntervalSeconds * SECOND,
      offset: 0,
      atStart: true,
      run: (signal) => this.pollTickers.execute(signal),
    });
  }
}
