import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The folder belongs to another process that is alive. */
export class FolderLockedError extends Error {
  readonly code = 'SPOOL.LOCKED';

  constructor(readonly folder: string) {
    super(
      `${folder} is in use by another process: one capturing process per INGEST_STATE_DIR. ` +
        'Stop the other one, or point INGEST_STATE_DIR to another folder.',
    );
    this.name = 'FolderLockedError';
  }
}

const BUSY_CODES: readonly unknown[] = ['SQLITE_BUSY', 'SQLITE_LOCKED'];

/**
 * An exclusive lock on a folder that dies with its process: an open exclusive transaction on `lock.db`, whose file lock
 * the operating system takes back even after SIGKILL. Nothing is ever written to that file.
 */
export class FolderLock {
  private constructor(private readonly database: Database.Database) {}

  /** @throws FolderLockedError when another holder is alive */
  static acquire(folder: string): FolderLock {
    const database = new Database(join(folder, 'lock.db'), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw BUSY_CODES.includes((error as { code?: string }).code) ? new FolderLockedError(folder) : error;
    }
    return new FolderLock(database);
  }

  release(): void {
    this.database.close();
  }
}
