import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, TopicNames } from '@app/domain';
import { makeFolderOf } from '@app/files';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { DataSource } from 'typeorm';
import { ArchiveIdentity } from './bronze/archive-identity';
import { BronzeArchive } from './bronze/bronze-archive';
import { BronzeRecovery } from './bronze/bronze-recovery';
import { databaseName } from './database/database-name';
import { OriginGuard } from './database/origin-guard';
import { handleOf, openWriter, type SqliteHandle } from './database/sqlite-connection';
import { BRONZE_ONLY_FACT, StoreFacts } from './database/store-facts';
import { WalBound } from './database/wal-bound';
import { WriteQueue } from './database/write-queue';
import { ChangeRetention } from './feed/change-retention';
import { ChangeFeedTables, NO_FEED, type ChangeFeedWriter } from './feed/change-feed.writer';
import { bringDailyMetricsUpToDate } from './gold/daily-metrics.upkeep';
import { SqliteHistoryStore } from './history/sqlite-history-store';
import { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SymbolFrames } from './ledger/symbol-frames';
import { ContradictionCounter } from './sink/contradiction-counter';
import { EventLines } from './sink/event-lines';
import { EventWriter, HistoryRows } from './sink/event-writer';
import { TakenKeys } from './sink/taken-keys';
import { BronzeCompactor } from './upkeep/bronze-compactor';
import { BronzeRetention } from './upkeep/bronze-retention';
import { HistoryRetention } from './upkeep/history-retention';
import { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';

export interface StoreOptions {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

const MIGRATION_ATTEMPTS = 20;
const MIGRATION_PAUSE_MS = 250;

/** Bronze went on while the tables stood still: rows would have a hole that nothing tells of. */
export class RebuildNeededError extends Error {
  readonly code = 'STORE.REBUILD_NEEDED';

  constructor() {
    super(
      'bronze files have been written without database rows (ENABLE_DB_SINK=false); ' +
        'rebuild the database from them first (`cli rebuild`), or keep ENABLE_DB_SINK=false',
    );
    this.name = 'RebuildNeededError';
  }
}

/** What every writing process of a store is made of. */
export interface StoreParts {
  readonly source: DataSource;
  readonly database: SqliteHandle;
  readonly queue: WriteQueue;
  readonly wal: WalBound;
  readonly identity: ArchiveIdentity;
  readonly frames: SymbolFrames;
  readonly archive: BronzeArchive;
  readonly origin: OriginGuard;
  readonly feed: ChangeFeedWriter;
  readonly writer: EventWriter;
  readonly recovery: BronzeRecovery;
  readonly history: SqliteHistoryStore;
  readonly processStatus: SqliteProcessStatusStore;
  readonly upkeep: SqliteStoreUpkeep;
}

/**
 * Opens database and bronze folder for writing and migrates the schema. `rows` false keeps bronze and keys only; a
 * database that is being made anew has no readers yet, so `feed` false notes no changes.
 *
 * @throws FolderNotMadeError, AmbiguousDatabaseError, UnsupportedSqliteError, RebuildNeededError
 */
export async function openStoreParts(
  { databasePath, rawDir, topics, clock, logger, metrics }: StoreOptions,
  { rows, feed: hasFeed }: { readonly rows: boolean; readonly feed: boolean } = { rows: true, feed: true },
): Promise<StoreParts> {
  makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
  const path = databaseName(databasePath);
  const source = await openWriter(path);
  try {
    await migrate(source);
    const database = handleOf(source);
    const facts = new StoreFacts(database);
    if (rows && facts.get(BRONZE_ONLY_FACT) !== undefined) throw new RebuildNeededError();
    const queue = new WriteQueue(database, metrics);
    const wal = new WalBound(queue, path, metrics);
    if (rows) await bringDailyMetricsUpToDate(queue, database, facts);
    const identity = new ArchiveIdentity(rawDir);
    const archive = new BronzeArchive(rawDir, identity, database);
    const origin = new OriginGuard(database, identity);
    const frames = new SymbolFrames(database);
    const lines = new EventLines(archive, topics);
    const feed = hasFeed ? new ChangeFeedTables(database, clock) : NO_FEED;
    const contradictions = new ContradictionCounter(metrics);
    const eventRows = rows ? new HistoryRows(database) : new TakenKeys(database, clock);
    const writer = new EventWriter(eventRows, lines, feed, contradictions);
    wal.start();
    return {
      source,
      database,
      queue,
      wal,
      identity,
      frames,
      archive,
      origin,
      feed,
      writer,
      recovery: new BronzeRecovery(queue, archive, { writer, origin, frames, facts }, topics, logger),
      history: new SqliteHistoryStore(queue, database, { origin, archive, lines, feed, contradictions, clock }),
      processStatus: new SqliteProcessStatusStore(queue, database),
      upkeep: new SqliteStoreUpkeep(
        new BronzeCompactor(queue, archive, Object.values(topics), clock),
        new BronzeRetention(queue, archive, Object.values(topics), clock),
        new HistoryRetention(queue, database, feed, clock),
        new ChangeRetention(queue, database, clock),
      ),
    };
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

/** Several processes may start at once on a new file: whoever comes second finds it locked or done, and looks again. */
async function migrate(source: DataSource): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await source.runMigrations();
      return;
    } catch (error) {
      if (attempt === MIGRATION_ATTEMPTS) throw error;
      await delay(MIGRATION_PAUSE_MS);
    }
  }
}

/** Finishes what is queued, then lets go of files and database. */
export async function closeStoreParts({ source, queue, wal, archive }: StoreParts): Promise<void> {
  await wal.stop();
  await queue.close();
  archive.close();
  await source.destroy();
}
