import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from '@app/files';
import { CaptureOwnerError } from './capture-owner.error';
import { databaseName } from './database-name';

const SETTINGS = ['STORAGE_PATH', 'RAW_DIR'] as const;

/** A lock file that was removed while it was locked. */
export interface RemovedLock {
  /** What the file locks: `STORAGE_PATH` or `RAW_DIR`. */
  readonly setting: (typeof SETTINGS)[number];
  /** Whether another process has locked a new one since, so that this process owns nothing any more. */
  readonly isLost: boolean;
}

/**
 * The right to capture into a database and a bronze folder: a lock file beside the file, and in the folder, that the two
 * paths lead to. Each of the two may be shared by mistake: two writers of one folder would write over each other's lines.
 */
export class StoreLocks {
  private constructor(private readonly locks: readonly FileLock[]) {}

  /** The folders have to be there. @throws CaptureOwnerError, AmbiguousDatabaseError, FileLockError */
  static acquire(databasePath: string, rawDir: string): StoreLocks {
    const files = [`${databaseName(databasePath)}.owner`, join(realpathSync(rawDir), 'archive.owner')];
    const locks: FileLock[] = [];
    try {
      for (const file of files) {
        const lock = FileLock.acquire(file);
        if (!lock) throw new CaptureOwnerError();
        locks.push(lock);
      }
      return new StoreLocks(locks);
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  /** Makes and locks again what was removed, and tells of it. @throws FileLockError */
  renew(): RemovedLock[] {
    return this.locks.flatMap((lock, index) => {
      const [state, setting] = [lock.renew(), SETTINGS[index]];
      return state === 'held' || setting === undefined ? [] : [{ setting, isLost: state === 'lost' }];
    });
  }

  release(): void {
    for (const lock of this.locks) lock.release();
  }
}
