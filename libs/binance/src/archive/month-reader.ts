import type { ArchiveDay, DayOfMinutes, DaySieve, EpochMicros, KlineFile } from '@app/domain';
import { RowsDigest } from './rows-digest';

/** A verified file on disk, and when it had been received. */
export interface FetchedFile {
  readonly file: KlineFile;
  readonly fetchedAt: EpochMicros;
  readonly origin: string;
}

/** Reads the days of a monthly file one by one, ascending, in one pass over the file. */
export class MonthReader {
  private readonly days: AsyncGenerator<DayOfMinutes, unknown>;
  private current: DayOfMinutes | undefined;
  private askedLast = -Infinity;

  constructor(private readonly fetched: FetchedFile) {
    this.days = fetched.file.days();
  }

  /** Whether a later day has been asked for: then the file has to be opened again. */
  isPast(date: EpochMicros): boolean {
    return date < this.askedLast;
  }

  /** The day that begins at `date`, as the sieve leaves it; undefined when the file has no row of it. @throws ArchiveError */
  async read(date: EpochMicros, sieve: DaySieve = (day) => day): Promise<ArchiveDay | undefined> {
    this.askedLast = date;
    while (this.current === undefined || this.current.range.end <= date) {
      const step = await this.days.next();
      if (step.done === true) return undefined;
      this.current = step.value;
    }
    return this.current.range.start === date ? this.toArchiveDay(await sieve(this.current)) : undefined;
  }

  async close(): Promise<void> {
    await this.days.return(undefined);
  }

  private toArchiveDay(day: DayOfMinutes): ArchiveDay {
    const { file, fetchedAt, origin } = this.fetched;
    const digest = new RowsDigest();
    digest.add(day);
    const duplicates = 0;
    const { rowsSha256 } = digest.end(duplicates);
    return { ...day, file: file.facts, rowsSha256, duplicates, origin, fetchedAt };
  }
}
