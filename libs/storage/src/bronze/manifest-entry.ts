import { formatBucketTime, formatEventTime, parseIsoTime } from '@app/domain';
import type { EpochMicros, RecordedFetch, TimeRange, TrackedSymbol } from '@app/domain';

const FETCH_KINDS: ReadonlySet<string> = new Set<RecordedFetch['kind']>(['backfill', 'repair', 'archive', 'import']);

/** What a line of the manifest says beside the frame of its symbol's ledger. */
export type ManifestEntry =
  | { readonly kind: 'fetch'; readonly fetch: RecordedFetch }
  | { readonly kind: 'stopped'; readonly symbol: string; readonly range: TimeRange; readonly notedAt: EpochMicros }
  | { readonly kind: 'removed'; readonly file: string };

/** Says from when on a symbol is tracked, and where its ledger begins. */
export function trackingLine({ symbol, trackedSince, ledgerStart }: TrackedSymbol, origin: string): string {
  return JSON.stringify({
    kind: 'tracking',
    origin,
    symbol,
    start: formatBucketTime(ledgerStart),
    tracked_since: formatEventTime(trackedSince),
  });
}

/** Says that the exchange has answered for minutes and does not have them. */
export function stoppedLine(symbol: string, { start, end }: TimeRange, notedAt: EpochMicros): string {
  return JSON.stringify({
    kind: 'stopped',
    symbol,
    start: formatBucketTime(start),
    end: formatBucketTime(end),
    noted_at: formatEventTime(notedAt),
  });
}

/** Says that a bronze file was removed after its time of retention. */
export function removedLine(file: string, removedAt: EpochMicros): string {
  return JSON.stringify({ kind: 'removed', file, removed_at: formatEventTime(removedAt) });
}

/** Undefined for a line that says nothing of the kind, or was not written by this program. */
export function readManifestEntry(text: string, line: number): ManifestEntry | undefined {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { kind, symbol, file } = fields;
  if (kind === 'removed') return typeof file === 'string' ? { kind, file } : undefined;
  const range = rangeOf(fields);
  if (typeof kind !== 'string' || typeof symbol !== 'string' || !range) return undefined;
  if (kind === 'stopped') {
    const notedAt = timeOf(fields['noted_at']);
    return notedAt === undefined ? undefined : { kind, symbol, range, notedAt };
  }
  const { rows, sha256 } = fields;
  const fetchedAt = timeOf(fields['fetched_at']);
  if (!FETCH_KINDS.has(kind) || typeof rows !== 'number' || typeof sha256 !== 'string') return undefined;
  if (fetchedAt === undefined) return undefined;
  return {
    kind: 'fetch',
    fetch: {
      line,
      kind: kind as RecordedFetch['kind'],
      symbol,
      range,
      rows,
      sha256,
      fetchedAt,
      file: typeof file === 'string' ? file : undefined,
    },
  };
}

function timeOf(value: unknown): EpochMicros | undefined {
  return typeof value === 'string' ? parseIsoTime(value) : undefined;
}

function rangeOf({ start, end }: Readonly<Record<string, unknown>>): TimeRange | undefined {
  const range = { start: timeOf(start), end: timeOf(end) };
  return range.start === undefined || range.end === undefined ? undefined : { start: range.start, end: range.end };
}
