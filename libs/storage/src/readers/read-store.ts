import { existsSync } from 'node:fs';
import { healthReason, StoreNotReadyError, type StoreReadiness } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import type { DatabaseUser, DatabaseWatch } from '../condition/database-watch';
import { examineSchema } from '../condition/examine-database';
import { ABOUT_TO_BE_OPENED, damaged, NOT_OPENED_YET, unavailable } from '../condition/faults';
import { handleOf, openReader, type SqliteHandle } from '../database/sqlite-connection';

/** What is said of a store whose database file is not there. */
export const NO_DATABASE = healthReason`there is no database yet: nothing has been captured`;

const OLDER_SCHEMA = new StoreNotReadyError(
  healthReason`the database has an older schema: start the capturing process of this version, which migrates it`,
  'older_schema',
);

/** How often a store that is not there yet, or of an older schema, is looked for (real time). */
const REOPEN_EVERY_MS = 100;

/**
 * The reading half of the store: a read-only connection of its own. It may be opened before there is a file, or while
 * the file is of an older schema; it becomes ready by itself when the capture owner has made or migrated it.
 */
export class ReadStore implements DatabaseUser {
  readonly session = undefined;
  private source: DataSource | undefined;
  private reason = NOT_OPENED_YET;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private opening: Promise<void> | undefined;
  private readonly statements = new Map<string, Statement>();

  constructor(private readonly watch: DatabaseWatch) {}

  /** Looks for the store once, and from then on by itself until it is ready. */
  async open(): Promise<void> {
    this.opening ??= this.tryOpen().finally(() => {
      this.opening = undefined;
    });
    await this.opening;
    if (!this.source && !this.timer) {
      this.timer = setInterval(() => void this.open(), REOPEN_EVERY_MS);
      this.timer.unref();
    } else if (this.source) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  readiness(): StoreReadiness {
    const found = this.watch.readiness();
    if (!found.ready || this.source) return found;
    return { ready: false, state: this.reason.state, reason: this.reason.reason };
  }

  /** @throws StoreNotReadyError */
  get database(): SqliteHandle {
    return handleOf(this.connection);
  }

  /** @throws StoreNotReadyError */
  get connection(): DataSource {
    const readiness = this.readiness();
    // Whoever is before this user in letting go of a database keeps its connection open for a while.
    if (this.source && readiness.ready) return this.source;
    const { reason, state } = readiness as StoreReadiness & { readonly ready: false };
    throw new StoreNotReadyError(reason, state);
  }

  /** Runs a read; a store that is not ready rejects, and what is found wrong with it meanwhile is its state. */
  async read<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.watch.met(error) ?? error;
    }
  }

  /** The same, with all that it reads in one state of the store. */
  readInOneState<T>(work: () => T): Promise<T> {
    return this.read(() => this.database.transaction(work)());
  }

  /** A prepared statement, prepared once. @throws StoreNotReadyError */
  statement<Parameters extends unknown[], Row>(sql: string): Statement<Parameters, Row> {
    return this.prepared(sql, sql, (statement) => statement) as unknown as Statement<Parameters, Row>;
  }

  /** The same with rows as arrays of their columns, which the driver makes in half the time. @throws StoreNotReadyError */
  rawStatement<Parameters extends unknown[], Values extends readonly unknown[]>(
    sql: string,
  ): Statement<Parameters, Values> {
    return this.prepared(`raw ${sql}`, sql, (statement) => statement.raw()) as unknown as Statement<Parameters, Values>;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.opening;
    await this.letGo();
    this.watch.left(this);
  }

  seenSession(): number {
    return this.database.pragma('user_version', { simple: true }) as number;
  }

  /** It writes nothing, so it has nothing to save. */
  save(): Promise<void> {
    return Promise.resolve();
  }

  /** Waits until the store can be opened again. */
  async abandon(): Promise<void> {
    await this.opening;
    await this.letGo();
    if (!this.isClosed) await this.open();
  }

  private prepared(key: string, sql: string, prepare: (statement: Statement) => Statement): Statement {
    const { database } = this;
    let statement = this.statements.get(key);
    if (!statement) {
      statement = this.watched(prepare(this.told(() => prepareIn(database, sql))));
      this.statements.set(key, statement);
    }
    return statement;
  }

  /** Wherever a statement is run, what it meets is said of the store. */
  private watched(statement: Statement): Statement {
    const [all, get] = [statement.all.bind(statement), statement.get.bind(statement)];
    statement.all = (...parameters) => this.told(() => all(...parameters));
    statement.get = (...parameters) => this.told(() => get(...parameters));
    return statement;
  }

  private told<T>(work: () => T): T {
    try {
      this.watch.assertWhole();
      return work();
    } catch (error) {
      throw this.watch.met(error) ?? error;
    }
  }

  private async tryOpen(): Promise<void> {
    try {
      const name = this.watch.admit();
      if (!existsSync(name)) {
        this.reason = new StoreNotReadyError(NO_DATABASE, 'absent');
        return;
      }
      const source = await openReader(name);
      try {
        if (examineSchema(handleOf(source)) === 'current') this.enter(source, name);
        else this.reason = OLDER_SCHEMA;
      } finally {
        if (this.source !== source) await source.destroy();
      }
    } catch (error) {
      const reason = this.reasonOf(error);
      this.reason = this.watch.readiness().ready ? reason : ABOUT_TO_BE_OPENED;
    }
  }

  private enter(source: DataSource, name: string): void {
    this.watch.entered(this, name);
    this.source = source;
  }

  private reasonOf(error: unknown): StoreNotReadyError {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new StoreNotReadyError(NO_DATABASE, 'absent');
    return (
      this.watch.met(error) ?? unavailable(healthReason`the database cannot be opened (${code ?? 'unknown reason'})`)
    );
  }

  /** Closes the connection; what is asked from now on is told why. */
  private async letGo(): Promise<void> {
    const { source } = this;
    this.source = undefined;
    this.statements.clear();
    await source?.destroy();
  }
}

/** What is asked never changes: a database that does not know its tables and columns has lost them. */
function prepareIn(database: SqliteHandle, sql: string): Statement {
  try {
    return database.prepare(sql);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'SQLITE_ERROR') throw error;
    throw damaged(`its schema is not that of this version (${(error as Error).message})`);
  }
}
