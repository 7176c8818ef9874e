import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { isOutOfHandles } from './file-handles';
import { isReadOnlyDisk } from './host-fault';

/** Attempts to lock a file that is removed while it is being locked. */
const ATTEMPTS = 5;

/** Which file a path leads to; a name can be given to another one. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** The file at a path, through symbolic links; undefined when there is none. */
export function identityOf(path: string): FileIdentity | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && { device: stats.dev, inode: stats.ino };
}

export function isSameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  return a !== undefined && b !== undefined && a.device === b.device && a.inode === b.inode;
}

/** A lock file that cannot be opened. */
export class FileLockError extends Error {
  readonly code = 'FILES.LOCK_NOT_OPENED';

  constructor(path: string, cause: Error) {
    super(`the lock file ${path} cannot be opened (${cause.message})`, { cause });
    this.name = 'FileLockError';
  }
}

interface Held {
  readonly connection: Database.Database;
  readonly file: FileIdentity;
}

/**
 * An exclusive lock that ends with its process however that dies: an open exclusive transaction of SQLite, whose lock on
 * the file the operating system takes back even after SIGKILL. Nothing is ever written to the file.
 */
export class FileLock {
  private constructor(
    private readonly path: string,
    private held: Held,
  ) {}

  /** Undefined when another holder is alive. @throws FileLockError */
  static acquire(path: string): FileLock | undefined {
    const held = lock(path);
    return held && new FileLock(path, held);
  }

  /**
   * Whether the lock still keeps others out. Whoever finds no file at the path makes a new one and locks that: a file
   * that was removed is made and locked again (`renewed`), unless another process was faster (`lost`).
   *
   * @throws FileLockError when no file can be made
   */
  renew(): 'held' | 'renewed' | 'lost' {
    if (isSameFile(identityOf(this.path), this.held.file)) return 'held';
    const renewed = lock(this.path);
    if (!renewed) return 'lost';
    this.held.connection.close();
    this.held = renewed;
    return 'renewed';
  }

  release(): void {
    this.held.connection.close();
  }
}

/** Makes the file when need be and locks it, and makes sure that it is the one that others will find there. */
function lock(path: string): Held | undefined {
  for (let attempt = 1; ; attempt += 1) {
    let connection: Database.Database | undefined;
    try {
      connection = new Database(path, { timeout: 0 });
      const file = identityOf(path);
      // An empty file would be begun as a database, with a journal beside it, for which a full disk has no room.
      connection.pragma('journal_mode = memory');
      connection.exec('BEGIN EXCLUSIVE');
      if (file && isSameFile(file, identityOf(path))) return { connection, file };
      connection.close();
      if (attempt === ATTEMPTS) throw new Error('it is removed again and again');
    } catch (error) {
      connection?.close();
      const code = String((error as { code?: unknown }).code);
      if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return undefined;
      throw new FileLockError(path, causeOf(path, error as Error));
    }
  }
}

/** SQLite says that it cannot open a file, or not write it; the system knows why. */
function causeOf(path: string, error: Error): Error {
  if (isOutOfHandles()) return systemError('EMFILE', 'too many open files');
  return isReadOnlyDisk(dirname(path)) ? systemError('EROFS', 'read-only file system') : error;
}

function systemError(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}
