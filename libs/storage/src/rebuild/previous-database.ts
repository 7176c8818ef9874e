import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatMillisTime, StoreNotReadyError, type Clock } from '@app/domain';
import { flushFolder } from '@app/files';
import { KEPT_TABLES } from '@app/history';
import Database from 'better-sqlite3';
import { examineDatabase } from '../condition/examine-database';
import { isDamage, whatIsWrong } from '../condition/faults';
import type { SqliteHandle } from '../database/sqlite-connection';

/** What stands between a database and its being replaced: another process that has it open. */
export class StoreInUseError extends Error {
  readonly code = 'STORE.IN_USE';

  constructor() {
    super('another process has the database open (an API, a consumer, or a capturing process); stop it first');
    this.name = 'StoreInUseError';
  }
}

/** An older database has no number of messages: what it tells of lacks all of its span. */
const COUNT_LOST_MESSAGES = 'UPDATE topic_losses SET messages = to_offset - from_offset WHERE messages = 0';

/** What the old database is called while it is attached to the new one. */
export const PREVIOUS_SCHEMA = 'previous';

const SIDE_FILES = ['-wal', '-shm'] as const;

/** The database that is to be replaced; it may be lost or damaged. */
export class PreviousDatabase {
  private constructor(
    private readonly path: string,
    /** Whether there is a file. */
    readonly exists: boolean,
    /** Why it cannot be read; empty when it can. */
    private damage: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Brings everything that was committed into the one file, which only works while nobody else has it open.
   *
   * @throws StoreInUseError, and StoreNotReadyError for a database of a later version, which knows more than this one can
   * take over
   */
  static examine(path: string, rawDir: string, clock: Clock): PreviousDatabase {
    if (!existsSync(path)) return new PreviousDatabase(path, false, '', clock);
    let database: SqliteHandle | undefined;
    try {
      examineDatabase(path, rawDir);
      database = new Database(path, { fileMustExist: true, timeout: 0 });
      database.pragma('journal_mode = DELETE');
      return new PreviousDatabase(path, true, '', clock);
    } catch (error) {
      if (error instanceof StoreNotReadyError && error.state === 'newer_schema') throw error;
      const code = (error as { code?: string }).code ?? '';
      if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) throw new StoreInUseError();
      return new PreviousDatabase(path, true, whatIsWrong(error), clock);
    } finally {
      database?.close();
    }
  }

  /** Why nothing of it can be taken over; undefined where that is done. */
  get unreadable(): string | undefined {
    if (!this.exists) return 'there was no old database';
    return this.damage === '' ? undefined : `the old database is not readable: ${this.damage}`;
  }

  /** Runs the work on the old database, attached to the new one as {@link PREVIOUS_SCHEMA}; not at all where there is none. */
  attachedTo<T>(database: SqliteHandle, work: () => T): T | undefined {
    if (this.unreadable !== undefined) return undefined;
    database.prepare(`ATTACH ? AS ${PREVIOUS_SCHEMA}`).run(this.path);
    try {
      return work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Only now was the part read that is damaged.
      this.damage = whatIsWrong(error);
      return undefined;
    } finally {
      database.exec(`DETACH ${PREVIOUS_SCHEMA}`);
    }
  }

  /** Takes over what only the old database knows, as far as its schema has it. */
  copyTo(database: SqliteHandle): void {
    this.copy(database, KEPT_TABLES, () => database.exec(COUNT_LOST_MESSAGES));
  }

  /** Takes over once more what may have changed since. */
  copyAgainTo(database: SqliteHandle): void {
    this.copy(
      database,
      KEPT_TABLES.filter(({ isCopiedAgain }) => isCopiedAgain),
    );
  }

  /**
   * Puts a closed database into its place in one step. What could not be read is kept under another name: it may be
   * somebody else's, or have something in it. Returns that name.
   */
  replaceBy(path: string): string | undefined {
    const kept = this.exists && this.damage !== '' ? this.setAside() : undefined;
    // Of one that is there no more; the others were brought into the one file.
    for (const end of SIDE_FILES) rmSync(`${this.path}${end}`, { force: true });
    renameSync(path, this.path);
    flushFolder(dirname(this.path));
    return kept;
  }

  private copy(database: SqliteHandle, kept: typeof KEPT_TABLES, then: () => unknown = () => undefined): void {
    this.attachedTo(database, () => {
      const tables = database.prepare(`SELECT name FROM ${PREVIOUS_SCHEMA}.sqlite_master`).pluck().all();
      for (const table of kept) if (tables.includes(table.name)) copyTable(database, table);
      then();
    });
  }

  private setAside(): string {
    const time = formatMillisTime(this.clock.realNow()).replace(/[-:]|\.\d+/g, '');
    const kept = `${this.path}.damaged-${time}`;
    renameSync(this.path, kept);
    for (const end of SIDE_FILES)
      if (existsSync(`${this.path}${end}`)) renameSync(`${this.path}${end}`, `${kept}${end}`);
    return kept;
  }
}

function copyTable(database: SqliteHandle, { name, isCopiedAsAWhole }: (typeof KEPT_TABLES)[number]): void {
  if (isCopiedAsAWhole) database.exec(`DELETE FROM ${name}`);
  const columns = columnsOf(database, PREVIOUS_SCHEMA, name).join(', ');
  database.exec(`INSERT OR REPLACE INTO ${name} (${columns}) SELECT ${columns} FROM ${PREVIOUS_SCHEMA}.${name}`);
}

/** Removes a database with everything beside it. */
export function removeDatabase(path: string): void {
  for (const end of ['', ...SIDE_FILES]) rmSync(`${path}${end}`, { force: true });
}

/** Columns of a table in the order in which that database has them; an older one may have fewer. */
function columnsOf(database: SqliteHandle, schema: string, table: string): string[] {
  return database
    .prepare<[], { name: string }>(`PRAGMA ${schema}.table_info(${table})`)
    .all()
    .map(({ name }) => `"${name}"`);
}
