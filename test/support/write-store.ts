import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@app/clock';
import { topicNames, type Clock } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WriteStore } from '@app/storage';
import { queryStore, readTables } from './history-tables';

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

  rows<T>(sql: string): T[] {
    return queryStore<T>(join(this.folder, 'app.db'), sql);
  }

  /** Every row of every table of history, in the order of their keys. */
  tables(): Record<string, unknown[]> {
    return readTables(join(this.folder, 'app.db'));
  }

  /** Lines of the bronze manifest. */
  manifest(): Record<string, unknown>[] {
    return readFileSync(join(this.folder, 'raw', 'fetches.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
