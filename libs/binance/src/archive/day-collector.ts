import {
  ArchiveError,
  DAY,
  formatBucketTime,
  formatDate,
  floorTo,
  MINUTE,
  type DayOfMinutes,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { sameCandle } from '../mappers/kline.mapper';

/** Minutes in a UTC day. */
const MOST_ROWS = DAY / MINUTE;

/**
 * Sorts the rows of a file into UTC days as they come, and holds no more than one day. Rows ascend; one that stands in
 * the day already is passed over when its numbers are the same (files have had rows three times), and spoils the file
 * when they are not, for nothing tells which of the two is right.
 */
export class DayCollector {
  duplicates = 0;
  private day:
    { readonly range: TimeRange; readonly candles: MinuteCandle[]; readonly leftOut: LeftOutMinutes[] } | undefined;

  constructor(
    private readonly file: string,
    /** Where all rows belong, if that is known. */
    private readonly range: TimeRange | undefined,
  ) {}

  /** The days that these rows complete. @throws ArchiveError */
  add(rows: readonly MinuteCandle[]): DayOfMinutes[] {
    const complete: DayOfMinutes[] = [];
    for (const row of rows) {
      const previous = this.day?.candles.at(-1);
      if (this.day && previous && row.openTime < this.day.range.end) {
        if (row.openTime > previous.openTime) this.append(this.day.candles, row);
        else this.passOver(this.day.candles, row);
        continue;
      }
      if (this.day) complete.push(this.day);
      const start = floorTo(row.openTime, DAY);
      this.day = { range: { start, end: start + DAY }, candles: [], leftOut: [] };
      this.append(this.day.candles, row);
    }
    return complete;
  }

  /** The last day, where there is one. */
  end(): DayOfMinutes[] {
    return this.day ? [this.day] : [];
  }

  private append(candles: MinuteCandle[], row: MinuteCandle): void {
    if (this.range && (row.openTime < this.range.start || row.openTime >= this.range.end)) {
      throw this.malformed(row, 'does not belong into this file');
    }
    if (row.closeTime >= row.openTime + MINUTE) {
      throw new ArchiveError('unsupported', `${this.file}: the row of ${at(row)} is longer than a minute`);
    }
    if (candles.length === MOST_ROWS) {
      const date = formatDate(row.openTime);
      throw new ArchiveError('unsupported', `${this.file}: more than ${MOST_ROWS} rows on ${date}: not minutes`);
    }
    candles.push(row);
  }

  private passOver(candles: readonly MinuteCandle[], row: MinuteCandle): void {
    const known = candles.findLast(({ openTime }) => openTime === row.openTime);
    if (known === undefined) throw this.malformed(row, 'comes after a later one');
    if (!sameCandle(known, row)) throw this.malformed(row, 'is there twice, with different numbers');
    this.duplicates += 1;
  }

  private malformed(row: MinuteCandle, what: string): ArchiveError {
    return new ArchiveError('malformed', `${this.file}: the row of ${at(row)} ${what}`);
  }
}

function at({ openTime }: MinuteCandle): string {
  return formatBucketTime(openTime);
}
