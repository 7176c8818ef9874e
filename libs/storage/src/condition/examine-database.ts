import { readdirSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { BUSY_TIMEOUT_MS, type SqliteHandle } from '../database/sqlite-connection';
import { MIGRATIONS, SCHEMA_VERSION } from '../database/schema';
import { DatabaseFile } from './database-file';
import { damaged, foreign, newerSchema, removed } from './faults';
import { walBelongsTo } from './wal-sessions';

const RAW_FILE = /\.jsonl(\.gz)?$/;

/**
 * Looks at a database file before SQLite does, which makes a database of what is empty and writes any `-wal` over the file
 * that it finds beside it. A file that is not there passes.
 *
 * @throws StoreNotReadyError when it must not be opened for use, and the error of SQLite when it cannot be opened
 */
export function examineDatabase(name: string, rawDir: string): void {
  const found = statSync(name, { throwIfNoEntry: false });
  const walBytes = statSync(`${name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (!found) {
    if (walBytes > 0) throw removed('its file is gone, and the -wal beside it is there');
    return;
  }
  if (!found.isFile()) throw damaged(`a ${found.isDirectory() ? 'folder' : 'special file'} is in its place`);
  if (found.size === 0) {
    if (walBytes > 0) throw damaged('its file is empty, and the -wal beside it is not');
    if (hasRawFiles(rawDir)) throw damaged('its file is empty, though raw files were written before');
    return;
  }
  const file = DatabaseFile.hold(name);
  try {
    examineContents(file, `${name}-wal`, walBytes);
    examineTables(name);
  } finally {
    file.release();
  }
}

/** Over a connection that changes nothing: one that writes would make its own of what may be another program's. */
function examineTables(name: string): void {
  const database = new Database(name, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    examineSchema(database);
  } finally {
    database.close();
  }
}

function examineContents(file: DatabaseFile, walPath: string, walBytes: number): void {
  const { bytes, header } = file.read();
  if (!header) throw damaged('its file is not one of SQLite');
  if (!walBelongsTo(walPath, header.marks)) throw damaged('the -wal beside it belongs to another database');
  const expected = header.pageCount * header.pageSize;
  // What a kill left half brought over is whole in the -wal.
  if (walBytes === 0 && bytes < expected) throw damaged(`its file is cut off (${bytes} bytes of ${expected} are left)`);
}

function hasRawFiles(folder: string): boolean {
  try {
    return readdirSync(folder).some((file) => RAW_FILE.test(file) && statSync(`${folder}/${file}`).size > 0);
  } catch {
    return false;
  }
}

const OURS: ReadonlySet<string> = new Set(MIGRATIONS.map(({ name }) => name));

/**
 * Whose tables a database has: those of this version, of an older one, or none.
 * @throws StoreNotReadyError when they are of a later version or of another program, and the error of SQLite when they
 * cannot be read
 */
export function examineSchema(database: SqliteHandle): 'current' | 'older' | 'empty' {
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .pluck()
    .all();
  const migrations = tables.includes('migrations') ? namesIn(database) : [];
  // Migrations have a table for themselves before any has run.
  if (migrations.length === 0 && tables.every((name) => name === 'migrations')) return 'empty';
  if (!migrations.some((name) => OURS.has(name))) throw foreign();
  const unknown = migrations.filter((name) => !OURS.has(name)).at(-1);
  if (unknown !== undefined) throw newerSchema(unknown);
  return migrations.includes(SCHEMA_VERSION) ? 'current' : 'older';
}

/** In the order in which they ran. */
function namesIn(database: SqliteHandle): string[] {
  return database.prepare<[], string>('SELECT name FROM migrations ORDER BY id').pluck().all();
}
