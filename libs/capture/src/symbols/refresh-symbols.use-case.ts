import { Injectable, Optional } from '@nestjs/common';
import type { JobResult } from '@app/jobs';
import { ExchangeTime } from '../candles/exchange-time';
import { StartLedgersUseCase } from '../history/start-ledgers.use-case';
import { SymbolDirectory } from './symbol-directory';

/** Keeps what is known of the symbols fresh; where no live capture does it, starts the ledgers of those that are known. */
@Injectable()
export class RefreshSymbolsUseCase {
  constructor(
    private readonly directory: SymbolDirectory,
    private readonly exchangeTime: ExchangeTime,
    @Optional() private readonly ledgerStart?: StartLedgersUseCase,
  ) {}

  async execute(signal: AbortSignal): Promise<JobResult> {
    await this.directory.keepFresh(signal);
    await this.exchangeTime.ready(signal);
    await this.ledgerStart?.execute(signal);
    return this.directory.isFailing ? 'failed' : 'ok';
  }
}
