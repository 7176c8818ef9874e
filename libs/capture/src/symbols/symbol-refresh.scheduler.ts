import { Injectable, Optional } from '@nestjs/common';
import { MINUTE, SECOND } from '@app/domain';
import { ExchangeTime } from '../candles/exchange-time';
import { StartLedgersUseCase } from '../history/start-ledgers.use-case';
import { ClockAlignedScheduler } from '../schedule/clock-aligned.scheduler';
import { SymbolDirectory } from './symbol-directory';

/** Asks for the symbols at the start and every hour; sooner while the exchange does not answer, and when a halt has ended. */
@Injectable()
export class SymbolRefreshScheduler {
  private stopTask: (() => Promise<void>) | undefined;

  constructor(
    private readonly scheduler: ClockAlignedScheduler,
    private readonly directory: SymbolDirectory,
    private readonly exchangeTime: ExchangeTime,
    @Optional() private readonly ledgerStart?: StartLedgersUseCase,
  ) {}

  start(): void {
    this.stopTask = this.scheduler.start({
      name: 'symbol-refresh',
      interval: MINUTE,
      offset: 40 * SECOND,
      atStart: true,
      run: async (signal) => {
        await this.directory.keepFresh(signal);
        await this.exchangeTime.ready(signal);
        await this.ledgerStart?.execute();
      },
    });
  }

  async stop(): Promise<void> {
    await this.stopTask?.();
  }
}
