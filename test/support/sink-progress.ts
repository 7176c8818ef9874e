import Database from 'better-sqlite3';
import { eventually } from './app-process';
import type { KafkaBroker } from './kafka-broker';

/** Where a store stands: the next offset of each partition (`topic/partition`) that it has begun, as committed. */
export function sinkProgress(databasePath: string): Map<string, number> {
  let database: Database.Database | undefined;
  try {
    database = new Database(databasePath, { readonly: true, fileMustExist: true });
    const rows = database
      .prepare<[], { target: string; next: number }>(
        `SELECT topic || '/' || partition AS target, next_offset AS next FROM sink_progress WHERE next_offset IS NOT NULL`,
      )
      .all();
    return new Map(rows.map(({ target, next }) => [target, next]));
  } catch {
    return new Map();
  } finally {
    database?.close();
  }
}

/**
 * Waits until a store has passed the ends of all partitions of these topics. Lines in bronze would say it too early: they
 * are there before the transaction that accounts for them ends.
 */
export async function everythingTaken(
  broker: KafkaBroker,
  databasePath: string,
  topics: readonly string[],
  limitMs?: number,
): Promise<void> {
  await eventually(
    `everything in ${topics.join(' and ')} is taken`,
    async () => {
      const progress = sinkProgress(databasePath);
      for (const topic of topics) {
        for (const { partition, low, high } of await broker.endsOf(topic)) {
          if (low !== high && (progress.get(`${topic}/${partition}`) ?? 0) < Number(high)) return undefined;
        }
      }
      return true;
    },
    limitMs,
    200,
  );
}
