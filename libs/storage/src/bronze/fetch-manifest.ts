import { createHash } from 'node:crypto';
import { formatBucketTime, formatEventTime, serializeCandle, type EpochMicros, type FetchedMinutes } from '@app/domain';

/** Name of the record of what was fetched and can be had again; it takes the place of the lines. */
export const MANIFEST = 'fetches';

/**
 * Hash of fetched candles that does not depend on when they were fetched: SHA-256 over their contract lines with the
 * capture time set to the epoch, one per line, in ascending order.
 */
function contentHash({ candles }: FetchedMinutes): string {
  const hash = createHash('sha256');
  for (const candle of candles) hash.update(`${serializeCandle({ ...candle, capturedAt: 0 })}\n`);
  return hash.digest('hex');
}

/** One line of the manifest: where a range came from, how much it was, and from when on the symbol is tracked. */
export function manifestLine(fetched: FetchedMinutes, trackedSince: EpochMicros): string {
  return JSON.stringify({
    kind: fetched.kind,
    source: fetched.candles[0]?.source ?? null,
    origin: fetched.origin,
    symbol: fetched.symbol,
    interval: '1m',
    start: formatBucketTime(fetched.range.start),
    end: formatBucketTime(fetched.range.end),
    rows: fetched.candles.length,
    sha256: contentHash(fetched),
    fetched_at: formatEventTime(fetched.fetchedAt),
    tracked_since: formatEventTime(trackedSince),
  });
}
