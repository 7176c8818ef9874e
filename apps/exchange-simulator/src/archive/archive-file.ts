import { BucketGrid, DAY, INTERVALS, type Interval } from '../market/interval';
import type { TimeSpan } from '../market/market';

/** A kline file of the archive: `{daily|monthly}/klines/SYMBOL/INTERVAL/SYMBOL-INTERVAL-DATE`. */
export interface ArchiveFile {
  readonly period: 'daily' | 'monthly';
  readonly symbol: string;
  readonly interval: Interval;
  /** `2020-01-01`, or `2020-01` in a monthly file. */
  readonly date: string;
  /** Name without its ending. */
  readonly name: string;
  /** The day or month, in epoch milliseconds. */
  readonly span: TimeSpan;
}

/** Daily files of these do not exist: a day is shorter than they are. */
const MONTHLY_ONLY: ReadonlySet<Interval> = new Set<Interval>(['3d', '1w', '1M']);

const PATH = /^(?<period>daily|monthly)\/klines\/(?<symbol>[^/]+)\/(?<interval>[^/]+)\/(?<name>[^/]+)\.zip$/u;

/** The file that a decoded path below `/data/spot/` is for; undefined where the archive has none of that name. */
export function archiveFileAt(path: string): ArchiveFile | undefined {
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { symbol = '', interval: written = '', name = '' } = groups;
  const period = groups['period'] === 'daily' ? 'daily' : 'monthly';
  const interval = INTERVALS.find((one) => intervalName(one) === written);
  const date = name.slice(`${symbol}-${written}-`.length);
  const span = period === 'daily' ? dayOf(date) : monthOf(date);
  if (interval === undefined || span === undefined || name !== `${symbol}-${written}-${date}`) {
    return undefined;
  }
  // A month of seconds is 2.7 million rows, which is left out here: nobody reads monthly files of them.
  if (period === 'daily' ? MONTHLY_ONLY.has(interval) : interval === '1s') {
    return undefined;
  }
  return { period, symbol, interval, date, name, span };
}

/** The archive writes a month as `1mo`, for file systems that take `1m` and `1M` for the same. */
function intervalName(interval: Interval): string {
  return interval === '1M' ? '1mo' : interval;
}

/**
 * When a file appears: `delay` after the end of its day; a monthly file on the first Monday of the next month.
 * Epoch milliseconds.
 */
export function appearanceOf({ period, span }: ArchiveFile, delay: number): number {
  return (period === 'daily' ? span.end : new BucketGrid('1w', 0).firstFrom(span.end)) + delay;
}

function dayOf(date: string): TimeSpan | undefined {
  const start = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : Number.NaN;
  const exists = Number.isFinite(start) && new Date(start).toISOString().startsWith(date);
  return exists ? { start, end: start + DAY } : undefined;
}

function monthOf(date: string): TimeSpan | undefined {
  const start = /^\d{4}-(?:0[1-9]|1[0-2])$/.test(date) ? Date.parse(`${date}-01`) : undefined;
  return start === undefined ? undefined : { start, end: new BucketGrid('1M', 0).after(start) };
}
