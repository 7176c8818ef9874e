import { databaseName } from './database-name';
import { OwnerRecord } from './owner-record';
import type { SqliteHandle } from './sqlite-connection';
import { StoreLocks, type RemovedLock } from './store-locks';
import type { WriteQueue } from './write-queue';

/** That this process, and no other one, captures into a database and a bronze folder. */
export class CaptureOwnership {
  private isSettled = false;

  private constructor(
    private readonly locks: StoreLocks,
    private readonly queue: WriteQueue,
    private readonly record: OwnerRecord,
    /** Whether the owner before was killed. */
    readonly followsKill: boolean,
  ) {}

  /** Takes over with the locks in hand, which it lets go of when it fails. @throws CaptureOwnerError */
  static async take(
    locks: StoreLocks,
    databasePath: string,
    { queue, database }: { readonly queue: WriteQueue; readonly database: SqliteHandle },
  ): Promise<CaptureOwnership> {
    let ownership: CaptureOwnership;
    try {
      const record = new OwnerRecord(database, databaseName(databasePath));
      const followsKill = await queue.run(() => record.claim());
      ownership = new CaptureOwnership(locks, queue, record, followsKill);
    } catch (error) {
      locks.release();
      throw error;
    }
    try {
      await ownership.settle();
      return ownership;
    } catch (error) {
      await ownership.release();
      throw error;
    }
  }

  /** Lets no unit write once another process has become the owner. */
  guardWrites(): void {
    this.queue.guardWith(() => {
      this.record.check();
    });
  }

  /** Number of the session in the file itself; undefined until it is there. */
  get session(): number | undefined {
    return this.isSettled ? this.record.session : undefined;
  }

  /** Brings the session into the file itself, unless a reader is in the way: then it is tried again. */
  async settle(): Promise<void> {
    if (this.isSettled || !(await this.queue.checkpoint())) return;
    await this.queue.run(() => {
      this.record.settle();
    });
    this.isSettled = true;
  }

  /** Makes and locks again lock files that were removed, and tells of them. @throws FileLockError */
  renewLocks(): RemovedLock[] {
    return this.locks.renew();
  }

  /** Gives the right up without a word in the database, of which something has happened to the file. */
  forsake(): void {
    this.record.forsake();
    this.locks.release();
  }

  /**
   * Gives the right up; `close` closes the database, between the last write and the moment at which others may come. A
   * record that cannot be removed, as on a full disk, looks as if this process had been killed, to itself as well.
   */
  async release(close: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.queue.guardWith(() => undefined);
    await this.queue
      .run(() => {
        this.record.release();
      })
      .catch(() => {
        this.record.forsake();
      });
    try {
      await close();
    } finally {
      this.locks.release();
    }
  }
}
