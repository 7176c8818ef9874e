import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SystemClock } from '@app/clock';
import { topicNames, type Clock } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';

/** The tables that history ends in. */
const TABLES = ['candles_1m', 'candles_1h', 'candles_1d', 'candle_revisions', 'coverage', 'coverage_days', 'symbols'];

/** A store in a folder, with what a test wants to know of it. */
export class StoreInFolder {
  private constructor(
    readonly store: WriteStore,
    private readonly folder: string,
  ) {}

  static async open(folder: string, clock: Clock = new SystemClock()): Promise<StoreInFolder> {
    const store = await WriteStore.open({
      databasePath: join(folder, 'app.db'),
      rawDir: join(folder, 'raw'),
      topics: topicNames('crypto_prices'),
      clock,
      logger: createLogger('warn', 'test'),
      metrics: new MetricsRegistry(),
    });
    return new StoreInFolder(store, folder);
  }

  rows<T>(sql: string, ...values: readonly (string | number)[]): T[] {
    const database = new Database(join(this.folder, 'app.db'), { readonly: true });
    try {
      return database.prepare(sql).all(...values) as T[];
    } finally {
      database.close();
    }
  }

  /** Every row of every table of history, in the order of their keys. */
  tables(): Record<string, unknown[]> {
    return Object.fromEntries(TABLES.map((table) => [table, this.rows(`SELECT * FROM ${table}`)]));
  }

  /** Lines of the bronze manifest. */
  manifest(): Record<string, unknown>[] {
    return readFileSync(join(this.folder, 'raw', 'fetches.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
