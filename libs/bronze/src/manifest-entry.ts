import { formatBucketTime, formatEventTime, isStampedAhead, LEFT_OUT_REASONS, parseIsoTime } from '@app/domain';
import type {
  Assets,
  AssetsChange,
  ClockSpan,
  EpochMicros,
  LeftOutMinutes,
  LeftOutReason,
  RaisedRevision,
  RecordedFetch,
  TimeRange,
  TrackedSymbol,
} from '@app/domain';

type Fields = Readonly<Record<string, unknown>>;

const FETCH_KINDS: ReadonlySet<string> = new Set<RecordedFetch['kind']>(['backfill', 'repair', 'archive', 'import']);

const KNOWN_KINDS: ReadonlySet<string> = new Set([
  ...FETCH_KINDS,
  'tracking',
  'ledger',
  'stopped',
  'assets',
  'clock',
  'removed',
]);

/** What a line of the manifest says. */
export type ManifestEntry =
  | { readonly kind: 'fetch'; readonly fetch: RecordedFetch }
  | { readonly kind: 'tracking'; readonly frame: TrackedSymbol }
  | { readonly kind: 'ledger'; readonly symbol: string; readonly ledgerStart: EpochMicros }
  | { readonly kind: 'stopped'; readonly symbol: string; readonly range: TimeRange; readonly notedAt: EpochMicros }
  | { readonly kind: 'assets'; readonly change: AssetsChange }
  | { readonly kind: 'revision'; readonly raised: RaisedRevision }
  | { readonly kind: 'reach'; readonly frame: TrackedSymbol }
  | { readonly kind: 'clock'; readonly line: number; readonly span: ClockSpan }
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

/** Says that the ledger of a symbol reaches back to a minute. */
export function ledgerLine(symbol: string, ledgerStart: EpochMicros, origin: string): string {
  return JSON.stringify({ kind: 'ledger', origin, symbol, start: formatBucketTime(ledgerStart) });
}

