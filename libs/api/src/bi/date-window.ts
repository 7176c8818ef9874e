import {
  ceilTo,
  DAY,
  DEFAULT_DAYS,
  floorTo,
  formatBucketTime,
  formatDate,
  formatMillisTime,
  MAX_DAYS,
  RelativeTime,
  timeAt,
  type DailyTableQuery,
  type EpochMicros,
  type SpanReader,
  type TimeBound,
  type TimeRange,
} from '@app/domain';
import { invalidParameter, type ProblemError } from '@app/http';

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

/** A window of UTC dates, or of hours in a table that has a row for each. */
export interface DateWindow {
  readonly range: TimeRange;
  /** Names it in a file name: `30d`, `2026-01-01_2026-02-01` or `2026-01-01T06_2026-01-01T18`. */
  readonly label: string;
  /** Since when the bounds are where they are; undefined for one that does not move with time. */
  readonly startSince: EpochMicros | undefined;
  readonly endSince: EpochMicros | undefined;
}

const isDate = (time: EpochMicros): boolean => time % DAY === 0;

const bucketOf = ({ rowsPerDate }: TableSize): EpochMicros => DAY / rowsPerDate;

/** A bound in the words of who gave it: a date where it is one. */
const shown = (time: EpochMicros): string => (isDate(time) ? formatDate(time) : formatMillisTime(time));

const labelOf = (time: EpochMicros): string =>
  isDate(time) ? formatDate(time) : formatBucketTime(time).slice(0, '2026-01-01T06'.length);

function sinceOf(bound: TimeBound | undefined, now: EpochMicros, bucket: EpochMicros): EpochMicros | undefined {
  return bound instanceof RelativeTime ? bound.inBucketSince(now, bucket) : undefined;
}

/**
 * The window that a table is asked for: the last `days` dates including today, or whatever dates (hours) the range from
 * `start` to `end` (half-open) touches. Without `end` it reaches through today; without `start` it begins 90 dates before
 * `end`.
 * @throws ProblemError 400 when both ways are mixed, or the range is empty or reversed
 */
export function dateWindow(query: DailyTableQuery, now: EpochMicros, size: TableSize): DateWindow {
  const today = floorTo(now, DAY);
  const tomorrow = today + DAY;
  const { days, start, end } = query;
  if (days !== undefined && (start !== undefined || end !== undefined)) {
    throw invalidParameter('days', String(days), 'either days, or start and end, not both');
  }
  if (start === undefined && end === undefined) {
    const length = days ?? DEFAULT_DAYS;
    const range = { start: tomorrow - length * DAY, end: tomorrow };
    return { range, label: `${length}d`, startSince: today, endSince: today };
  }
  const bucket = bucketOf(size);
  const until = end === undefined ? tomorrow : timeAt(end, now);
  const to = ceilTo(until, bucket);
  const from = start === undefined ? Math.max(0, ceilTo(to, DAY) - DEFAULT_DAYS * DAY) : timeAt(start, now);
  if (from >= until) throw emptyWindow(query, from, until);
  const range = { start: floorTo(from, bucket), end: to };
  return {
    range,
    label: `${labelOf(range.start)}_${labelOf(range.end)}`,
    startSince: start === undefined ? sinceOf(end, now, DAY) : sinceOf(start, now, bucket),
    endSince: end === undefined ? today : sinceOf(end, now, bucket),
  };
}

/** Names the bound that was given: the other one may have been filled in. */
function emptyWindow({ start, end }: DailyTableQuery, from: EpochMicros, until: EpochMicros): ProblemError {
  const allowed = isDate(from) && isDate(until) ? 'a date' : 'a time';
  if (start === undefined) return invalidParameter('end', shown(until), `${allowed} after ${shown(from)}`);
  const filledIn = end === undefined ? ', where the window ends unless end is given' : '';
  const bound = end === undefined ? shown(until) : `end (${shown(until)})`;
  return invalidParameter('start', shown(from), `${allowed} before ${bound}${filledIn}`);
}

/** What a window holds of what is stored. */
export interface StoredWindow {
  readonly range: TimeRange;
  /** Most rows that it can have. */
  readonly rows: number;
  /** When it last left something out, or took something in, by moving on with time; 0 where it has done neither. */
  readonly movedAt: EpochMicros;
}

/**
 * The window cut to what is stored; how large a table may be is asked of what is left. Dates are counted only where the
 * spans of the symbols alone would be too large: there may be long holes in them.
 * @throws ProblemError 400 when it is too large
 */
export async function storedWindow(
  window: DateWindow,
  stored: SpanReader,
  symbols: readonly string[],
  size: TableSize,
): Promise<StoredWindow> {
  const { range: asked } = window;
  const spans = await stored.spans(symbols);
  const parts = spans
    .map(({ start, end }) => ({ start: Math.max(start, asked.start), end: Math.min(end, asked.end) }))
    .filter(({ start, end }) => start < end);
  const start = parts.reduce((first, part) => Math.min(first, part.start), asked.end);
  const range = { start, end: parts.reduce((last, part) => Math.max(last, part.end), start) };
  checkDates(range);
  const bucket = bucketOf(size);
  let rows = parts.reduce((sum, part) => sum + Math.ceil((part.end - part.start) / bucket), 0);
  if (rows > size.maxRows) {
    const mostDates = Math.floor(size.maxRows / size.rowsPerDate);
    rows = (await stored.countDates(symbols, range, mostDates)) * size.rowsPerDate;
    if (rows > size.maxRows) throw tooLarge(range, parts.length, size);
  }
  return { range, rows, movedAt: spans.reduce((newest, span) => Math.max(newest, movedOver(span, window)), 0) };
}

/** When a bound last moved over something that is stored; 0 for never. Bounds move as fast as time does. */
function movedOver(stored: TimeRange, { range, startSince, endSince }: DateWindow): EpochMicros {
  const over = (bound: EpochMicros, since: EpochMicros | undefined): EpochMicros =>
    since === undefined || bound <= stored.start ? 0 : since - Math.max(0, bound - stored.end);
  return Math.max(over(range.start, startSince), over(range.end, endSince));
}

const datesIn = ({ start, end }: TimeRange): number => (ceilTo(end, DAY) - floorTo(start, DAY)) / DAY;

function checkDates(range: TimeRange): void {
  const dates = datesIn(range);
  if (dates <= MAX_DAYS) return;
  const allowed = `a window of at most ${MAX_DAYS} dates; this one has ${dates}`;
  throw invalidParameter('start', formatDate(range.start), allowed);
}

function tooLarge(range: TimeRange, symbols: number, { buckets, rowsPerDate, maxRows }: TableSize): ProblemError {
  const fitting = Math.floor(maxRows / rowsPerDate / symbols);
  return invalidParameter(
    'symbols',
    `${symbols} symbols`,
    `symbols times ${buckets} of at most ${maxRows}: fewer symbols or a shorter window (${fitting} dates for ${symbols} symbols; this one has ${datesIn(range)})`,
  );
}
