import type { BronzeCompactor, BronzeRetention } from '@app/bronze';
import { StoreUpkeep, type CompactionReport, type RemovedHistory, type RetentionPolicy } from '@app/domain';
import type { ChangeRetention } from '../feed/change-retention';
import type { HistoryRetention } from './history-retention';

export class SqliteStoreUpkeep extends StoreUpkeep {
  constructor(
    private readonly compactor: BronzeCompactor,
    private readonly bronze: BronzeRetention,
    private readonly history: HistoryRetention,
    private readonly changes: ChangeRetention,
  ) {
    super();
  }

  compact(signal: AbortSignal): Promise<CompactionReport> {
    return this.compactor.run(signal);
  }

  async retain(
    { bronzeDays, minutesDays, eventsDays, changesHours }: RetentionPolicy,
    signal: AbortSignal,
  ): Promise<RemovedHistory> {
    return {
      files: bronzeDays === undefined ? 0 : await this.bronze.run(bronzeDays, signal),
      minutes: minutesDays === undefined ? 0 : await this.history.minutes(minutesDays, signal),
      events: eventsDays === undefined ? 0 : await this.history.events(eventsDays, signal),
      changes: await this.changes.run(changesHours, signal),
    };
  }
}
