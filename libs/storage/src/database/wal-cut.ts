import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { FileIdentity } from '@app/files';
import { startThread } from '@app/observability';

/** Thread for the file beside this one, as built or as it is written: a module by its name, as no loader changes it. */
const WORKER = join(__dirname, `wal-cut.worker.m${extname(__filename).slice(1)}`);

/** A database and its `-wal`: their names, without symbolic links, and which files this process has open by them. */
export interface WalFiles {
  readonly database: NamedFile;
  readonly wal: NamedFile;
}

interface NamedFile extends FileIdentity {
  readonly path: string;
}

/** The thread's answer to a step. */
interface Answer {
  /** Pages that are still to be brought over; infinite where somebody was in the way. */
  readonly left?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * Empties a `-wal` in a thread and over a connection of its own: to bring a hundred megabytes over takes a quarter of a
 * second and more, in which the event loop would stand. It waits for
 * nobody for longer than a tenth of a second.
 */
export class WalCut {
  private readonly worker: Worker;
  private readonly ended: Promise<unknown>;

  /** The database is opened with the first step; where another file has got its name, nothing is done. */
  constructor(files: WalFiles) {
    this.worker = startThread(WORKER, files);
    this.ended = once(this.worker, 'exit').then(() => {
      throw new Error('the thread that empties the -wal has ended');
    });
    this.ended.catch(() => undefined);
  }

  /**
   * Brings what is in the `-wal` into the database, while others write. Returns how many pages are left: those that a
   * reader still needs there, and those that came meanwhile; infinite where another checkpoint is under way, or
   * other files are in their places.
   *
   * @throws the error of SQLite, with its code
   */
  async bringOver(): Promise<number> {
    const { left = Infinity } = await this.take('bring_over');
    return left;
  }

  /**
   * Brings over the rest and cuts the file to nothing; meanwhile nobody can write. Returns whether it could: no reader and
   * no writer was in the way.
   *
   * @throws the error of SQLite, with its code
   */
  async cut(): Promise<boolean> {
    const { left } = await this.take('cut');
    return left === 0;
  }

  /** Closes the connection and ends the thread. */
  async close(): Promise<void> {
    try {
      await this.take('close');
    } catch {
      // Its end closes the connection too.
    } finally {
      await this.worker.terminate();
    }
  }

  private async take(step: 'bring_over' | 'cut' | 'close'): Promise<Answer> {
    const answered = once(this.worker, 'message');
    this.worker.postMessage(step);
    const [answer] = (await Promise.race([answered, this.ended])) as [Answer];
    const { error } = answer;
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return answer;
  }
}
