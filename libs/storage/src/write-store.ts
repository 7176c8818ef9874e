import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock, TopicNames } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { DataSource } from 'typeorm';
import { ArchiveIdentity } from './bronze/archive-identity';
import { BronzeArchive } from './bronze/bronze-archive';
import { BronzeRecovery } from './bronze/bronze-recovery';
import { CaptureOwnerLock } from './database/capture-owner.lock';
import { OriginGuard } from './database/origin-guard';
import { handleOf, openWriter } from './database/sqlite-connection';
import { StoreFacts } from './database/store-facts';
import { WriteQueue } from './database/write-queue';
import { bringDailyMetricsUpToDate } from './gold/daily-metrics.upkeep';
import { SqliteHistoryStore } from './history/sqlite-history-store';
import { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SymbolFrames } from './ledger/symbol-frames';
import { EventWriter } from './sink/event-writer';
import { SqliteEventSink } from './sink/sqlite-event-sink';

export interface WriteStoreOptions {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly topics: TopicNames;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/**
 * The writing half of the store in direct mode: one capture owner, one write queue, database and bronze in step. Opening
 * it migrates the schema and takes up what an earlier process left behind.
 */
export class WriteStore {
  private constructor(
    private readonly source: DataSource,
    private readonly owners: readonly CaptureOwnerLock[],
    private readonly queue: WriteQueue,
    private readonly archive: BronzeArchive,
    readonly sink: SqliteEventSink,
    readonly history: SqliteHistoryStore,
    readonly processStatus: SqliteProcessStatusStore,
  ) {}

  /** @throws CaptureOwnerError, UnsupportedSqliteError, OriginMismatchError, ArchiveIdentityError */
  static async open(options: WriteStoreOptions): Promise<WriteStore> {
    const { databasePath, rawDir } = options;
    mkdirSync(dirname(databasePath), { recursive: true });
    mkdirSync(rawDir, { recursive: true });
    const owners: CaptureOwnerLock[] = [];
    let source: DataSource | undefined;
    try {
      // Each of the two may be shared by mistake: two writers of one folder would write over each other's lines.
      owners.push(CaptureOwnerLock.acquire(databasePath));
      owners.push(CaptureOwnerLock.acquire(join(rawDir, 'archive')));
      source = await openWriter(databasePath);
      await source.runMigrations();
      return await WriteStore.assemble(source, owners, options);
    } catch (error) {
      await source?.destroy();
      for (const owner of owners) owner.release();
      throw error;
    }
  }

  private static async assemble(
    source: DataSource,
    owners: readonly CaptureOwnerLock[],
    { rawDir, topics, clock, logger, metrics }: WriteStoreOptions,
  ): Promise<WriteStore> {
    const database = handleOf(source);
    const queue = new WriteQueue(database, metrics);
    const identity = new ArchiveIdentity(rawDir);
    const archive = new BronzeArchive(rawDir, identity, database);
    const facts = new StoreFacts(database);
    const origin = new OriginGuard(database, identity);
    const writer = new EventWriter(database, archive, topics);
    await bringDailyMetricsUpToDate(queue, database, facts);
    const target = { writer, origin, frames: new SymbolFrames(database), facts };
    await new BronzeRecovery(queue, archive, target, topics, logger).run();
    return new WriteStore(
      source,
      owners,
      queue,
      archive,
      new SqliteEventSink(queue, origin, archive, writer, metrics),
      new SqliteHistoryStore(queue, database, origin, archive, clock),
      new SqliteProcessStatusStore(queue, database),
    );
  }

  /** Finishes what is queued, then lets go of files, database and ownership. */
  async close(): Promise<void> {
    await this.queue.close();
    this.archive.close();
    await this.source.destroy();
    for (const owner of this.owners) owner.release();
  }
}
