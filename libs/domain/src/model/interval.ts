import { DAY, HOUR, MINUTE, floorTo, type EpochMicros } from './time';

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
