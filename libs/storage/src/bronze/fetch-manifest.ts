import { createHash } from 'node:crypto';
import {
  formatBucketTime,
  formatEventTime,
  parseIsoTime,
  serializeCandle,
  type EpochMicros,
  type FetchedMinutes,
  type TrackedSymbol,
} from '@app/domain';

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

/** What a line of the manifest says of its symbol's ledger; undefined for a line that this program did not write. */
export function readManifestLine(text: string): TrackedSymbol | undefined {
  let line: Readonly<Record<string, unknown>>;
  try {
    line = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { symbol, start, tracked_since: since } = line;
  if (typeof symbol !== 'string' || typeof start !== 'string' || typeof since !== 'string') return undefined;
  const [ledgerStart, trackedSince] = [parseIsoTime(start), parseIsoTime(since)];
  if (ledgerStart === undefined || trackedSince === undefined) return undefined;
  return { symbol, ledgerStart, trackedSince };
}
