const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The sixteen kline intervals of the exchange; case matters (`1m` is a minute, `1M` a month). */
export const INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const;

export type Interval = (typeof INTERVALS)[number];

/** Lengths in milliseconds; a month has none of its own. */
const LENGTHS: Readonly<Record<Exclude<Interval, '1M'>, number>> = {
  '1s': SECOND,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
  '1w': 7 * DAY,
};

/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY = 4 * DAY;

export function isInterval(text: string): text is Interval {
  return (INTERVALS as readonly string[]).includes(text);
}

/** Length of an interval that is at most a day, in milliseconds; undefined for `3d`, `1w` and `1M`. */
export function lengthWithinDay(interval: Interval): number | undefined {
  if (interval === '1M') {
    return undefined;
  }
  const length = LENGTHS[interval];
  return length <= DAY ? length : undefined;
}

/**
 * The grid of one interval. Weeks open on Monday, months on the first, three-day buckets are counted from the symbol's
 * first trading day; everything else from the epoch. `offset` (milliseconds) moves the grid to another time zone; the
 * times themselves stay UTC.
 */
export class BucketGrid {
  private readonly length: number | undefined;
  private readonly phase: number;

  constructor(interval: Interval, firstTrade: number, offset = 0) {
    this.length = interval === '1M' ? undefined : LENGTHS[interval];
    const anchor =
      interval === '1w' ? FIRST_MONDAY : interval === '3d' ? Math.floor((firstTrade + offset) / DAY) * DAY : 0;
    this.phase = anchor - offset;
  }

  /** Open time of the bucket that holds `time`. */
  startOf(time: number): number {
    if (this.length === undefined) {
      return this.month(time, 0);
    }
    return Math.floor((time - this.phase) / this.length) * this.length + this.phase;
  }

  /** Open time of the bucket after the one that opens at `start`. */
  after(start: number): number {
    return this.length === undefined ? this.month(start, 1) : start + this.length;
  }

  /** Open time of the bucket before the one that opens at `start`. */
  before(start: number): number {
    return this.length === undefined ? this.month(start, -1) : start - this.length;
  }

  /** Open time of the first bucket that opens at `time` or later. */
  firstFrom(time: number): number {
    const start = this.startOf(time);
    return start === time ? start : this.after(start);
  }

  private month(time: number, step: number): number {
    const local = new Date(time - this.phase);
    return Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + step, 1) + this.phase;
  }
}
