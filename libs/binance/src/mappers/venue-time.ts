import { MILLISECOND, type EpochMicros } from '@app/domain';

/** Epoch milliseconds stay below this until the year 5138, epoch microseconds have been above it since March 1973. */
const MICROSECONDS_FROM = 1e14;

/** A time of the exchange, in milliseconds or microseconds by its magnitude; undefined when it is no such time. */
export function readVenueTime(value: unknown): EpochMicros | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return undefined;
  return value >= MICROSECONDS_FROM ? value : value * MILLISECOND;
}
