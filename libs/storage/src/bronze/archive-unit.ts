import type { WriteOptions, WriteQueue, WriteUnit } from '../database/write-queue';
import type { BronzeArchive } from './bronze-archive';

/**
 * Runs a write unit that may append to bronze. The archive's unit begins before anything can fail, so that what is taken
 * back after a failure is this unit's, and never lines of the one before or of another process.
 */
export function runArchiveUnit<T>(
  queue: WriteQueue,
  archive: BronzeArchive,
  unit: WriteUnit<T>,
  options: Pick<WriteOptions, 'durability'> = {},
): Promise<T> {
  return queue.run(
    (database) => {
      archive.beginUnit();
      return unit(database);
    },
    {
      ...options,
      undo: () => {
        archive.undo();
      },
      // At once: a process that ends would leave lines behind the stored length, and the next one would take them for events.
      undoLate: () => {
        archive.beginUnit();
      },
    },
  );
}
