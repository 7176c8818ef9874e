import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from './schema';

export type SqliteHandle = Database.Database;

/**
 * Milliseconds that SQLite itself waits for a lock. It waits with the whole process, so this is short; the write queue
 * then waits asynchronously and tries again.
 */
export const BUSY_TIMEOUT_MS = 250;

/** What a `-wal` is cut to when it is written from its begin again; a larger one is brought over and cut before. */
export const WAL_LIMIT_BYTES = 16 * 1_048_576;

/** First SQLite without the WAL-reset bug that can lose commits, and the release that was withdrawn after it. */
const MINIMUM_SQLITE = '3.51.3';
const WITHDRAWN_SQLITE = '3.52.0';

export class UnsupportedSqliteError extends Error {
  readonly code = 'STORE.UNSUPPORTED_SQLITE';

  constructor(version: string) {
    super(
      `SQLite ${version} is not safe for this store; ${MINIMUM_SQLITE} or later is needed, and not ${WITHDRAWN_SQLITE}`,
    );
    this.name = 'UnsupportedSqliteError';
  }
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

function checkVersion(handle: SqliteHandle): void {
  const version = handle.prepare('SELECT sqlite_version()').pluck().get() as string;
  if (isOlder(version, MINIMUM_SQLITE) || version === WITHDRAWN_SQLITE) throw new UnsupportedSqliteError(version);
}

/** What `PRAGMA synchronous` reads back as. */
const SYNCHRONOUS_FULL = 2;

export class UnsupportedStorageError extends Error {
  readonly code = 'STORE.UNSUPPORTED_STORAGE';

  constructor(pragma: string, wanted: string | number, found: unknown) {
    super(
      `STORAGE_PATH: SQLite cannot set ${pragma} to ${wanted} there (it stays ${String(found)}); ` +
        'a local disk is needed, not a network folder',
    );
    this.name = 'UnsupportedStorageError';
  }
}

/** Sets what commits rely on, and makes sure of it: SQLite ignores what a file system cannot do. */
function setPragma(handle: SqliteHandle, pragma: string, value: string | number): void {
  handle.pragma(`${pragma} = ${value}`);
  const found = handle.pragma(pragma, { simple: true });
  if (found !== value) throw new UnsupportedStorageError(pragma, value, found);
}

/** Opens the file for writing, creating it when need be; with WAL, and every commit flushed before it is reported. */
export async function openWriter(path: string): Promise<DataSource> {
  const source = new DataSource({
    type: 'better-sqlite3',
    database: path,
    timeout: BUSY_TIMEOUT_MS,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
    synchronize: false,
    prepareDatabase: (handle: SqliteHandle): void => {
      checkVersion(handle);
      setPragma(handle, 'journal_mode', 'wal');
      setPragma(handle, 'synchronous', SYNCHRONOUS_FULL);
      setPragma(handle, 'journal_size_limit', WAL_LIMIT_BYTES);
    },
  });
  return source.initialize();
}

/** Opens an existing file for reading only; a connection of its own, so that no write is ever seen half done. */
export async function openReader(path: string): Promise<DataSource> {
  const source = new DataSource({
    type: 'better-sqlite3',
    database: path,
    readonly: true,
    fileMustExist: true,
    timeout: BUSY_TIMEOUT_MS,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    synchronize: false,
    prepareDatabase: (handle: SqliteHandle): void => {
      checkVersion(handle);
      handle.pragma('query_only = ON');
    },
  });
  return source.initialize();
}

/** A connection that only is there: SQLite treats the one that is closed last in a way of its own. */
export function openAnchor(path: string): SqliteHandle {
  const handle = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  // The first read is what makes it one that has the database open.
  handle.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get();
  return handle;
}

/** The driver's own connection under a data source: synchronous, so that a unit of work awaits nothing. */
export function handleOf(source: DataSource): SqliteHandle {
  return (source.driver as unknown as { databaseConnection: SqliteHandle }).databaseConnection;
}
