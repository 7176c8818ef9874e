import { dirname } from 'node:path';
import { ApiKeyStore, type ApiKey, type EpochMicros, type StoredApiKey } from '@app/domain';
import { makeFolderOf } from '@app/files';
import type { MetricsRegistry } from '@app/observability';
import type { DataSource } from 'typeorm';
import { examineDatabase } from '../condition/examine-database';
import { databaseName } from '../database/database-name';
import { handleOf, openWriter, type SqliteHandle } from '../database/sqlite-connection';
import { WriteQueue } from '../database/write-queue';
import { migrateStore } from '../store-parts';
import { API_KEY_COLUMNS, toApiKey, type ApiKeyRow } from './api-key-row';

interface StoredRow extends ApiKeyRow {
  readonly created_at: number;
  readonly revoked_at: number | null;
}

/** The table of keys, for a command beside the processes of the store; it needs nothing else of it. */
export class SqliteApiKeyStore extends ApiKeyStore {
  private constructor(
    private readonly source: DataSource,
    private readonly database: SqliteHandle,
    private readonly queue: WriteQueue,
  ) {
    super();
  }

  /** Makes the database where there is none. @throws StoreNotReadyError, FolderNotMadeError, AmbiguousDatabaseError, UnsupportedSqliteError */
  static async open(
    { databasePath, rawDir }: { readonly databasePath: string; readonly rawDir: string },
    metrics: MetricsRegistry,
  ): Promise<SqliteApiKeyStore> {
    makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
    const path = databaseName(databasePath);
    examineDatabase(path, rawDir);
    const source = await openWriter(path);
    try {
      await migrateStore(source);
      const database = handleOf(source);
      return new SqliteApiKeyStore(source, database, new WriteQueue(database, metrics));
    } catch (error) {
      await source.destroy();
      throw error;
    }
  }

  all(): Promise<StoredApiKey[]> {
    const rows = this.database
      .prepare<[], StoredRow>(`SELECT ${API_KEY_COLUMNS}, created_at, revoked_at FROM api_keys ORDER BY id`)
      .all();
    return Promise.resolve(
      rows.map((row) => ({ ...toApiKey(row), createdAt: row.created_at, revokedAt: row.revoked_at })),
    );
  }

  async add({ name, sha256, expiresAt, requestLimit }: ApiKey, createdAt: EpochMicros): Promise<boolean> {
    const insert = this.database.prepare(
      `INSERT INTO api_keys (name, sha256, created_at, expires_at, request_limit) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING`,
    );
    return this.queue.run(() => insert.run(name, sha256, createdAt, expiresAt, requestLimit).changes === 1);
  }

  async revoke(name: string, revokedAt: EpochMicros): Promise<boolean> {
    const update = this.database.prepare('UPDATE api_keys SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL');
    return this.queue.run(() => update.run(revokedAt, name).changes === 1);
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.source.destroy();
  }
}
