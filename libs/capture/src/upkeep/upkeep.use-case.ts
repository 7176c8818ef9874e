import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { StoreUpkeep } from '@app/domain';
import { LOGGER, type Logger } from '@app/observability';

/** Compresses raw files of closed days and removes what is older than the configuration wants it. */
@Injectable()
export class UpkeepUseCase {
  constructor(
    private readonly store: StoreUpkeep,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What is done when the signal ends it stays done. */
  async execute(signal: AbortSignal): Promise<void> {
    const { compactRawFiles, retention } = this.config.upkeep;
    const removed = await this.store.retain(retention, signal);
    if (removed.files + removed.minutes + removed.events > 0) {
      this.logger.info(removed, 'removed what is older than RETENTION_* keep it');
    }
    if (!compactRawFiles || signal.aborted) return;
    const { files, failed } = await this.store.compact(signal);
    for (const file of files) this.logger.info(file, 'compressed a raw file of a closed day');
    for (const { file, reason } of failed) this.logger.error({ file }, `a raw file was not compressed: ${reason}`);
  }
}
