import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HOUR, MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { SymbolDirectory } from './symbol-directory';

/** Asks for the symbols at the start and every hour; each minute while the exchange does not answer. */
@Injectable()
export class SymbolRefreshScheduler implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly directory: SymbolDirectory,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.start({
      name: 'symbol-refresh',
      interval: MINUTE,
      offset: 40 * SECOND,
      atStart: true,
      run: (signal) => this.directory.refresh(HOUR, signal),
    });
  }
}
