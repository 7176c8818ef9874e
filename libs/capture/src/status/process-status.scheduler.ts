import { Inject, Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Clock, ProcessStatusStore } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureStatus } from './capture-status';

const TIMER = 'process-status';
/** Real time: it says that the process lives. */
const EVERY_MILLIS = 10_000;

/** Leaves the status in the store, where the API's `/health` finds it. */
@Injectable()
export class ProcessStatusScheduler {
  private writing: Promise<void> | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly store: ProcessStatusStore,
    private readonly status: CaptureStatus,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.tick();
    this.registry.addInterval(
      TIMER,
      setInterval(() => {
        this.tick();
      }, EVERY_MILLIS),
    );
  }

  async stop(): Promise<void> {
    if (this.registry.doesExist('interval', TIMER)) this.registry.deleteInterval(TIMER);
    await this.writing;
  }

  private tick(): void {
    if (this.writing) return;
    this.writing = this.write().finally(() => {
      this.writing = undefined;
    });
  }

  private async write(): Promise<void> {
    try {
      const status = JSON.stringify(this.status.snapshot());
      await this.store.write({ process: this.options.process, updatedAt: this.clock.now(), status });
    } catch (error) {
      // The publisher says what is wrong with the store; this would only repeat it every ten seconds.
      this.logger.debug({ err: error }, 'the process status could not be written');
    }
  }
}
