import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';

/** Who writes may keep the file for a while. */
const SCRIPT = `
  const database = new (require('better-sqlite3'))(process.argv[1], { timeout: 120000 });
  database.exec(process.argv[2]);
  console.log('locked');
  setInterval(() => {}, 1000);`;

/** Another process that holds a lock of an SQLite file until it is told to end. */
export class LockHolder {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when the statement, such as `BEGIN IMMEDIATE`, has taken the lock. */
  static async start(path: string, statement: string): Promise<LockHolder> {
    const child = spawn(process.execPath, ['-e', SCRIPT, path, statement], {
      cwd: resolve(__dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the lock could not be taken: exit code ${String(code)}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), ended]);
    return new LockHolder(child);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** Whether a process holds the write lock of the database. */
export function isWriteLocked(databasePath: string): boolean {
  const database = new Database(databasePath, { fileMustExist: true, timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return true;
    throw error;
  } finally {
    database.close();
  }
}
