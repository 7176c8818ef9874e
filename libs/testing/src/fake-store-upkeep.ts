import { StoreUpkeep, type CompactionReport, type RemovedHistory, type RetentionPolicy } from '@app/domain';

/** Notes what it was asked for and does nothing. */
export class FakeStoreUpkeep extends StoreUpkeep {
  readonly policies: RetentionPolicy[] = [];
  compactions = 0;

  compact(): Promise<CompactionReport> {
    this.compactions += 1;
    return Promise.resolve({ files: [], failed: [] });
  }

  retain(policy: RetentionPolicy): Promise<RemovedHistory> {
    this.policies.push(policy);
    return Promise.resolve({ files: 0, minutes: 0, events: 0, changes: 0 });
  }
}
