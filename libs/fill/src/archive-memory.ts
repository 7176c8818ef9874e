import {
  formatDate,
  GrowingPause,
  HOUR,
  MINUTE,
  type ArchiveError,
  type Clock,
  type EpochMicros,
  type KlineArchive,
} from '@app/domain';

/** A file that was not there, or was broken, is not asked for again for so long. */
const FILE_REST: EpochMicros = HOUR;
/** Files that are remembered: a year of a whole market. */
const MOST_FILES = 10_000;

/** What the archive need not be asked for at present, as REST has it too. Times are on the monotonic counter. */
export class ArchiveMemory {
  /** While the archive as a whole does not answer. */
  private readonly pause: GrowingPause;
  /** Files that could not be had, and until when they are left alone; the oldest first. */
  private readonly files = new Map<string, EpochMicros>();
  /** First date of which no file was there yet, and until when it and later ones are left alone. */
  private unpublished = { date: Infinity, until: -Infinity };
  /** Symbols of which neither the archive nor REST has anything where they were asked last. */
  private readonly barren = new Set<string>();

  constructor(
    private readonly archive: KlineArchive,
    private readonly clock: Clock,
  ) {
    this.pause = new GrowingPause(clock, MINUTE, { aligned: false });
  }

  mayHaveDay(symbol: string, date: EpochMicros): boolean {
    if (!this.archive.isEnabled || !this.pause.isOver || this.barren.has(symbol)) return false;
    const isLeftAlone = date >= this.unpublished.date && this.clock.monotonicNow() < this.unpublished.until;
    return !isLeftAlone && this.mayHave(dayKey(symbol, date));
  }

  mayHaveMonth(symbol: string, date: EpochMicros): boolean {
    return this.archive.monthlyFrom(date) <= this.clock.now() && this.mayHave(monthKey(symbol, date));
  }

  answered(): void {
    this.pause.succeeded();
  }

  /** Neither the daily file nor the monthly one was of use, for the reason given. */
  dayFailed(symbol: string, date: EpochMicros, { failure, retryAt }: ArchiveError): void {
    if (failure === 'unreachable' || retryAt !== undefined) {
      this.pause.failed(retryAt);
      return;
    }
    this.pause.succeeded();
    const now = this.clock.now();
    if (failure === 'not_found' && now < this.archive.dailyFrom(date)) {
      const isOver = this.clock.monotonicNow() >= this.unpublished.until;
      const first = isOver ? Infinity : this.unpublished.date;
      this.unpublished = { date: Math.min(first, date), until: this.clock.monotonicNow() + FILE_REST };
    }
    this.remember(dayKey(symbol, date));
    if (failure === 'not_found') this.barren.add(symbol);
  }

  monthFailed(symbol: string, date: EpochMicros): void {
    this.remember(monthKey(symbol, date));
  }

  /** REST has rows of the symbol: the archive may have those after them. */
  restHasRows(symbol: string): void {
    this.barren.delete(symbol);
  }

  private mayHave(file: string): boolean {
    return (this.files.get(file) ?? -Infinity) <= this.clock.monotonicNow();
  }

  private remember(file: string): void {
    const counter = this.clock.monotonicNow();
    for (const [known, until] of this.files) {
      if (until > counter && this.files.size < MOST_FILES) break;
      this.files.delete(known);
    }
    this.files.delete(file);
    this.files.set(file, counter + FILE_REST);
  }
}

function dayKey(symbol: string, date: EpochMicros): string {
  return `${symbol} ${formatDate(date)}`;
}

function monthKey(symbol: string, date: EpochMicros): string {
  return `${symbol} ${formatDate(date).slice(0, 'YYYY-MM'.length)}`;
}
