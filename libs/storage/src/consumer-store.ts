import { StoreLease } from '@app/domain';
import type { WritableStore } from './condition/store-keeper';
import { CaptureOwnerError } from './database/capture-owner.error';
import { CaptureOwnership } from './database/capture-ownership';
import { databaseName } from './database/database-name';
import { StoreLocks } from './database/store-locks';
import type { SqliteHistoryStore } from './history/sqlite-history-store';
import type { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import type { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SqlitePartitionSink } from './sink/sqlite-partition-sink';
import { abandonStoreParts, closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from './store-parts';

/**
 * The writing half of the store behind a broker: any number of consumers write to it, each its own partitions. One of
 * them at a time holds the lease, which is also what keeps a process in direct mode away.
 */
export class ConsumerStore extends StoreLease implements WritableStore {
  readonly sink: SqlitePartitionSink;
  private owned: CaptureOwnership | undefined;

  private constructor(
    readonly name: string,
    readonly parts: StoreParts,
    private readonly options: StoreOptions,
  ) {
    super();
    this.sink = new SqlitePartitionSink({ ...parts, ...options });
  }

  /** `rows` false keeps bronze only. @throws StoreNotReadyError, UnsupportedSqliteError, RebuildNeededError */
  static async open(options: StoreOptions, rows: boolean): Promise<ConsumerStore> {
    const parts = await openStoreParts(options, { rows, feed: rows });
    return new ConsumerStore(databaseName(options.databasePath), parts, options);
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
    return this.owned !== undefined;
  }

  get ownership(): CaptureOwnership | undefined {
    return this.owned;
  }

  async acquire(): Promise<boolean> {
    if (this.held) return true;
    const { databasePath, rawDir } = this.options;
    try {
      this.owned = await CaptureOwnership.take(StoreLocks.acquire(databasePath, rawDir), databasePath, this.parts);
    } catch (error) {
      if (error instanceof CaptureOwnerError) return false;
      throw error;
    }
    // What a process in direct mode left behind when it was killed is the lease holder's to take up.
    await this.parts.recovery.run('direct');
    this.parts.bronzeWatch.start();
    return true;
  }

  async release(): Promise<void> {
    const { owned } = this;
    this.owned = undefined;
    await owned?.release();
  }

  async close(): Promise<void> {
    await this.release();
    await closeStoreParts(this.parts);
  }

  async abandon(reason: Error): Promise<void> {
    const { owned } = this;
    this.owned = undefined;
    await abandonStoreParts(this.parts, reason);
    owned?.forsake();
  }
}
