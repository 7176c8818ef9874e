import { DAY, type Clock } from '@app/domain';
import type { BronzeArchive } from './bronze-archive';
import type { BronzeReaders } from './bronze-readers.port';
import type { BronzeUnits } from './bronze-units.port';
import { removedLine } from './manifest-entry';

/** Removes bronze files after their time; the manifest says which, for a rebuild cannot make their rows again. */
export class BronzeRetention {
  constructor(
    private readonly units: BronzeUnits,
    private readonly archive: BronzeArchive,
    private readonly topics: readonly string[],
    private readonly clock: Clock,
    private readonly readers: BronzeReaders,
  ) {}

  /** Returns how many files were removed: none while a backup reads them. Files with lines that are not in the tables yet stay. */
  async run(days: number, signal: AbortSignal): Promise<number> {
    const now = this.clock.now();
    let removed = 0;
    for (const { file, date, storedLength, foundLength } of this.archive.files(this.topics)) {
      if (signal.aborted) break;
      if (date + DAY + days * DAY > now || storedLength !== foundLength) continue;
      const isForgotten = await this.units.append((bronze) => {
        if (this.readers.areAtWork() || this.archive.storedLength(file) !== storedLength) return false;
        bronze.appendToManifest(removedLine(file, now));
        this.archive.forget(file);
        return true;
      });
      if (!isForgotten) continue;
      this.archive.remove(file);
      removed += 1;
    }
    return removed;
  }
}
