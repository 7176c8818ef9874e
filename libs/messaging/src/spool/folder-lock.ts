import { join } from 'node:path';
import { FileLock } from '@app/files';

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

const LOCK_FILE = 'lock.db';
/** Real time between two looks at the lock file. */
const LOOK_EVERY_MS = 10_000;

/**
 * An exclusive lock on a folder that dies with its process, taken on `lock.db` in it. The file is looked at every ten
 * seconds: one that was removed is made and locked again, before another process can take the folder for free.
 */
export class FolderLock {
  private readonly timer: NodeJS.Timeout;
  private lost = false;

  private constructor(
    private readonly folder: string,
    private readonly lock: FileLock,
    private readonly warn: (message: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  /** `warn` is told in one line of a lock file that went. @throws FolderLockedError when another holder is alive */
  static acquire(folder: string, warn: (message: string) => void = () => undefined): FolderLock {
    const lock = FileLock.acquire(join(folder, LOCK_FILE));
    if (!lock) throw new FolderLockedError(folder);
    return new FolderLock(folder, lock, warn);
  }

  /** Whether another process has taken the folder since its lock file was removed. */
  get isLost(): boolean {
    return this.lost;
  }

  /** @throws FolderLockedError when the lock is lost */
  check(): void {
    if (this.lost) throw new FolderLockedError(this.folder);
  }

  /** Looks after the lock file; done by itself every ten seconds. */
  look(): void {
    if (this.lost) return;
    try {
      const state = this.lock.renew();
      if (state === 'held') return;
      this.lost = state === 'lost';
      this.warn(
        `${join(this.folder, LOCK_FILE)} was removed while in use: ` +
          (this.lost
            ? 'another process has taken the folder; stop one of the two and start the other one again'
            : 'it was made and locked again'),
      );
    } catch (error) {
      this.warn(`${join(this.folder, LOCK_FILE)} was removed while in use: ${(error as Error).message}`);
    }
  }

  release(): void {
    clearInterval(this.timer);
    this.lock.release();
  }
}
