import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { JobRunner } from '@app/jobs';
import { CAPTURE_OPTIONS, type CaptureOptions } from './capture-options';
import { CaptureStatus } from './status/capture-status';

/**
 * Starts the background jobs of capture. Those that one process at a time does for the history in the store run beside
 * live capture for as long as the process does; alone, whoever holds the lease starts and stops them.
 */
@Injectable()
export class CaptureJobs implements OnApplicationBootstrap, OnModuleDestroy {
  private turn: Promise<void> = Promise.resolve();
  private wanted = false;
  private active = false;

  constructor(
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    private readonly runner: JobRunner,
    private readonly status: CaptureStatus,
  ) {}

  onApplicationBootstrap(): void {
    this.runner.start('capture');
    this.runner.start('process');
    if (this.options.half === 'both') void this.startHistory();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.runner.stop('capture'), this.runner.stop('process'), this.stopHistory()]);
  }

  /** Begins once a stop that is under way has come to its end; nothing when they run already. */
  startHistory(): Promise<void> {
    return this.change(true);
  }

  /** Lets what is in hand finish, within a time-out; nothing when they do not run. */
  stopHistory(): Promise<void> {
    return this.change(false);
  }

  /** Changes take turns, and each does what is wanted when its turn comes. */
  private change(wanted: boolean): Promise<void> {
    this.wanted = wanted;
    this.turn = this.turn.then(async () => {
      if (this.active === this.wanted) return;
      this.active = this.wanted;
      this.status.historyKept(this.active);
      if (this.active) this.runner.start('history');
      else await this.runner.stop('history');
    });
    return this.turn;
  }
}
