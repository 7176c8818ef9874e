import { Injectable } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { LedgerKeeperUseCase } from './ledger-keeper.use-case';

/** Looks after the ledger each minute, well after the candle sync. */
@Injectable()
export class LedgerScheduler {
  private stopTask: (() => Promise<void>) | undefined;

  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly ledgerKeeper: LedgerKeeperUseCase,
  ) {}

  start(): void {
    this.stopTask = this.scheduler.start({
      name: 'ledger-keeper',
      interval: MINUTE,
      offset: 20 * SECOND,
      atStart: false,
      run: (signal) => this.ledgerKeeper.execute(signal),
    });
  }

  async stop(): Promise<void> {
    await this.stopTask?.();
  }
}
