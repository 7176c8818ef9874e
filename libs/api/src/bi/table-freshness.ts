import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { SECOND, type EpochMicros } from '@app/domain';
import { Freshness } from '@app/history';

/** Makes what notes the open rows of a table. */
@Injectable()
export class TableFreshness {
  private readonly pollInterval: EpochMicros;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    this.pollInterval = config.ingest.pollIntervalSeconds * SECOND;
  }

  at(now: EpochMicros): Freshness {
    return new Freshness(now, this.pollInterval);
  }
}
