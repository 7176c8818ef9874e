import { dailyMetricsUnit, METRICS_VERSION, MonthsBefore, runUnit, type Rows } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { METRICS_VERSION_FACT, type StoreFacts } from '../database/store-facts';
import type { WriteQueue } from '../database/write-queue';

const ALL_TIME = { start: 0, end: Number.MAX_SAFE_INTEGER };

/**
 * Makes the metrics of all days anew where the store's were made by other formulas, or by none: a store of an earlier
 * release. One unit for each symbol; a process that dies on the way begins again at its next start.
 */
export async function bringDailyMetricsUpToDate(
  queue: WriteQueue,
  database: SqliteHandle,
  rows: Rows,
  facts: StoreFacts,
): Promise<void> {
  if (facts.get(METRICS_VERSION_FACT) === METRICS_VERSION) return;
  const symbols = database.prepare<[], { symbol: string }>('SELECT symbol FROM symbols ORDER BY symbol').all();
  for (const { symbol } of symbols) {
    await queue.run(
      () => {
        runUnit(rows, dailyMetricsUnit([{ symbol, dates: ALL_TIME }], new MonthsBefore()));
      },
      { durability: 'normal' },
    );
  }
  await queue.run(() => {
    facts.set(METRICS_VERSION_FACT, METRICS_VERSION);
  });
}
