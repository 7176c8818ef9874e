import { dirname } from 'node:path';
import { makeFolderOf } from '@app/files';
import { FolderLock } from './folder-lock';

/** The disk does not let the folder be locked yet. */
class FolderNotEnteredError extends Error {
  readonly code = 'SPOOL.NOT_ENTERED';

  constructor() {
    super('the folder of the spool cannot be used yet');
    this.name = 'FolderNotEnteredError';
  }
}

/** The folder that spools lie in, for one process at a time: its lock is held while any of them is open. */
export class SpoolFolder {
  private lock: FolderLock | undefined;

  constructor(
    readonly path: string,
    private readonly warn: (message: string) => void = () => undefined,
    /** Done once, with the lock in hand. */
    private readonly prepare: () => void = () => undefined,
  ) {}

  /** Makes, locks and prepares the folder unless that is done. @throws FolderNotMadeError, FolderLockedError, FileLockError */
  enter(): void {
    if (this.lock) return;
    makeFolderOf('INGEST_STATE_DIR', dirname(this.path), this.path);
    const lock = FolderLock.acquire(this.path, this.warn);
    try {
      this.prepare();
    } catch (error) {
      lock.release();
      throw error;
    }
    this.lock = lock;
  }

  /** Whether another process has taken the folder since its lock file was removed. */
  get isLost(): boolean {
    return this.lock?.isLost ?? false;
  }

  /** @throws FolderNotEnteredError, FolderLockedError when nothing may be written into the folder */
  check(): void {
    if (!this.lock) throw new FolderNotEnteredError();
    this.lock.check();
  }

  release(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
