import { existsSync } from 'node:fs';
import { StoreNotReadyError, type StoreReadiness } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { AmbiguousDatabaseError, databaseName } from '../database/database-name';
import { SCHEMA_VERSION } from '../database/schema';
import { handleOf, openReader, type SqliteHandle } from '../database/sqlite-connection';

/** What is said of a store whose database file is not there. */
export const NO_DATABASE = 'there is no database yet: nothing has been captured';

/** How often a store that is not there yet, or of an older schema, is looked for (real time). */
const REOPEN_EVERY_MS = 100;

/**
 * The reading half of the store: a read-only connection of its own. It may be opened before there is a file, or while
 * the file is of an older schema; it becomes ready by itself when the capture owner has made or migrated it.
 */
export class ReadStore {
  private source: DataSource | undefined;
  private reason = 'the database has not been opened yet';
  private timer: NodeJS.Timeout | undefined;
  private opening: Promise<void> | undefined;
  private readonly statements = new Map<string, Statement>();

  constructor(private readonly path: string) {}

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
    return this.source ? { ready: true, reason: '' } : { ready: false, reason: this.reason };
  }

  /** @throws StoreNotReadyError */
  get database(): SqliteHandle {
    return handleOf(this.connection);
  }

  /** @throws StoreNotReadyError */
  get connection(): DataSource {
    if (!this.source) throw new StoreNotReadyError(this.reason);
    return this.source;
  }

  /** Runs a synchronous read; a store that is not ready rejects. */
  read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(work());
    });
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
    clearInterval(this.timer);
    await this.opening;
    await this.source?.destroy();
    this.source = undefined;
    this.statements.clear();
  }

  private prepared(key: string, sql: string, prepare: (statement: Statement) => Statement): Statement {
    const { database } = this;
    let statement = this.statements.get(key);
    if (!statement) {
      statement = prepare(database.prepare(sql));
      this.statements.set(key, statement);
    }
    return statement;
  }

  private async tryOpen(): Promise<void> {
    if (!existsSync(this.path)) {
      this.reason = NO_DATABASE;
      return;
    }
    try {
      const source = await openReader(databaseName(this.path));
      if (hasSchema(handleOf(source))) {
        this.source = source;
        this.reason = '';
        return;
      }
      await source.destroy();
      this.reason = 'the database has an older schema: start the capturing process of this version, which migrates it';
    } catch (error) {
      this.reason = explain(error);
    }
  }
}

function hasSchema(database: SqliteHandle): boolean {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").get();
  return (
    table !== undefined && database.prepare('SELECT 1 FROM migrations WHERE name = ?').get(SCHEMA_VERSION) !== undefined
  );
}

function explain(error: unknown): string {
  if (error instanceof AmbiguousDatabaseError) return error.reason;
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_READONLY_DIRECTORY') {
    return 'the database cannot be opened: reading it needs write permission on its folder (for the shared-memory file)';
  }
  if (code.startsWith('SQLITE_BUSY')) return 'the database is locked';
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return 'the database file is damaged';
  return `the database cannot be opened (${code === '' ? 'unknown reason' : code})`;
}
