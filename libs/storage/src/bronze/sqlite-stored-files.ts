import { StoredFiles, type NamedStoredFile, type StoredFile, type StreamFile } from '@app/bronze';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** How far the tables have the files of a bronze folder (`bronze_files`). */
export class SqliteStoredFiles extends StoredFiles {
  private readonly select: Statement<[string, string], StoredFile>;
  private readonly upsert: Statement<[string, string, string, number | null, number, number | null]>;
  private readonly update: Statement<[number, string, string]>;
  private readonly delete: Statement<[string, string]>;

  constructor(
    private readonly database: SqliteHandle,
    private readonly writerId: string,
  ) {
    super();
    this.select = database.prepare('SELECT length, crc32 FROM bronze_files WHERE writer_id = ? AND file = ?');
    this.upsert = database.prepare(
      `INSERT INTO bronze_files (writer_id, file, topic, partition, length, crc32) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (writer_id, file) DO UPDATE SET length = excluded.length, crc32 = excluded.crc32`,
    );
    this.update = database.prepare('UPDATE bronze_files SET crc32 = ? WHERE writer_id = ? AND file = ?');
    this.delete = database.prepare('DELETE FROM bronze_files WHERE writer_id = ? AND file = ?');
  }

  find(file: string): StoredFile | undefined {
    return this.select.get(this.writerId, file);
  }

  all(): NamedStoredFile[] {
    return storedFilesIn(this.database, this.writerId);
  }

  put({ file, topic, partition }: StreamFile, { length, crc32 }: StoredFile): void {
    this.upsert.run(this.writerId, file, topic, partition, length, crc32);
  }

  putChecksum(file: string, crc32: number): void {
    this.update.run(crc32, this.writerId, file);
  }

  remove(file: string): void {
    this.delete.run(this.writerId, file);
  }
}

/** What a database says of the files of a bronze folder; `schema` is its name where it is attached to this one. */
export function storedFilesIn(database: SqliteHandle, writerId: string, schema = 'main'): NamedStoredFile[] {
  const columns = database.prepare<[], { name: string }>(`PRAGMA ${schema}.table_info(bronze_files)`).all();
  // An older database has no checksums.
  const checksum = columns.some(({ name }) => name === 'crc32') ? 'crc32' : 'NULL AS crc32';
  return database
    .prepare<[string], NamedStoredFile>(
      `SELECT file, length, ${checksum} FROM ${schema}.bronze_files WHERE writer_id = ? ORDER BY file`,
    )
    .all(writerId);
}
