import { DAY, MINUTE, SECOND, ceilTo, floorTo, formatBucketTime, latestStamp, type EpochMicros } from '@app/domain';
import type { StreamChannel } from './stream-event';

/** Newest rows that a list gives where it cannot be said since when something is missing. */
const NEWEST = '5000';

/**
 * How much earlier the list begins than the commit that a reader has seen. Rows are listed by market time and stored later: a
 * minute once it is closed, and after an outage what waited in the spool, in one partition of the broker or at the exchange
 * while newer rows were stored. A day is longer than such outages last. Minutes that the history fills further back are not
 * in the list; `/coverage` has them.
 */
const STORED_WITHIN: EpochMicros = DAY;

export interface Gap {
  readonly channel: StreamChannel;
  /** Empty for all. */
  readonly symbols: readonly string[];
  /** When the newest unit that the reader has was committed; null where nobody knows. */
  readonly since: EpochMicros | null;
  readonly now: EpochMicros;
}

/** Path and query of the list that has what a stream will not tell; it answers as it stands. */
export function gapAddress({ channel, symbols, since: told, now }: Gap): string {
  // A time to come was told by a clock that was ahead: nobody knows what has been missed since.
  const since = told !== null && told > latestStamp(now) ? null : told;
  const chosen = symbols.length > 0 ? { symbols: symbols.join(',') } : {};
  if (channel === 'candles') return address('/candles', { ...chosen, interval: '1m', ...rowsFrom(since) });
  // Price events are asked for with both bounds. What is stored by now is stamped no later than this.
  const end = since === null ? {} : { end: formatBucketTime(ceilTo(latestStamp(now) + 1, SECOND)) };
  return address('/trades/range', { ...chosen, ...rowsFrom(since), ...end });
}

function rowsFrom(since: EpochMicros | null): Record<string, string> {
  return since === null
    ? { last: NEWEST }
    : { start: formatBucketTime(floorTo(Math.max(0, since - STORED_WITHIN), MINUTE)) };
}

function address(path: string, parameters: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams(parameters).toString()}`;
}
