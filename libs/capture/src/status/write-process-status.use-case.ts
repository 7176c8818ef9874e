import { Inject, Injectable } from '@nestjs/common';
import { Clock, ProcessStatusStore } from '@app/domain';
import type { JobResult } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { CaptureStatus } from './capture-status';

/** Leaves the status in the store, where the API's `/health` finds it. */
@Injectable()
export class WriteProcessStatusUseCase {
  constructor(
    private readonly store: ProcessStatusStore,
    private readonly status: CaptureStatus,
    private readonly clock: Clock,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute(): Promise<JobResult> {
    try {
      const status = JSON.stringify(this.status.snapshot());
      // Real time: it says that the process lives.
      await this.store.write({ process: this.options.process, updatedAt: this.clock.realNow(), status });
      return 'ok';
    } catch (error) {
      // The publisher says what is wrong with the store; this would only repeat it every ten seconds.
      this.logger.debug({ err: error }, 'the process status could not be written');
      return 'failed';
    }
  }
}
