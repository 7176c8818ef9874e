import { join } from 'node:path';
import Database from 'better-sqlite3';

export class CaptureOwnerError extends Error {
  readonly code = 'STORE.OWNED';

  constructor() {
    super(
      'another process captures into this store already (a standalone app or an ingest app in direct mode); ' +
        'stop it first, or point STORAGE_PATH and RAW_DIR to another place',
    );
    this.name = 'CaptureOwnerError';
  }
}

/**
 * Holds the right to capture into a database or a bronze folder. The lock is the operating system's, taken through
 * SQLite on a file beside it, so that it ends with its process however that dies.
 */
export class CaptureOwnerLock {
  private constructor(private readonly connection: Database.Database) {}

  /** @throws CaptureOwnerError when another live process holds it */
  static acquire(path: string): CaptureOwnerLock {
    const connection = new Database(`${path}.owner`, { timeout: 0 });
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw new CaptureOwnerError();
      throw error;
    }
    return new CaptureOwnerLock(connection);
  }

  release(): void {
    this.connection.close();
  }
}

/**
 * Locks database and bronze folder. Each of the two may be shared by mistake: two writers of one folder would write over
 * each other's lines. @throws CaptureOwnerError
 */
export function acquireStore(databasePath: string, rawDir: string): CaptureOwnerLock[] {
  const database = CaptureOwnerLock.acquire(databasePath);
  try {
    return [database, CaptureOwnerLock.acquire(join(rawDir, 'archive'))];
  } catch (error) {
    database.release();
    throw error;
  }
}
