import { Inject, Injectable, Optional, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { ProcessStatusScheduler } from '../status/process-status.scheduler';
import { SymbolRefreshScheduler } from '../symbols/symbol-refresh.scheduler';
import { StampsScheduler } from '../upkeep/stamps.scheduler';
import { UpkeepScheduler } from '../upkeep/upkeep.scheduler';
import { BackfillRunner } from './backfill.runner';
import { FirstMinutesScheduler } from './first-minutes.scheduler';
import { LedgerScheduler } from './ledger.scheduler';

interface Duty {
  start(): void;
  stop(): Promise<void>;
}

/**
 * What one process at a time does for the history in the store: symbol list, first minutes, first backfill, ledger,
 * process status, upkeep, stamps. Beside live capture it runs as long as the process does; alone, whoever holds the lease starts and
 * stops it.
 */
@Injectable()
export class HistoryDuties implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly duties: readonly Duty[];
  private turn: Promise<void> = Promise.resolve();
  private wanted = false;
  private active = false;

  constructor(
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    symbols: SymbolRefreshScheduler,
    processStatus: ProcessStatusScheduler,
    upkeep: UpkeepScheduler,
    stamps: StampsScheduler,
    @Optional() backfill?: BackfillRunner,
    @Optional() ledger?: LedgerScheduler,
    @Optional() firstMinutes?: FirstMinutesScheduler,
  ) {
    this.duties = [symbols, processStatus, upkeep, stamps, backfill, ledger, firstMinutes].filter(
      (duty) => duty !== undefined,
    );
  }

  onApplicationBootstrap(): void {
    if (this.options.half !== 'history') void this.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Begins once a stop that is under way has come to its end; nothing when it runs already. */
  start(): Promise<void> {
    return this.change(true);
  }

  /** Lets what is in hand finish, within a time-out; nothing when it does not run. */
  stop(): Promise<void> {
    return this.change(false);
  }

  /** Changes take turns, and each does what is wanted when its turn comes. */
  private change(wanted: boolean): Promise<void> {
    this.wanted = wanted;
    this.turn = this.turn.then(async () => {
      if (this.active === this.wanted) return;
      this.active = this.wanted;
      if (this.active) for (const duty of this.duties) duty.start();
      else await Promise.all(this.duties.map((duty) => duty.stop()));
    });
    return this.turn;
  }
}
