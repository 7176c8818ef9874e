import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CaptureJobs } from '@app/capture';
import { StoreLease, StoreNotReadyError } from '@app/domain';
import { BrokerLiveFlow } from '@app/messaging';
import { LOGGER, type Logger } from '@app/observability';

/** Real time between two attempts to take the lease. */
const TRY_EVERY_MS = 3_000;

/** Of all consumers of a store, the one that holds its lease does the work on its history. */
@Injectable()
export class HistoryLeaseKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private trying: Promise<void> = Promise.resolve();
  private isAtWork = false;

  constructor(
    private readonly lease: StoreLease,
    private readonly jobs: CaptureJobs,
    private readonly liveFlow: BrokerLiveFlow,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.tick();
    this.timer = setInterval(() => {
      this.tick();
    }, TRY_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.trying;
    await this.stopWork();
  }

  private tick(): void {
    if (!this.lease.held) this.trying = this.trying.then(() => this.tryToHold());
  }

  private async tryToHold(): Promise<void> {
    if (this.lease.held) return;
    try {
      // The lease was lost with the store that it was of.
      if (this.isAtWork) await this.stopWork();
      if (!(await this.lease.acquire())) return;
      this.logger.info('this consumer keeps the history: symbol list, first backfill, repair, ledger');
      this.isAtWork = true;
      this.liveFlow.start();
      await this.jobs.startHistory();
    } catch (error) {
      await this.lease.release();
      if (error instanceof StoreNotReadyError) return;
      this.logger.error({ err: error }, 'the lease of the history could not be taken; trying again');
    }
  }

  private async stopWork(): Promise<void> {
    this.isAtWork = false;
    this.liveFlow.stop();
    await this.jobs.stopHistory();
  }
}
