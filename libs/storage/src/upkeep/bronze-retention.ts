import { DAY, type Clock } from '@app/domain';
import { runArchiveUnit } from '../bronze/archive-unit';
import type { BronzeArchive } from '../bronze/bronze-archive';
import { MANIFEST } from '../bronze/fetch-manifest';
import { removedLine } from '../bronze/manifest-entry';
import type { WriteQueue } from '../database/write-queue';

/** Removes bronze files after their time; the manifest says which, for a rebuild cannot make their rows again. */
export class BronzeRetention {
  constructor(
    private readonly queue: WriteQueue,
    private readonly archive: BronzeArchive,
    private readonly topics: readonly string[],
    private readonly clock: Clock,
  ) {}

  /** Returns how many files were removed. Files with lines that are not in the tables yet stay. */
  async run(days: number, signal: AbortSignal): Promise<number> {
    const now = this.clock.now();
    let removed = 0;
    for (const { file, date, storedLength, foundLength } of this.archive.files(this.topics)) {
      if (signal.aborted) break;
      if (date + DAY + days * DAY > now || storedLength !== foundLength) continue;
      const isForgotten = await runArchiveUnit(this.queue, this.archive, () => {
        if (this.archive.storedLength(file) !== storedLength) return false;
        this.archive.appendRecord(MANIFEST, removedLine(file, now));
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
