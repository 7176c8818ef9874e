import { OriginMismatchError } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { ArchiveIdentity } from '../bronze/archive-identity';
import type { SqliteHandle } from './sqlite-connection';

export const ORIGIN_FACT = 'origin';

/** Lets only data of one origin into database and bronze folder: the first to write decides. Inside write units only. */
export class OriginGuard {
  private readonly select: Statement<[string], { value: string }>;
  private readonly insert: Statement<[string, string]>;

  constructor(
    database: SqliteHandle,
    private readonly archive: ArchiveIdentity,
  ) {
    this.select = database.prepare('SELECT value FROM store_facts WHERE name = ?');
    this.insert = database.prepare('INSERT INTO store_facts (name, value) VALUES (?, ?)');
  }

  /** @throws OriginMismatchError when database or folder hold data of another origin */
  claim(origin: string): void {
    const stored = this.select.get(ORIGIN_FACT)?.value;
    if (stored !== undefined && stored !== origin) throw new OriginMismatchError('STORAGE_PATH', stored, origin);
    this.archive.claim(origin);
    if (stored === undefined) this.insert.run(ORIGIN_FACT, origin);
  }
}
