import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { extname, join } from 'node:path';
import Database from 'better-sqlite3';
import { isDiskFull } from '../condition/faults';
import { BACKUP_LEASE_FACT, OWNER_FACT, StoreFacts } from '../database/store-facts';

/** Program for the file beside this one, as built or as it is written: a module by its name, as no loader changes it. */
const PROGRAM = join(__dirname, `database-copy.process.m${extname(__filename).slice(1)}`);
const LOOK_EVERY_MS = 250;

/** Why the copy could not be made, as its process says it. */
export interface CopyFault {
  readonly code: string;
  readonly message: string;
}

/** What a copy of the database says of the store that it was made of. */
export interface CopiedStore {
  /** Names of its migrations, the oldest first. */
  readonly migrations: readonly string[];
  readonly files: readonly { readonly file: string; readonly length: number; readonly crc32: number | null }[];
}

/**
 * Writes one consistent state of a database in use to a new file, by `VACUUM INTO`: reads one snapshot from begin to end,
 * where SQLite's online backup would begin anew at each write of another process. In a process of its own, so that it can be
 * ended and that nothing else waits meanwhile.
 *
 * @throws the error of SQLite, with its code, or of the system where the disk of the copy is full; nothing when the signal is raised, the file is then a part
 */
export async function copyDatabase(
  from: string,
  to: string,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: (written: number) => void },
): Promise<void> {
  signal.throwIfAborted();
  const child = fork(PROGRAM, [from, to], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const said: CopyFault[] = [];
  child.on('message', (message) => {
    said.push(message as CopyFault);
  });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', stop, { once: true });
  const looks = setInterval(() => {
    onBytes(statSync(to, { throwIfNoEntry: false })?.size ?? 0);
  }, LOOK_EVERY_MS);
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    for (const { code: reason, message } of said) {
      throw withoutRoom(Object.assign(new Error(message), { code: reason }), to);
    }
    if (code !== 0) throw new Error(`the process that copies the database ended with ${String(killedBy ?? code)}`);
  } finally {
    clearInterval(looks);
    signal.removeEventListener('abort', stop);
  }
}

/** Makes a copy one that nobody owns and is ready for use, and reads what it says of the raw files of a folder. */
export function finishCopy(path: string, writerId: string): CopiedStore {
  const database = new Database(path, { fileMustExist: true });
  try {
    const facts = new StoreFacts(database);
    facts.set(OWNER_FACT, undefined);
    facts.set(BACKUP_LEASE_FACT, undefined);
    // As capture has it: a reader that is there first must not keep it from being changed.
    database.pragma('journal_mode = wal');
    const migrations = database.prepare('SELECT name FROM migrations ORDER BY id').pluck().all() as string[];
    const hasChecksums = (database.pragma('table_info(bronze_files)') as { name: string }[]).some(
      ({ name }) => name === 'crc32',
    );
    const files = database
      .prepare(
        `SELECT file, length, ${hasChecksums ? 'crc32' : 'NULL AS crc32'} FROM bronze_files
         WHERE writer_id = ? ORDER BY file`,
      )
      .all(writerId) as CopiedStore['files'];
    return { migrations, files };
  } catch (error) {
    throw withoutRoom(error, path);
  } finally {
    database.close();
  }
}

/** SQLite does not say which disk is full, that of the store or the one that is written: it is the latter. */
function withoutRoom(error: unknown, path: string): unknown {
  if (!isDiskFull(error)) return error;
  const message = `ENOSPC: no space left on device, write '${path}'`;
  return Object.assign(new Error(message, { cause: error }), { code: 'ENOSPC', syscall: 'write', path });
}
