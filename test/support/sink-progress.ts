import { eventually } from './app-process';
import { readTable } from './history-tables';
import type { KafkaBroker } from './kafka-broker';

interface ProgressRow {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: number | null;
}

/** Where a store stands: the next offset of each partition (`topic/partition`) that it has begun, as committed. */
export function sinkProgress(databasePath: string): Map<string, number> {
  try {
    const rows = readTable<ProgressRow>(databasePath, 'sink_progress');
    return new Map(
      rows.flatMap(({ topic, partition, next_offset: next }) =>
        next === null ? [] : [[`${topic}/${partition}`, next]],
      ),
    );
  } catch {
    return new Map();
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
