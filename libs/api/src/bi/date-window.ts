import {
  DAY,
  DEFAULT_DAYS,
  floorTo,
  formatDate,
  MAX_DAYS,
  type DailyTableQuery,
  type EpochMicros,
  type TimeRange,
} from '@app/domain';
import { invalidParameter } from '@app/http';

/** How large a table may become: it is built and kept in one buffer. */
export interface TableSize {
  /** What a row is made of, in the plural. */
  readonly buckets: string;
  readonly rowsPerDate: number;
  readonly maxRows: number;
}

export const DAILY_ROWS: TableSize = { buckets: 'dates', rowsPerDate: 1, maxRows: 500_000 };
/** One symbol over the longest window fits. Rows of hours are longer, and other requests wait while they are written. */
export const HOURLY_ROWS: TableSize = { buckets: 'hours', rowsPerDate: 24, maxRows: 100_000 };

/** A window of UTC dates. */
export interface DateWindow {
  readonly range: TimeRange;
  /** Names it in a file name: `30d` or `2026-01-01_2026-02-01`. */
  readonly label: string;
  /** Whether it moves on with the date. */
  readonly relative: boolean;
}

function checked(start: EpochMicros, end: EpochMicros, symbols: number, size: TableSize): void {
  if (start >= end) {
    throw invalidParameter('start', formatDate(start), `a date before end (${formatDate(end)})`);
  }
  const days = (end - start) / DAY;
  if (days > MAX_DAYS) {
    throw invalidParameter('start', formatDate(start), `a window of at most ${MAX_DAYS} dates; this one has ${days}`);
  }
  const { buckets, rowsPerDate, maxRows } = size;
  if (days * rowsPerDate * symbols > maxRows) {
    const fitting = Math.floor(maxRows / rowsPerDate / symbols);
    throw invalidParameter(
      'symbols',
      `${symbols} symbols`,
      `symbols times ${buckets} of at most ${maxRows}: fewer symbols or a shorter window (${fitting} dates for ${symbols} symbols; this one has ${days})`,
    );
  }
}

/**
 * The window that a table is asked for: the last `days` dates including today, or `start` to `end` (half-open).
 * Without `end` it reaches through today; without `start` it begins 90 days before `end`.
 * @throws ProblemError 400 when both ways are mixed, the window is empty, reversed, or too large
 */
export function dateWindow(query: DailyTableQuery, now: EpochMicros, symbols: number, size: TableSize): DateWindow {
  const tomorrow = floorTo(now, DAY) + DAY;
  const { days, start, end } = query;
  if (days !== undefined && (start !== undefined || end !== undefined)) {
    throw invalidParameter('days', String(days), 'either days, or start and end, not both');
  }
  if (start === undefined && end === undefined) {
    const length = days ?? DEFAULT_DAYS;
    const range = { start: tomorrow - length * DAY, end: tomorrow };
    checked(range.start, range.end, symbols, size);
    return { range, label: `${length}d`, relative: true };
  }
  const to = end ?? tomorrow;
  const from = start ?? Math.max(0, to - DEFAULT_DAYS * DAY);
  checked(from, to, symbols, size);
  return {
    range: { start: from, end: to },
    label: `${formatDate(from)}_${formatDate(to)}`,
    relative: end === undefined,
  };
}