/** Says that a ledger which began by a clock that was behind begins later. */
export function reachLine({ symbol, trackedSince, ledgerStart }: TrackedSymbol): string {
  return JSON.stringify({
    kind: 'reach',
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

/** Says that a symbol stands for something else than before. */
export function assetsLine({ symbol, baseAsset, quoteAsset, since, before }: AssetsChange): string {
  return JSON.stringify({
    kind: 'assets',
    symbol,
    start: formatEventTime(since),
    base_asset: baseAsset,
    quote_asset: quoteAsset,
    before: { base_asset: before.baseAsset, quote_asset: before.quoteAsset },
  });
}

/** Says that the versions of a minute count from a higher revision on. */
export function revisionLine({ symbol, openTime, revision }: RaisedRevision): string {
  return JSON.stringify({ kind: 'revision', symbol, start: formatEventTime(openTime), first_revision: revision });
}

/** Says which stamps a clock that was ahead has given, and by when what they are on had been captured in truth. */
export function clockLine({ start, end, until }: ClockSpan): string {
  return JSON.stringify({
    kind: 'clock',
    start: formatEventTime(start),
    end: formatEventTime(end),
    until: formatEventTime(until),
  });
}

/** Says that a bronze file was removed after its time of retention. */
export function removedLine(file: string, removedAt: EpochMicros): string {
  return JSON.stringify({ kind: 'removed', file, removed_at: formatEventTime(removedAt) });
}

/** Stamps that a line of the manifest found to be wrong after the given one was written. */
export function spansAfter(entries: readonly ManifestEntry[], line: number): ClockSpan[] {
  return entries.flatMap((entry) => (entry.kind === 'clock' && entry.line > line ? [entry.span] : []));
}

/**
 * Entries in their order, with what a clock that was ahead has stamped in them put right: a stop counts as noted at its
 * end, a symbol as tracked from when the clock was seen to be wrong. A line speaks of the stamps in the lines before it.
 */
export function withTrueStamps(entries: readonly ManifestEntry[]): ManifestEntry[] {
  const spans: ClockSpan[] = [];
  return entries
    .toReversed()
    .map((entry): ManifestEntry => {
      if (entry.kind === 'clock') spans.push(entry.span);
      if (entry.kind === 'stopped') {
        const { range, notedAt } = entry;
        return isStampedAhead(spans, notedAt, range.end) ? { ...entry, notedAt: range.end } : entry;
      }
      if (entry.kind !== 'tracking') return entry;
      const { frame } = entry;
      const span = spans.find(({ start, end }) => frame.trackedSince >= start && frame.trackedSince < end);
      return span ? { ...entry, frame: { ...frame, trackedSince: span.until } } : entry;
    })
    .toReversed();
}

/** Undefined for a line that says nothing of the kind, or was not written by this program. */
export function readManifestEntry(text: string, line: number): ManifestEntry | undefined {
  let fields: Fields;
  try {
    fields = JSON.parse(text) as Fields;
  } catch {
    return undefined;
  }
  return readFields(fields, line);
}

/**
 * Why a line of which nothing can be read is none; nothing for a line of a kind that only a later version knows, and for a
 * fetch of which no row was accepted: it has no range and leaves nothing to be fetched again.
 */
export function manifestLineFault(text: string, number: number): { number: number; reason: string }[] {
  let fields: Fields;
  try {
    fields = (JSON.parse(text) ?? {}) as Fields;
  } catch {
    return [{ number, reason: 'it is no JSON' }];
  }
  const { kind, rows } = fields;
  if (typeof kind !== 'string') return [{ number, reason: 'it does not say what kind of line it is' }];
  if (isFetchKind(kind) && rows === 0) return [];
  return KNOWN_KINDS.has(kind) ? [{ number, reason: `what it says of its ${kind} cannot be read` }] : [];
}

function readFields(fields: Fields, line: number): ManifestEntry | undefined {
  const { kind, symbol, file } = fields;
  if (kind === 'removed') return typeof file === 'string' ? { kind, file } : undefined;
  const [start, end] = [timeOf(fields['start']), timeOf(fields['end'])];
  if (kind === 'clock') {
    const until = timeOf(fields['until']);
    const isRead = start !== undefined && end !== undefined && until !== undefined;
    return isRead ? { kind, line, span: { start, end, until } } : undefined;
  }
  if (typeof kind !== 'string' || typeof symbol !== 'string' || start === undefined) return undefined;
  if (kind === 'ledger') return { kind, symbol, ledgerStart: start };
  if (kind === 'tracking' || kind === 'reach') {
    const trackedSince = timeOf(fields['tracked_since']);
    return trackedSince === undefined ? undefined : { kind, frame: { symbol, trackedSince, ledgerStart: start } };
  }
  if (kind === 'revision') {
    const revision = fields['first_revision'];
    return typeof revision === 'number' ? { kind, raised: { symbol, openTime: start, revision } } : undefined;
  }
  if (kind === 'assets') {
    const [now, before] = [assetsOf(fields), assetsOf((fields['before'] ?? {}) as Fields)];
    return now && before ? { kind, change: { symbol, since: start, ...now, before } } : undefined;
  }
  if (end === undefined) return undefined;
  if (kind === 'stopped') {
    const notedAt = timeOf(fields['noted_at']);
    return notedAt === undefined ? undefined : { kind, symbol, range: { start, end }, notedAt };
  }
  const { rows, sha256, origin } = fields;
  const fetchedAt = timeOf(fields['fetched_at']);
  const leftOut = leftOutOf(fields['left_out']);
  if (!isFetchKind(kind) || typeof rows !== 'number' || typeof sha256 !== 'string') return undefined;
  if (typeof origin !== 'string' || fetchedAt === undefined || leftOut === undefined) return undefined;
  const from = typeof file === 'string' ? file : undefined;
  return {
    kind: 'fetch',
    fetch: { line, kind, origin, symbol, range: { start, end }, rows, sha256, leftOut, fetchedAt, file: from },
  };
}

function assetsOf({ base_asset: baseAsset, quote_asset: quoteAsset }: Fields): Assets | undefined {
  return typeof baseAsset === 'string' && typeof quoteAsset === 'string' ? { baseAsset, quoteAsset } : undefined;
}

/** None where the line does not speak of any; undefined where what it says cannot be read. */
function leftOutOf(value: unknown): LeftOutMinutes[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const minutes: LeftOutMinutes[] = [];
  for (const item of value as unknown[]) {
    const { start, end, reason } = (item ?? {}) as Fields;
    const range = { start: timeOf(start), end: timeOf(end) };
    if (range.start === undefined || range.end === undefined || !isLeftOutReason(reason)) return undefined;
    minutes.push({ start: range.start, end: range.end, reason, detail: `left out when it was fetched: ${reason}` });
  }
  return minutes;
}

function isLeftOutReason(reason: unknown): reason is LeftOutReason {
  return LEFT_OUT_REASONS.some((known) => known === reason);
}

function isFetchKind(kind: string): kind is RecordedFetch['kind'] {
  return FETCH_KINDS.has(kind);
}

function timeOf(value: unknown): EpochMicros | undefined {
  return typeof value === 'string' ? parseIsoTime(value) : undefined;
}
