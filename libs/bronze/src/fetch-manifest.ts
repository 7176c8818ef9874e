import { createHash } from 'node:crypto';
import {
  archiveRowLine,
  ARCHIVE_SOURCE,
  formatBucketTime,
  formatEventTime,
  joinLeftOut,
  serializeCandle,
  type EpochMicros,
  type FetchedAgain,
  type FetchedMinutes,
  type ImportedDay,
  type ImportedFile,
  type LeftOutMinutes,
  type MinuteCandle,
  type RecordedFetch,
} from '@app/domain';

/** Name of the record of what was fetched and can be had again; it takes the place of the lines. */
export const MANIFEST = 'fetches';
export const MANIFEST_FILE = `${MANIFEST}.jsonl`;

/** Whether what a source gives again is what was recorded: anything else is another fact than the one that was stored. */
export function givesSameRows({ sha256 }: RecordedFetch, again: FetchedAgain): boolean {
  return (again.sha256 ?? contentHash(again.candles)) === sha256;
}

/**
 * Hash of fetched candles that does not depend on when they were fetched: SHA-256 over their contract lines with the
 * capture time set to the epoch, one per line, in ascending order.
 */
export function contentHash(candles: readonly MinuteCandle[]): string {
  const hash = createHash('sha256');
  for (const candle of candles) hash.update(contentLine(candle));
  return hash.digest('hex');
}

/** The hash that a line of the manifest has of the rows that were fetched; they are added in the order of their minutes. */
export class FetchedRowsHash {
  private readonly hash = createHash('sha256');
  private readonly lineOf: (candle: MinuteCandle) => string;

  constructor(kind: RecordedFetch['kind']) {
    this.lineOf = kind === 'archive' || kind === 'import' ? archiveRowLine : contentLine;
  }

  add(candle: MinuteCandle): void {
    this.hash.update(this.lineOf(candle));
  }

  digest(): string {
    return this.hash.digest('hex');
  }
}

/** What {@link contentHash} is made of. */
function contentLine(candle: MinuteCandle): string {
  return `${serializeCandle({ ...candle, capturedAt: 0 })}\n`;
}

/** Nothing for a fetch of which every row was accepted: such lines stay as they always were. */
function leftOutPart(leftOut: readonly LeftOutMinutes[]): object {
  if (leftOut.length === 0) return {};
  const ranges = joinLeftOut(leftOut).map(({ start, end, reason }) => ({
    start: formatBucketTime(start),
    end: formatBucketTime(end),
    reason,
  }));
  return { left_out: ranges };
}

/**
 * One line of the manifest: where a range came from, how much of it was accepted, what was left out, and from when on
 * the symbol is tracked.
 */
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
    sha256: contentHash(fetched.candles),
    ...leftOutPart(fetched.leftOut),
    fetched_at: formatEventTime(fetched.fetchedAt),
    tracked_since: formatEventTime(trackedSince),
  });
}

/**
 * One line for a file, written with its last day. `sha256` is that of the accepted rows (see `KlineFileEnd.rowsSha256`), which
 * stays the same when the exchange packs the same rows anew; `file_sha256` is that of the bytes.
 */
export function fileManifestLine(
  { origin, symbol, range: day, fetchedAt }: ImportedDay,
  { kind, facts, end }: ImportedFile,
  trackedSince: EpochMicros,
): string {
  const range = kind === 'archive' ? day : end.range;
  return JSON.stringify({
    kind,
    source: ARCHIVE_SOURCE,
    origin,
    symbol,
    interval: '1m',
    start: range ? formatBucketTime(range.start) : null,
    end: range ? formatBucketTime(range.end) : null,
    rows: end.rows,
    sha256: end.rowsSha256,
    ...leftOutPart(end.leftOut),
    file: facts.name,
    file_bytes: facts.bytes,
    file_sha256: facts.sha256,
    checksum: facts.checksum,
    fetched_at: formatEventTime(fetchedAt),
    tracked_since: formatEventTime(trackedSince),
  });
}
