import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { LedgerKeeperUseCase } from './ledger-keeper.use-case';

/** Looks after the ledger each minute, well after the candle sync. */
@Injectable()
export class LedgerScheduler implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly ledgerKeeper: LedgerKeeperUseCase,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.start({
      name: 'ledger-keeper',
      interval: MINUTE,
      offset: 20 * SECOND,
      atStart: false,
      run: (signal) => this.ledgerKeeper.execute(signal),
    });
  }
}
