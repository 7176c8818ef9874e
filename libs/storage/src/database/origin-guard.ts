import type { ArchiveIdentity } from '@app/bronze';
import { OriginMismatchError } from '@app/domain';
import type { SqliteHandle } from './sqlite-connection';
import { ORIGIN_FACT, StoreFacts } from './store-facts';

/** Lets only data of one origin into database and bronze folder: the first to write decides. Inside write units only. */
export class OriginGuard {
  private readonly facts: StoreFacts;

  constructor(
    database: SqliteHandle,
    private readonly archive: ArchiveIdentity,
  ) {
    this.facts = new StoreFacts(database);
  }

  /** @throws OriginMismatchError when database or folder hold data of another origin */
  claim(origin: string): void {
    const stored = this.facts.get(ORIGIN_FACT);
    if (stored !== undefined && stored !== origin) throw new OriginMismatchError('STORAGE_PATH', stored, origin);
    this.archive.claim(origin);
    if (stored === undefined) this.facts.set(ORIGIN_FACT, origin);
  }

  /**
   * Gives the database the origin of the folder whose lines it is about to take up; a folder that has none yet says
   * nothing. @throws OriginMismatchError when the two do not belong together
   */
  claimForFolder(): void {
    if (this.archive.origin !== undefined) this.claim(this.archive.origin);
  }
}
