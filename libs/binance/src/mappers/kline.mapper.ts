import {
  floorTo,
  formatMillisTime,
  sameCandleNumbers,
  subtractRanges,
  type EpochMicros,
  type LeftOutMinutes,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import { MalformedAnswerError } from '../malformed-answer.error';
import { faultOf, rowDetail, timelessRowDetail, type BrokenRow } from './broken-row';
import { readKlineRow, type KLINE_COLUMNS, type KlineRowContext } from './kline-row';

/** Most rows that the exchange gives in one answer. */
export const KLINE_PAGE_LIMIT = 1_000;

export interface KlinePage extends KlineRowContext {
  /** Open times that were asked for. */
  readonly range: TimeRange;
}

/** What a page of klines says. */
export interface MappedKlines {
  /** Accepted rows, ascending by open time, at most one in each bucket. */
  readonly rows: readonly MinuteCandle[];
  /** Rows that were there more than once with the same numbers. */
  readonly duplicates: number;
  /** Buckets whose rows were not accepted. */
  readonly leftOut: readonly LeftOutMinutes[];
  /** The part of the range that the page speaks for: a full page ends with its last row. */
  readonly answered: TimeRange;
}

/**
 * Judges the rows of `klines` one by one: a row that breaks the contract, or stands beside another one of its bucket, is
 * left out, and the rows around it are kept.
 *
 * @throws MalformedAnswerError when the body is no list of rows
 */
export function mapKlines(body: unknown, page: KlinePage): MappedKlines {
  if (!Array.isArray(body)) throw new MalformedAnswerError('klines without a list of rows');
  const judged = (body as unknown[]).map((item) => judge(item, page));
  const buckets = new Map<EpochMicros, MinuteCandle | BrokenRow>();
  const conflicts = new Map<EpochMicros, string>();
  let duplicates = 0;
  for (const row of judged) {
    if (row.openTime === undefined) continue;
    const bucket = floorTo(row.openTime, page.length);
    const known = buckets.get(bucket);
    if (known === undefined) buckets.set(bucket, row);
    else if (isBroken(known) || isBroken(row) || !sameCandle(known, row)) conflicts.set(bucket, conflictOf(known, row));
    else duplicates += 1;
  }
  const rows: MinuteCandle[] = [];
  const leftOut = timelessRows(judged, page, buckets);
  for (const [start, row] of buckets) {
    const end = start + page.length;
    const conflict = conflicts.get(start);
    if (conflict !== undefined) leftOut.push({ start, end, reason: 'conflicting', detail: conflict });
    else if (isBroken(row)) leftOut.push({ start, end, reason: 'broken', detail: rowDetail(start, row.fault) });
    else rows.push(row);
  }
  rows.sort((a, b) => a.openTime - b.openTime);
  leftOut.sort((a, b) => a.start - b.start);
  return { rows, duplicates, leftOut, answered: answeredPart(page, body.length, buckets) };
}

function answeredPart(
  { range, length }: KlinePage,
  received: number,
  buckets: ReadonlyMap<EpochMicros, unknown>,
): TimeRange {
  if (received < KLINE_PAGE_LIMIT || buckets.size === 0) return range;
  return { start: range.start, end: Math.min(range.end, Math.max(...buckets.keys()) + length) };
}

function judge(item: unknown, page: KlinePage): MinuteCandle | BrokenRow {
  const row = readKlineRow(item, page);
  if (row.openTime === undefined) return row;
  if (row.openTime >= page.range.start && row.openTime < page.range.end) return row;
  const allowed = `within the range asked for, ${formatMillisTime(page.range.start)} to ${formatMillisTime(page.range.end)}`;
  return { openTime: undefined, fault: faultOf('open time', formatMillisTime(row.openTime), allowed) };
}

/**
 * Rows that do not say when they open may be those of any bucket between their neighbours that has no row; those at the
 * end are of the buckets right after the row before them. Where there is no such bucket they stand for none.
 */
function timelessRows(
  judged: readonly (MinuteCandle | BrokenRow)[],
  { range, length }: KlinePage,
  buckets: ReadonlyMap<EpochMicros, unknown>,
): LeftOutMinutes[] {
  const known = [...buckets.keys()].map((start) => ({ start, end: start + length }));
  const leftOut: LeftOutMinutes[] = [];
  let previous: EpochMicros | undefined;
  for (const [index, row] of judged.entries()) {
    if (!isBroken(row) || row.openTime !== undefined) {
      previous = row.openTime;
      continue;
    }
    const start = previous === undefined ? range.start : floorTo(previous, length) + length;
    const next = judged.slice(index + 1).find(({ openTime }) => openTime !== undefined)?.openTime;
    const left = judged.length - index;
    const end = next === undefined ? Math.min(range.end, start + left * length) : floorTo(next, length);
    const detail = timelessRowDetail(previous, row.fault);
    const free = subtractRanges([{ start, end }], [...known, ...leftOut]);
    for (const part of free.length > 0 ? free : [{ start, end: start }]) {
      leftOut.push({ ...part, reason: 'broken', detail });
    }
  }
  return leftOut;
}

export function isBroken(row: MinuteCandle | BrokenRow): row is BrokenRow {
  return 'fault' in row;
}

/** What is said of a row that stands beside another one of its minute. */
export function conflictOf(known: MinuteCandle | BrokenRow, row: MinuteCandle | BrokenRow): string {
  const time = known.openTime ?? 0;
  const difference = isBroken(known) ? known.fault : isBroken(row) ? row.fault : differenceOf(known, row);
  return rowDetail(time, `it is there twice, with ${difference}`);
}

const COMPARED = {
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
  quoteVolume: 'quote volume',
  tradeCount: 'trade count',
  takerBuyVolume: 'taker buy volume',
  takerBuyQuoteVolume: 'taker buy quote volume',
} as const satisfies Partial<Record<keyof MinuteCandle, (typeof KLINE_COLUMNS)[number]>>;

/** The first column in which two rows differ, with both values. */
function differenceOf(one: MinuteCandle, other: MinuteCandle): string {
  for (const [field, label] of Object.entries(COMPARED) as [keyof typeof COMPARED, string][]) {
    if (one[field] !== other[field]) return `${label} ${one[field]} and ${other[field]}`;
  }
  const [name, times] =
    one.openTime === other.openTime
      ? ['close time', [one.closeTime, other.closeTime]]
      : ['open time', [one.openTime, other.openTime]];
  return `${name} ${times.map(formatMillisTime).join(' and ')}`;
}

/** Whether two rows are one candle, given twice. */
export function sameCandle(a: MinuteCandle, b: MinuteCandle): boolean {
  return a.openTime === b.openTime && a.closeTime === b.closeTime && sameCandleNumbers(a, b);
}
