import { DAY, HOUR, MILLISECOND, MINUTE, floorTo, type EpochMicros } from './time';

/** Candle intervals that are stored; names as on the exchange (`1m` is a minute, `1M` a month). */
export const STORED_INTERVALS = ['1m', '1h', '1d'] as const;
export type StoredInterval = (typeof STORED_INTERVALS)[number];

const LENGTH: Readonly<Record<StoredInterval, EpochMicros>> = { '1m': MINUTE, '1h': HOUR, '1d': DAY };

/** Length of an interval in microseconds. */
export function intervalLength(interval: StoredInterval): EpochMicros {
  return LENGTH[interval];
}

/** Open time of the bucket that an instant falls into: UTC hours and days. */
export function bucketStart(interval: StoredInterval, time: EpochMicros): EpochMicros {
  return floorTo(time, LENGTH[interval]);
}

/** Candle intervals that are served: those of the exchange from a minute on. Case matters. */
export const CANDLE_INTERVALS = [
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
export type CandleInterval = (typeof CANDLE_INTERVALS)[number];

/** Lengths in microseconds; a month has none of its own. */
const CANDLE_LENGTH: Readonly<Record<Exclude<CandleInterval, '1M'>, EpochMicros>> = {
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

/** Longest time that a candle of an interval lasts: 31 days for a month. */
export function longestCandle(interval: CandleInterval): EpochMicros {
  return interval === '1M' ? 31 * DAY : CANDLE_LENGTH[interval];
}

/** Shortest time between the open times of two candles of an interval: 28 days for months. */
export function shortestCandle(interval: CandleInterval): EpochMicros {
  return interval === '1M' ? 28 * DAY : CANDLE_LENGTH[interval];
}

/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY: EpochMicros = 4 * DAY;

/** Most stored candles that one bucket of an interval is made of. */
const LONGEST_MONTH = 31;

/** The coarsest stored interval that divides an interval. */
export function storedIntervalOf(interval: CandleInterval): StoredInterval {
  if (interval === '1M' || CANDLE_LENGTH[interval] % DAY === 0) return '1d';
  return CANDLE_LENGTH[interval] % HOUR === 0 ? '1h' : '1m';
}

/** Most stored candles of {@link storedIntervalOf} in one bucket, where they open at full minutes, hours and days. */
export function storedCandlesIn(interval: CandleInterval): number {
  if (interval === '1M') return LONGEST_MONTH;
  return CANDLE_LENGTH[interval] / LENGTH[storedIntervalOf(interval)];
}

/**
 * The buckets of one interval, with the exchange's own boundaries in UTC: weeks open on Monday, months on their first,
 * three-day buckets are counted from the day of the symbol's first candle on the exchange (undocumented; found on
 * recordings of twelve symbols), all others from midnight.
 */
export class BucketGrid {
  private readonly length: EpochMicros | undefined;
  private readonly phase: EpochMicros;

  /** `firstMinute` is the open time of the symbol's first candle on the exchange; only `3d` depends on it. */
  constructor(interval: CandleInterval, firstMinute: EpochMicros) {
    this.length = interval === '1M' ? undefined : CANDLE_LENGTH[interval];
    this.phase = interval === '1w' ? FIRST_MONDAY : interval === '3d' ? floorTo(firstMinute, DAY) : 0;
  }

  /** Open time of the bucket that holds the instant. */
  startOf(time: EpochMicros): EpochMicros {
    return this.length === undefined ? month(time, 0) : floorTo(time - this.phase, this.length) + this.phase;
  }

  /** Open time of the bucket after the one that holds the instant: the end of the latter. */
  endOf(time: EpochMicros): EpochMicros {
    return this.length === undefined ? month(time, 1) : this.startOf(time) + this.length;
  }

  /** Open time of the first bucket that opens at the instant or later. */
  firstFrom(time: EpochMicros): EpochMicros {
    const start = this.startOf(time);
    return start === time ? start : this.endOf(time);
  }
}

function month(time: EpochMicros, step: number): EpochMicros {
  const date = new Date(time / MILLISECOND);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + step, 1) * MILLISECOND;
}
