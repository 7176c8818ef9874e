import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NoRawFolderError } from '@app/backup';
import { ARCHIVE_FILE, ArchiveIdentity } from '@app/bronze';
import { StoreNotReadyError, type Clock } from '@app/domain';
import type { MetricsRegistry } from '@app/observability';
import type { DataSource } from 'typeorm';
import { examineDatabase } from '../condition/examine-database';
import { databaseName } from '../database/database-name';
import { handleOf, openWriter, type SqliteHandle } from '../database/sqlite-connection';
import { WriteQueue } from '../database/write-queue';
import { NO_DATABASE } from '../readers/read-store';
import { BackupLease } from './backup-lease';

export interface BackupSourceOptions {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
}

/** A store that a backup is made of, beside the processes that use it. Its schema stays as it is, even an older one. */
export class BackupSource {
  readonly clock: Clock;
  readonly rawDir: string;
  readonly writerId: string;
  private readonly database: SqliteHandle;
  private readonly queue: WriteQueue;

  private constructor(
    /** Without symbolic links. */
    readonly databasePath: string,
    private readonly source: DataSource,
    { rawDir, clock, metrics }: BackupSourceOptions,
  ) {
    this.clock = clock;
    this.rawDir = rawDir;
    this.database = handleOf(source);
    this.queue = new WriteQueue(this.database, metrics);
    this.writerId = new ArchiveIdentity(rawDir).writerId;
  }

  /** @throws StoreNotReadyError, AmbiguousDatabaseError, UnsupportedSqliteError, ArchiveIdentityError, NoRawFolderError */
  static async open(options: BackupSourceOptions): Promise<BackupSource> {
    const { databasePath, rawDir } = options;
    if (!existsSync(databasePath)) throw new StoreNotReadyError(NO_DATABASE, 'absent');
    if (!existsSync(join(rawDir, ARCHIVE_FILE))) throw new NoRawFolderError(rawDir);
    const path = databaseName(databasePath);
    examineDatabase(path, rawDir);
    const source = await openWriter(path);
    try {
      return new BackupSource(path, source, options);
    } catch (error) {
      await source.destroy();
      throw error;
    }
  }

  /** @throws BackupRunningError */
  takeLease(): Promise<BackupLease> {
    return BackupLease.take(this.queue, this.database, this.clock);
  }

  get databaseBytes(): number {
    const [pages, bytes] = ['page_count', 'page_size'].map((name) => this.database.pragma(name, { simple: true }));
    return Number(pages) * Number(bytes);
  }

  get rawBytes(): number {
    return this.database
      .prepare<[string], number>('SELECT coalesce(sum(length), 0) FROM bronze_files WHERE writer_id = ?')
      .pluck()
      .get(this.writerId) as number;
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.source.destroy();
  }
}
