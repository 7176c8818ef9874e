import { StoreLease } from '@app/domain';
import { CaptureOwnerError } from './database/capture-owner.error';
import { CaptureOwnership } from './database/capture-ownership';
import { StoreLocks } from './database/store-locks';
import type { SqliteHistoryStore } from './history/sqlite-history-store';
import type { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import type { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SqlitePartitionSink } from './sink/sqlite-partition-sink';
import { closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from './store-parts';

/**
 * The writing half of the store behind a broker: any number of consumers write to it, each its own partitions. One of
 * them at a time holds the lease, which is also what keeps a process in direct mode away.
 */
export class ConsumerStore extends StoreLease {
  readonly sink: SqlitePartitionSink;
  private ownership: CaptureOwnership | undefined;

  private constructor(
    private readonly parts: StoreParts,
    private readonly options: StoreOptions,
  ) {
    super();
    this.sink = new SqlitePartitionSink({ ...parts, clock: options.clock, metrics: options.metrics });
  }

  /** `rows` false keeps bronze only. @throws UnsupportedSqliteError, RebuildNeededError */
  static async open(options: StoreOptions, rows: boolean): Promise<ConsumerStore> {
    return new ConsumerStore(await openStoreParts(options, { rows, feed: rows }), options);
  }

  get upkeep(): SqliteStoreUpkeep {
    return this.parts.upkeep;
  }

  get history(): SqliteHistoryStore {
    return this.parts.history;
  }

  get processStatus(): SqliteProcessStatusStore {
    return this.parts.processStatus;
  }

  get held(): boolean {
    return this.ownership !== undefined;
  }

  async acquire(): Promise<boolean> {
    if (this.held) return true;
    const { databasePath, rawDir } = this.options;
    try {
      this.ownership = await CaptureOwnership.take(StoreLocks.acquire(databasePath, rawDir), databasePath, this.parts);
    } catch (error) {
      if (error instanceof CaptureOwnerError) return false;
      throw error;
    }
    // What a process in direct mode left behind when it was killed is the lease holder's to take up.
    await this.parts.recovery.run('direct');
    return true;
  }

  async release(): Promise<void> {
    const { ownership } = this;
    this.ownership = undefined;
    await ownership?.release();
  }

  async close(): Promise<void> {
    await this.release();
    await closeStoreParts(this.parts);
  }
}
