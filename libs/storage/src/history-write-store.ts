import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreNotReadyError } from '@app/domain';
import { ScratchFolders } from '@app/files';
import { SqliteBackfillJobs } from './history/sqlite-backfill-jobs';
import type { SqliteHistoryStore } from './history/sqlite-history-store';
import type { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import { NO_DATABASE } from './readers/read-store';
import { SqliteBronzeReplay } from './verification/sqlite-bronze-replay';
import { SqliteDayVerificationStore } from './verification/sqlite-day-verification.store';
import { closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from './store-parts';

/**
 * The history half of the store, for work beside the process that captures: it writes fetched minutes and the ledger,
 * takes no events and owns nothing. What a killed capture left behind is that process's to take up.
 */
export class HistoryWriteStore {
  readonly backfillJobs: SqliteBackfillJobs;

  private constructor(
    private readonly parts: StoreParts,
    private readonly options: StoreOptions,
  ) {
    const { queue, rows, origin } = parts;
    this.backfillJobs = new SqliteBackfillJobs(queue, rows, origin, options.clock);
  }

  /** Makes the store where there is none. @throws UnsupportedSqliteError, RebuildNeededError */
  static async open(options: StoreOptions): Promise<HistoryWriteStore> {
    return new HistoryWriteStore(await openStoreParts(options), options);
  }

  /** Makes nothing where there is no store. @throws StoreNotReadyError, UnsupportedSqliteError, RebuildNeededError */
  static async openExisting(options: StoreOptions): Promise<HistoryWriteStore> {
    if (!existsSync(options.databasePath)) throw new StoreNotReadyError(NO_DATABASE, 'absent');
    return HistoryWriteStore.open(options);
  }

  get upkeep(): SqliteStoreUpkeep {
    return this.parts.upkeep;
  }

  get history(): SqliteHistoryStore {
    return this.parts.history;
  }

  verifications(): SqliteDayVerificationStore {
    return new SqliteDayVerificationStore(this.parts.queue, this.parts.rows, this.parts.feed);
  }

  replay(): SqliteBronzeReplay {
    const { databasePath, logger, kinds } = this.options;
    const scratch = new ScratchFolders(dirname(databasePath), (message) => {
      logger.warn(message);
    });
    const { database, archive, losses } = this.parts;
    return new SqliteBronzeReplay(database, archive, losses, kinds, scratch);
  }

  async close(): Promise<void> {
    await closeStoreParts(this.parts);
  }
}
