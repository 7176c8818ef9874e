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

/** Most cells (symbols × dates) of one table. */
const MAX_ROWS = 500_000;

/** A window of UTC dates. */
export interface DateWindow {
  readonly range: TimeRange;
  /** Names it in a file name: `30d` or `2026-01-01_2026-02-01`. */
  readonly label: string;
  /** Whether it moves on with the date. */
  readonly relative: boolean;
}

function checked(start: EpochMicros, end: EpochMicros, symbols: number): void {
  if (start >= end) {
    throw invalidParameter('start', formatDate(start), `a date before end (${formatDate(end)})`);
  }
  const days = (end - start) / DAY;
  if (days > MAX_DAYS) {
    throw invalidParameter('start', formatDate(start), `a window of at most ${MAX_DAYS} dates; this one has ${days}`);
  }
  if (days * symbols > MAX_ROWS) {
    throw invalidParameter(
      'symbols',
      `${symbols} symbols`,
      `symbols times dates of at most ${MAX_ROWS}: fewer symbols or a shorter window`,
    );
  }
}

/**
 * The window that a daily table is asked for: the last `days` dates including today, or `start` to `end` (half-open).
 * Without `end` it reaches through today; without `start` it begins 90 days before `end`.
 * @throws ProblemError 400 when both ways are mixed, the window is empty, reversed, or too large
 */
export function dateWindow(query: DailyTableQuery, now: EpochMicros, symbols: number): DateWindow {
  const tomorrow = floorTo(now, DAY) + DAY;
  const { days, start, end } = query;
  if (days !== undefined && (start !== undefined || end !== undefined)) {
    throw invalidParameter('days', String(days), 'either days, or start and end, not both');
  }
  if (start === undefined && end === undefined) {
    const length = days ?? DEFAULT_DAYS;
    const range = { start: tomorrow - length * DAY, end: tomorrow };
    checked(range.start, range.end, symbols);
    return { range, label: `${length}d`, relative: true };
  }
  const to = end ?? tomorrow;
  const from = start ?? Math.max(0, to - DEFAULT_DAYS * DAY);
  checked(from, to, symbols);
  return {
    range: { start: from, end: to },
    label: `${formatDate(from)}_${formatDate(to)}`,
    relative: end === undefined,
  };
}
