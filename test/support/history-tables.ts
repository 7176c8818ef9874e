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

/** Every row of every table of history, in the order of their keys; the store may be in use. */
export function readTables(databasePath: string): Record<string, unknown[]> {
  const database = new Database(databasePath, { readonly: true });
  try {
    return Object.fromEntries(TABLES.map((table) => [table, database.prepare(`SELECT * FROM ${table}`).all()]));
  } finally {
    database.close();
  }
}

/** Hash over every row of every table of history: the same for stores that hold the same. */
export function tablesHash(databasePath: string): string {
  return createHash('sha256')
    .update(JSON.stringify(readTables(databasePath)))
    .digest('hex');
}
