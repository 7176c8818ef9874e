import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { StoreUpkeep, type RetentionPolicy } from '@app/domain';
import type { JobResult } from '@app/jobs';
import { LOGGER, type Logger } from '@app/observability';
import { ExchangeTime } from '../candles/exchange-time';

/** Compresses raw files of closed days and removes what is older than the configuration wants it. */
@Injectable()
export class UpkeepUseCase {
  constructor(
    private readonly store: StoreUpkeep,
    private readonly exchangeTime: ExchangeTime,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What is done when the signal ends it stays done. */
  async execute(signal: AbortSignal): Promise<JobResult> {
    const { compactRawFiles, retention } = this.config.upkeep;
    const removed = await this.store.retain(await this.trusted(retention, signal), signal);
    if (removed.files + removed.minutes + removed.events > 0) {
      this.logger.info(removed, 'removed what is older than RETENTION_* keep it');
    }
    if (!compactRawFiles || signal.aborted) return 'ok';
    const { files, failed } = await this.store.compact(signal);
    for (const file of files) this.logger.info(file, 'compressed a raw file of a closed day');
    for (const { file, reason } of failed) this.logger.error({ file }, `a raw file was not compressed: ${reason}`);
    return failed.length === 0 ? 'ok' : 'failed';
  }

  /** What is old is said by a clock that the exchange has confirmed, or history would go with a clock that is ahead. */
  private async trusted(policy: RetentionPolicy, signal: AbortSignal): Promise<RetentionPolicy> {
    const { changesHours, ...ofHistory } = policy;
    if (Object.values(ofHistory).every((days) => days === undefined)) return policy;
    await this.exchangeTime.ready(signal);
    if (this.exchangeTime.isKnown) return policy;
    this.logger.warn('nothing is removed: the exchange does not tell its time, and the local clock may be wrong');
    return { bronzeDays: undefined, minutesDays: undefined, eventsDays: undefined, changesHours };
  }
}
