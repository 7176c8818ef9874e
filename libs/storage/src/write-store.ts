import { dirname } from 'node:path';
import { makeFolderOf } from '@app/files';
import type { WritableStore } from './condition/store-keeper';
import { databaseName } from './database/database-name';
import { CaptureOwnership } from './database/capture-ownership';
import { StoreLocks } from './database/store-locks';
import type { SqliteHistoryStore } from './history/sqlite-history-store';
import type { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import type { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SinkOutcomes } from './sink/sink-outcomes';
import { SqliteEventSink, type SinkStore } from './sink/sqlite-event-sink';
import { abandonStoreParts, closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from './store-parts';

/**
 * The writing half of the store in direct mode: one capture owner, one write queue, database and bronze in step. Opening
 * it migrates the schema and takes up what an earlier process left behind.
 */
export class WriteStore implements WritableStore, SinkStore {
  readonly outcomes: SinkOutcomes;
  /** Of this store alone: it tells nobody of what it meets, and knows of no store that is opened after this one. */
  readonly sink: SqliteEventSink;

  private constructor(
    readonly name: string,
    readonly parts: StoreParts,
    readonly ownership: CaptureOwnership,
    { kinds, metrics }: StoreOptions,
  ) {
    this.outcomes = new SinkOutcomes(metrics);
    this.sink = new SqliteEventSink({ current: this, explain: (error) => error }, kinds);
  }

  /**
   * @throws StoreNotReadyError, FolderNotMadeError, AmbiguousDatabaseError, CaptureOwnerError, UnsupportedSqliteError, OriginMismatchError,
   * ArchiveIdentityError, RebuildNeededError
   */
  static async open(options: StoreOptions): Promise<WriteStore> {
    const { databasePath, rawDir } = options;
    makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
    makeFolderOf('RAW_DIR', rawDir);
    const locks = StoreLocks.acquire(databasePath, rawDir);
    let parts: StoreParts;
    try {
      parts = await openStoreParts(options);
    } catch (error) {
      locks.release();
      throw error;
    }
    let ownership: CaptureOwnership;
    try {
      ownership = await CaptureOwnership.take(locks, databasePath, parts);
    } catch (error) {
      await closeStoreParts(parts);
      throw error;
    }
    try {
      ownership.guardWrites();
      await parts.recovery.run();
      parts.bronzeWatch.start();
      return new WriteStore(databaseName(databasePath), parts, ownership, options);
    } catch (error) {
      await ownership.release(() => closeStoreParts(parts));
      throw error;
    }
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

  /** Finishes what is queued, then lets go of ownership, files and database. */
  async close(): Promise<void> {
    await this.ownership.release(() => closeStoreParts(this.parts));
  }

  async abandon(reason: Error): Promise<void> {
    await abandonStoreParts(this.parts, reason);
    this.ownership.forsake();
  }
}
