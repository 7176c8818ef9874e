import {
  ArchiveError,
  DAY,
  formatDate,
  floorTo,
  MINUTE,
  subtractRanges,
  type DayOfMinutes,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { rowDetail, timelessRowDetail, type BrokenRow } from '../mappers/broken-row';
import { conflictOf, isBroken, sameCandle } from '../mappers/kline.mapper';
import type { FileRow } from './kline-csv.parser';

/** Minutes in a UTC day. */
const MOST_ROWS = DAY / MINUTE;

type TimedRow = FileRow & { readonly openTime: EpochMicros };

/** A day that is being collected. */
class OpenDay {
  readonly range: TimeRange;
  private readonly candles: MinuteCandle[] = [];
  private readonly leftOut: LeftOutMinutes[] = [];
  /** Ranges of rows that do not say when they open: of those minutes in them that have no other row. */
  private readonly timeless: LeftOutMinutes[] = [];
  private lastMinute = -Infinity;
  private isInOrder = true;
  private rows = 0;
  duplicates = 0;

  constructor(openTime: EpochMicros) {
    const start = floorTo(openTime, DAY);
    this.range = { start, end: start + DAY };
  }

  /** Distinct rows so far. */
  get size(): number {
    return this.rows;
  }

  put(row: TimedRow): void {
    const start = floorTo(row.openTime, MINUTE);
    const isNext = start > this.lastMinute;
    const known = isNext ? undefined : this.candles.findIndex(({ openTime }) => floorTo(openTime, MINUTE) === start);
    const candle = known === undefined ? undefined : this.candles[known];
    if (candle && !isBroken(row) && sameCandle(candle, row)) {
      this.duplicates += 1;
      return;
    }
    this.rows += 1;
    const range = { start, end: start + MINUTE };
    if (candle) {
      this.candles.splice(known ?? 0, 1);
      this.leftOut.push({ ...range, reason: 'conflicting', detail: conflictOf(candle, row) });
    } else if (!isNext && this.leftOut.some((left) => left.start === start && left.end > start)) {
      return;
    } else if (isBroken(row)) {
      this.leftOut.push({ ...range, reason: 'broken', detail: rowDetail(row.openTime, row.fault) });
    } else {
      this.candles.push(row);
      this.isInOrder &&= isNext;
    }
    this.lastMinute = Math.max(this.lastMinute, start);
  }

  /** A row that is of no minute of this day. */
  stray(openTime: EpochMicros, fault: string): void {
    const minute = floorTo(openTime, MINUTE);
    this.leftOut.push({ start: minute, end: minute, reason: 'broken', detail: rowDetail(openTime, fault) });
  }

  /** Rows that do not say when they open, between two times of the day. */
  between(start: EpochMicros, end: EpochMicros, details: readonly string[]): void {
    const from = Math.max(start, this.range.start);
    const to = Math.max(from, Math.min(end, this.range.end));
    for (const detail of details) this.timeless.push({ start: from, end: to, reason: 'broken', detail });
  }

  close(): DayOfMinutes {
    if (!this.isInOrder) this.candles.sort((a, b) => a.openTime - b.openTime);
    const minutes = this.candles.map(({ openTime }) => floorTo(openTime, MINUTE));
    let taken: TimeRange[] = [];
    if (this.timeless.length > 0) taken = minutes.map((start) => ({ start, end: start + MINUTE }));
    const leftOut = [...this.leftOut];
    for (const { start, end, ...row } of this.timeless) {
      const free = subtractRanges([{ start, end }], [...taken, ...leftOut]);
      for (const range of free.length > 0 ? free : [{ start, end: start }]) leftOut.push({ ...range, ...row });
    }
    leftOut.sort((a, b) => a.start - b.start);
    return { range: this.range, candles: this.candles, leftOut };
  }
}

/**
 * Sorts the rows of a file into UTC days as they come, and holds no more than one day. Days ascend; a row that stands in
 * the day already is passed over when its numbers are the same (files have had rows three times). When they are not, its
 * minute is left out, for nothing tells which of the two is right; so is one whose row breaks the contract.
 */
export class DayCollector {
  duplicates = 0;
  /** Rows that were accepted. */
  accepted = 0;
  /** What was wrong with the first row that was left out. */
  firstFault: string | undefined;
  private day: OpenDay | undefined;
  private previous: EpochMicros | undefined;
  private timeless: BrokenRow[] = [];

  constructor(
    private readonly file: string,
    /** Where all rows belong, if that is known. */
    private readonly range: TimeRange | undefined,
  ) {}

  /** The days that these rows complete. @throws ArchiveError for a file of something else than minutes */
  add(rows: readonly FileRow[]): DayOfMinutes[] {
    const complete: DayOfMinutes[] = [];
    for (const row of rows) {
      if (row.openTime === undefined) {
        this.timeless.push(row as BrokenRow);
        continue;
      }
      const timed = row as TimedRow;
      if (this.day && timed.openTime >= this.day.range.end) complete.push(this.close(this.day));
      this.day ??= new OpenDay(timed.openTime);
      if (this.timeless.length > 0) this.placeTimeless(this.day, timed.openTime);
      this.put(this.day, timed);
      this.previous = timed.openTime;
    }
    return complete;
  }

  /** The last day, where there is one. */
  end(): DayOfMinutes[] {
    if (this.day) return [this.close(this.day)];
    this.firstFault = this.timelessDetails()[0];
    return [];
  }

  private put(day: OpenDay, row: TimedRow): void {
    const { openTime } = row;
    if (openTime < day.range.start) {
      day.stray(openTime, 'it comes after rows of a later day');
    } else if (this.range && (openTime < this.range.start || openTime >= this.range.end)) {
      day.stray(openTime, 'it does not belong into this file');
    } else {
      day.put(row);
      if (day.size <= MOST_ROWS) return;
      const date = formatDate(day.range.start);
      throw new ArchiveError('unsupported', `${this.file}: more than ${MOST_ROWS} rows on ${date}: not minutes`);
    }
  }

  private close(day: OpenDay): DayOfMinutes {
    if (this.timeless.length > 0) this.placeTimeless(day, undefined);
    this.day = undefined;
    const closed = day.close();
    this.duplicates += day.duplicates;
    this.accepted += closed.candles.length;
    this.firstFault ??= closed.leftOut[0]?.detail;
    return closed;
  }

  /** Between the rows around them; at an end, as many minutes as there are rows. */
  private placeTimeless(day: OpenDay, next: EpochMicros | undefined): void {
    const length = this.timeless.length * MINUTE;
    const end = next === undefined ? undefined : floorTo(next, MINUTE);
    const start = this.previous === undefined ? (end ?? 0) - length : floorTo(this.previous, MINUTE) + MINUTE;
    day.between(start, end ?? start + length, this.timelessDetails());
    this.timeless = [];
  }

  private timelessDetails(): string[] {
    return this.timeless.map(({ fault }) => timelessRowDetail(this.previous, fault));
  }
}
