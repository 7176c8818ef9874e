import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { WalFiles } from './wal-cut.js';

const files = workerData as WalFiles;

/** What `wal_checkpoint` says: whether something was in the way, pages in the file, and how many of them are brought over. */
interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** How long a cut waits for those who read a page or write a unit: long enough for most, and no unit waits for longer. */
const PATIENCE_MS = 100;

function open(path: string): Database.Database {
  const connection = new Database(path, { fileMustExist: true, timeout: PATIENCE_MS });
  connection.pragma('synchronous = FULL');
  // The first read makes it one that has the database open.
  connection.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get();
  return connection;
}

/** Pages that are left. */
function checkpoint(connection: Database.Database, mode: 'PASSIVE' | 'TRUNCATE'): number {
  const [said] = connection.pragma(`wal_checkpoint(${mode})`) as [Checkpoint];
  return said.busy === 0 ? said.log - said.checkpointed : Infinity;
}

/**
 * Whether the names still lead to the files that the process has open: what has got the names since is not to be written.
 * Looked at again when they are open here too.
 */
function areInPlace(): boolean {
  return [files.database, files.wal].every(({ path, device, inode }) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.dev === device && found.ino === inode;
  });
}

let database: Database.Database | undefined;

function take(step: 'bring_over' | 'cut' | 'close'): object {
  try {
    if (step === 'close') {
      parentPort?.close();
      database?.close();
      return {};
    }
    // Before, as a connection that is closed last brings the -wal over too.
    if (!database && !areInPlace()) return { left: Infinity };
    database ??= open(files.database.path);
    if (!areInPlace()) return { left: Infinity };
    return { left: checkpoint(database, step === 'cut' ? 'TRUNCATE' : 'PASSIVE') };
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    if (String(code).startsWith('SQLITE_BUSY')) return { left: Infinity };
    return { error: { code: String(code), message } };
  }
}

// Each message is one step, and has one answer.
parentPort?.on('message', (step: 'bring_over' | 'cut' | 'close') => {
  parentPort?.postMessage(take(step));
});
