import Database from 'better-sqlite3';

/** The tables that history ends in. */
const TABLES = ['candles_1m', 'candles_1h', 'candles_1d', 'candle_revisions', 'coverage', 'coverage_days', 'symbols'];

/** Rows of a query on the database of a store, which may be in use. */
export function queryStore<T>(databasePath: string, sql: string): T[] {
  const database = new Database(databasePath, { readonly: true });
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}

/** Every row of every table of history, in the order of their keys. */
export function readTables(databasePath: string): Record<string, unknown[]> {
  return Object.fromEntries(TABLES.map((table) => [table, queryStore(databasePath, `SELECT * FROM ${table}`)]));
}
