import { StoreLease } from '@app/domain';
import { acquireStore, CaptureOwnerError, type CaptureOwnerLock } from './database/capture-owner.lock';
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
  private locks: readonly CaptureOwnerLock[] = [];

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
    return this.locks.length > 0;
  }

  async acquire(): Promise<boolean> {
    if (this.held) return true;
    try {
      this.locks = acquireStore(this.options.databasePath, this.options.rawDir);
    } catch (error) {
      if (error instanceof CaptureOwnerError) return false;
      throw error;
    }
    // What a process in direct mode left behind when it was killed is the lease holder's to take up.
    await this.parts.recovery.run('direct');
    return true;
  }

  release(): void {
    for (const lock of this.locks) lock.release();
    this.locks = [];
  }

  async close(): Promise<void> {
    await closeStoreParts(this.parts);
    this.release();
  }
}
