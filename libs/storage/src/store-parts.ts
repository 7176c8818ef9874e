import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ArchiveIdentity,
  BronzeArchive,
  BronzeCompactor,
  BronzeRecovery,
  BronzeRetention,
  BronzeWatch,
  type BronzeLosses,
  type BronzeUnits,
} from '@app/bronze';
import type { Clock } from '@app/domain';
import { makeFolderOf } from '@app/files';
import { BRONZE_ONLY_FACT, type HistoryKinds, type Rows } from '@app/history';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { DataSource } from 'typeorm';
import { BackupGuard } from './backup/backup-lease';
import { SqliteBronzeLosses } from './bronze/sqlite-bronze-losses';
import { SqliteBronzeUnits } from './bronze/sqlite-bronze-units';
import { SqliteDamagedFiles } from './bronze/sqlite-damaged-files';
import { SqliteRecoveredStore } from './bronze/sqlite-recovered-store';
import { SqliteStoredFiles } from './bronze/sqlite-stored-files';
import { DatabaseFile } from './condition/database-file';
import { examineDatabase } from './condition/examine-database';
import { isDamage } from './condition/faults';
import { databaseName } from './database/database-name';
import { makeKindTables } from './database/kind-tables';
import { OriginGuard } from './database/origin-guard';
import { handleOf, openAnchor, openWriter, type SqliteHandle } from './database/sqlite-connection';
import { StoreFacts } from './database/store-facts';
import { WalBound } from './database/wal-bound';
import { LOCK_PATIENCE_MS, WriteQueue } from './database/write-queue';
import { ChangeRetention } from './feed/change-retention';
import { ChangeFeedTables, NO_FEED, type ChangeFeedWriter } from './feed/change-feed.writer';
import { bringDailyMetricsUpToDate } from './gold/daily-metrics.upkeep';
import { SqliteHistoryStore } from './history/sqlite-history-store';
import { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SqliteRows } from './rows/sqlite-rows';
import { CandleWriter } from './sink/candle.writer';
import { ContradictionCounter } from './sink/contradiction-counter';
import { EventWriter } from './sink/event-writer';
import { historyWriters, rememberedKeys } from './sink/kind-writers';
import { HistoryRetention } from './upkeep/history-retention';
import { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';

export interface StoreOptions {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly kinds: HistoryKinds;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Told of each error that is met; returns what is thrown in its place. */
  readonly explain?: (error: unknown) => unknown;
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
  readonly file: DatabaseFile;
  readonly source: DataSource;
  /** Reads nothing: as long as it is open, SQLite brings nothing from the `-wal` into the file when the other is closed. */
  readonly anchor: SqliteHandle;
  readonly database: SqliteHandle;
  readonly queue: WriteQueue;
  readonly wal: WalBound;
  readonly identity: ArchiveIdentity;
  readonly archive: BronzeArchive;
  readonly units: BronzeUnits;
  readonly origin: OriginGuard;
  readonly feed: ChangeFeedWriter;
  readonly rows: Rows;
  readonly candles: CandleWriter;
  readonly writer: EventWriter;
  readonly recovery: BronzeRecovery;
  readonly losses: BronzeLosses;
  /** To be started by whoever owns the store. */
  readonly bronzeWatch: BronzeWatch;
  readonly history: SqliteHistoryStore;
  readonly processStatus: SqliteProcessStatusStore;
  readonly upkeep: SqliteStoreUpkeep;
}

/**
 * Opens database and bronze folder for writing and migrates the schema. `rows` false keeps bronze and keys only; a
 * database that is being made anew has no readers yet, so `feed` false notes no changes.
 *
 * @throws StoreNotReadyError, FolderNotMadeError, AmbiguousDatabaseError, UnsupportedSqliteError, RebuildNeededError
 */
export async function openStoreParts(
  { databasePath, rawDir, kinds, clock, logger, metrics, explain }: StoreOptions,
  { rows, feed: hasFeed }: { readonly rows: boolean; readonly feed: boolean } = { rows: true, feed: true },
): Promise<StoreParts> {
  makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
  const path = databaseName(databasePath);
  examineDatabase(path, rawDir);
  const source = await openWriter(path);
  let anchor: SqliteHandle | undefined;
  let file: DatabaseFile | undefined;
  try {
    file = DatabaseFile.hold(path);
    const database = handleOf(source);
    await migrateStore(source);
    makeKindTables(source, kinds);
    anchor = openAnchor(path);
    const facts = new StoreFacts(database);
    if (rows && facts.get(BRONZE_ONLY_FACT) !== undefined) throw new RebuildNeededError();
    const queue = new WriteQueue(database, metrics, LOCK_PATIENCE_MS, explain);
    const wal = new WalBound({ queue, path, logger, metrics, explain });
    const tables = new SqliteRows(database);
    const candles = new CandleWriter(tables);
    if (rows) await bringDailyMetricsUpToDate(queue, database, tables, facts);
    const identity = new ArchiveIdentity(rawDir);
    const archive = new BronzeArchive(rawDir, new SqliteStoredFiles(database, identity.writerId));
    const units = new SqliteBronzeUnits(queue, archive);
    const origin = new OriginGuard(database, identity);
    const losses = new SqliteBronzeLosses(tables, identity, metrics);
    const feed = hasFeed ? new ChangeFeedTables(database, clock) : NO_FEED;
    const contradictions = new ContradictionCounter(kinds, metrics);
    const writers = rows ? historyWriters(kinds, { rows: tables, candles }) : rememberedKeys(kinds, tables, clock);
    const writer = new EventWriter(writers, feed, contradictions);
    const backup = new BackupGuard(database, clock);
    const damaged = new SqliteDamagedFiles(facts);
    const recovered = new SqliteRecoveredStore(origin, tables, writer);
    wal.start();
    return {
      file,
      source,
      anchor,
      database,
      queue,
      wal,
      identity,
      archive,
      units,
      origin,
      feed,
      rows: tables,
      candles,
      writer,
      recovery: new BronzeRecovery(units, archive, { store: recovered, damaged, losses, clock }, kinds, logger),
      losses,
      bronzeWatch: new BronzeWatch({ units, archive, damaged, logger, metrics }),
      history: new SqliteHistoryStore(queue, {
        rows: tables,
        candles,
        origin,
        units,
        feed,
        writer,
        kinds,
        clock,
      }),
      processStatus: new SqliteProcessStatusStore(queue, database),
      upkeep: new SqliteStoreUpkeep(
        new BronzeCompactor(units, archive, kinds.topics, clock, backup),
        new BronzeRetention(units, archive, kinds.topics, clock, backup),
        new HistoryRetention(queue, tables, feed, clock),
        new ChangeRetention(queue, tables, clock),
      ),
    };
  } catch (error) {
    await closeConnections({ file, source, anchor });
    throw error;
  }
}

/** Several processes may start at once on a new file: whoever comes second finds it locked or done, and looks again. */
export async function migrateStore(source: DataSource): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await source.runMigrations();
      return;
    } catch (error) {
      if (attempt === MIGRATION_ATTEMPTS || isDamage(error)) throw error;
      await delay(MIGRATION_PAUSE_MS);
    }
  }
}

/** Finishes what is queued, then lets go of files and database. */
export async function closeStoreParts(parts: StoreParts): Promise<void> {
  const { queue, wal, archive, bronzeWatch } = parts;
  await bronzeWatch.stop();
  await wal.stop();
  await queue.close();
  archive.close();
  await closeConnections(parts);
}

/** Lets go of files and database as they are, because something has happened to them. */
export async function abandonStoreParts(parts: StoreParts, reason: Error): Promise<void> {
  const { source, queue, wal, archive, bronzeWatch, anchor, file } = parts;
  const stopped = bronzeWatch.stop();
  const walLeft = wal.abandon();
  await queue.abandon(reason);
  await walLeft;
  await stopped;
  archive.close();
  await source.destroy();
  anchor.close();
  file.release();
}

async function closeConnections({
  file,
  source,
  anchor,
}: {
  readonly file: DatabaseFile | undefined;
  readonly source: DataSource;
  readonly anchor: SqliteHandle | undefined;
}): Promise<void> {
  anchor?.close();
  await source.destroy();
  file?.release();
}
