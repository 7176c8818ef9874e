import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';

/** The tables that history ends in. */
const TABLES = [
  'candles_1m',
  'candles_1h',
  'candles_1d',
  'candle_revisions',
  'candle_repeats',
  'daily_metrics',
  'coverage',
  'coverage_days',
  'stop_notes',
  'first_revisions',
  'symbols',
  'symbol_assets',
];

/**
 * The tables of a store as they are in its file, for what no port tells: that nothing at all was changed, or that all of it
 * is there which lies behind what is served. The store may be in use.
 */
export class HistoryTables {
  private readonly database: Database.Database;

  constructor(databasePath: string) {
    this.database = new Database(databasePath, { readonly: true, fileMustExist: true });
  }

  /** By name. */
  get names(): string[] {
    return this.database
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all();
  }

  /** Every row of a table, its columns by their names, in the order of the table's key. */
  rows<Row = Record<string, unknown>>(table: string): Row[] {
    return this.database.prepare<[], Row>(`SELECT * FROM "${table}"`).all();
  }

  /** What SQLite finds wrong with the file itself. */
  problems(): string[] {
    const answers = this.database.prepare<[], string>('PRAGMA integrity_check').pluck().all();
    return answers.filter((answer) => answer !== 'ok');
  }

  close(): void {
    this.database.close();
  }
}

/** Reads the tables of a store. */
export function inTables<T>(databasePath: string, read: (tables: HistoryTables) => T): T {
  const tables = new HistoryTables(databasePath);
  try {
    return read(tables);
  } finally {
    tables.close();
  }
}

/** Every row of a table. */
export function readTable<Row = Record<string, unknown>>(databasePath: string, table: string): Row[] {
  return inTables(databasePath, (tables) => tables.rows<Row>(table));
}

/** The rows of a query, as any SQLite tool finds them. */
export function queryTables<Row>(databasePath: string, sql: string, ...values: unknown[]): Row[] {
  const database = new Database(databasePath, { readonly: true, fileMustExist: true });
  try {
    return database.prepare(sql).all(...values) as Row[];
  } finally {
    database.close();
  }
}

/** Every row of every table of history. */
export function readTables(databasePath: string): Record<string, unknown[]> {
  return inTables(databasePath, (tables) => Object.fromEntries(TABLES.map((table) => [table, tables.rows(table)])));
}

/** Hash over every row of every table of history: the same for stores that hold the same. */
export function tablesHash(databasePath: string): string {
  return createHash('sha256')
    .update(JSON.stringify(readTables(databasePath)))
    .digest('hex');
}

/** Runs a statement behind the back of whoever keeps the store, as somebody with a tool might. */
export function tamperWith(databasePath: string, sql: string, ...values: unknown[]): void {
  // Who writes may keep the file for a while.
  const database = new Database(databasePath, { fileMustExist: true, timeout: 60_000 });
  try {
    database.prepare(sql).run(...values);
  } finally {
    database.close();
  }
}

/** Tells of a change in the history, as every write unit does. */
export function tellOfChange(databasePath: string): void {
  tamperWith(
    databasePath,
    `INSERT INTO feeds (name, next_position) VALUES ('history', 1)
     ON CONFLICT (name) DO UPDATE SET next_position = next_position + 1`,
  );
}
