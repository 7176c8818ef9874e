import { dirname } from 'node:path';
import { makeFolderOf } from '@app/files';
import { acquireStore, type CaptureOwnerLock } from './database/capture-owner.lock';
import type { SqliteHistoryStore } from './history/sqlite-history-store';
import type { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import type { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SqliteEventSink } from './sink/sqlite-event-sink';
import { closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from './store-parts';

/**
 * The writing half of the store in direct mode: one capture owner, one write queue, database and bronze in step. Opening
 * it migrates the schema and takes up what an earlier process left behind.
 */
export class WriteStore {
  readonly sink: SqliteEventSink;

  private constructor(
    private readonly parts: StoreParts,
    private readonly owners: readonly CaptureOwnerLock[],
    metrics: StoreOptions['metrics'],
  ) {
    const { queue, origin, archive, writer } = parts;
    this.sink = new SqliteEventSink(queue, origin, archive, writer, metrics);
  }

  /**
   * @throws FolderNotMadeError, CaptureOwnerError, UnsupportedSqliteError, OriginMismatchError, ArchiveIdentityError,
   * RebuildNeededError
   */
  static async open(options: StoreOptions): Promise<WriteStore> {
    const { databasePath, rawDir } = options;
    makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
    makeFolderOf('RAW_DIR', rawDir);
    const owners = acquireStore(databasePath, rawDir);
    let parts: StoreParts | undefined;
    try {
      parts = await openStoreParts(options);
      await parts.recovery.run();
      return new WriteStore(parts, owners, options.metrics);
    } catch (error) {
      if (parts) await closeStoreParts(parts);
      for (const owner of owners) owner.release();
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

  /** Finishes what is queued, then lets go of files, database and ownership. */
  async close(): Promise<void> {
    await closeStoreParts(this.parts);
    for (const owner of this.owners) owner.release();
  }
}
