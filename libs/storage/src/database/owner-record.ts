import { randomUUID } from 'node:crypto';
import { identityOf, isSameFile, type FileIdentity } from '@app/files';
import { CaptureOwnerError } from './capture-owner.error';
import { isAlive, ownProcess, type ProcessIdentity } from './process-identity';
import type { SqliteHandle } from './sqlite-connection';
import { OWNER_FACT, StoreFacts } from './store-facts';

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
  private readonly facts: StoreFacts;
  private readonly id = randomUUID();

  constructor(
    database: SqliteHandle,
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
    if (before && isOfThisFile && before.process && isAlive(before.process)) throw new CaptureOwnerError();
    if (!file) throw new Error('the database file is not there');
    const process = ownProcess();
    const owner: Owner = { id: this.id, file, ...(process ? { process } : {}) };
    this.facts.set(OWNER_FACT, JSON.stringify(owner));
    return isOfThisFile;
  }

  /** Inside a write unit. @throws CaptureOwnerError when another process has become the owner */
  check(): void {
    if (this.read()?.id !== this.id) throw new CaptureOwnerError();
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
