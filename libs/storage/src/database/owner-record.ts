import { randomInt, randomUUID } from 'node:crypto';
import { identityOf, isSameFile, type FileIdentity } from '@app/files';
import { CaptureOwnerError } from './capture-owner.error';
import { isAlive, ownProcess, type ProcessIdentity } from './process-identity';
import type { SqliteHandle } from './sqlite-connection';
import { OWNER_FACT, StoreFacts } from './store-facts';

/** SQLite keeps it in 32 bits with a sign. */
const LARGEST_SESSION = 2 ** 31 - 1;

/** Records of this process that it left behind in files of which something had happened. */
const forsaken = new Set<string>();

interface Owner {
  readonly id: string;
  /** Of which file it was written: a copy of the database has no owner. */
  readonly file: FileIdentity;
  /** Absent where the system does not tell. */
  readonly process?: ProcessIdentity;
}

/**
 * Who owns the database, written in the database itself: it holds where lock files do not reach, as after they were
 * removed. An owner that is gone without a word was killed.
 */
export class OwnerRecord {
  /** Of this session of ownership; in the first page of the database, see {@link SessionMarks}. */
  readonly session = randomInt(1, LARGEST_SESSION);
  private readonly facts: StoreFacts;
  private readonly id = randomUUID();

  constructor(
    private readonly database: SqliteHandle,
    private readonly path: string,
  ) {
    this.facts = new StoreFacts(database);
  }

  /**
   * Makes this the owner. Inside a write unit, with the lock files held. Returns whether the owner before was killed.
   * @throws CaptureOwnerError when it is alive
   */
  claim(): boolean {
    const file = identityOf(this.path);
    const before = this.read();
    const isOfThisFile = isSameFile(before?.file, file);
    const isLeft = before !== undefined && forsaken.has(before.id);
    if (before && isOfThisFile && !isLeft && before.process && isAlive(before.process)) throw new CaptureOwnerError();
    if (!file) throw new Error('the database file is not there');
    const process = ownProcess();
    const owner: Owner = { id: this.id, file, ...(process ? { process } : {}) };
    this.facts.set(OWNER_FACT, JSON.stringify(owner));
    this.database.pragma(`application_id = ${String(this.database.pragma('user_version', { simple: true }))}`);
    this.database.pragma(`user_version = ${this.session}`);
    return isOfThisFile;
  }

  /** Inside a write unit, once the session has reached the file itself. */
  settle(): void {
    this.database.pragma(`application_id = ${this.session}`);
  }

  /** Inside a write unit. @throws CaptureOwnerError when another process has become the owner */
  check(): void {
    if (this.read()?.id !== this.id) throw new CaptureOwnerError();
  }

  /** Leaves the record where it is; this process may become the owner anew. */
  forsake(): void {
    forsaken.add(this.id);
  }

  /** Inside a write unit; leaves the record of another owner alone. */
  release(): void {
    if (this.read()?.id === this.id) this.facts.set(OWNER_FACT, undefined);
  }

  private read(): Owner | undefined {
    const text = this.facts.get(OWNER_FACT);
    return text === undefined ? undefined : (JSON.parse(text) as Owner);
  }
}
