import {
  coverageMovedAt,
  coveragePercent,
  DAY,
  floorTo,
  latestStamp,
  minutesIn,
  type EpochMicros,
  type SymbolSummary,
  type TimeRange,
} from '@app/domain';
import { ledgerSpan, ledgerTail } from '../ledger-days';

/** A symbol as it is known. */
export interface StoredSymbol {
  readonly symbol: string;
  readonly baseAsset: string | null;
  readonly quoteAsset: string | null;
  readonly status: string;
  /** Where its ledger begins; null while nothing says so. */
  readonly ledgerStart: EpochMicros | null;
}

/** First and last of the UTC days that a table has of a symbol; null of none. */
export interface StoredDates {
  readonly first: EpochMicros | null;
  readonly last: EpochMicros | null;
}

/** Which days of a symbol have candles, and which have polled prices. */
export interface DatesOfSymbol {
  /** `captured` is the newest capture of any of them. */
  readonly candles: StoredDates & { readonly captured: EpochMicros | null };
  readonly polls: StoredDates;
}

/** Sums over a symbol's days in the ledger. */
export interface AccountedDays {
  /** Minutes in a recorded state, of the days before the one that was asked for; null of none. */
  readonly minutes: number | null;
  /** When what any day counts last changed; null of no days. */
  readonly changedAt: EpochMicros | null;
}

/** What a store has of a symbol, as a list of symbols asks for it. */
export interface SymbolRows {
  /** Of polled prices the days up to a time. */
  dates(symbol: string, until: EpochMicros): DatesOfSymbol;
  /** Open time of the newest minute. */
  lastMinute(symbol: string): EpochMicros | null;
  /** Time of the newest price event up to a time. */
  lastEvent(symbol: string, until: EpochMicros): EpochMicros | null;
  /** When its assets were last noted to be others; 0 where that is what they were when the exchange was first asked. */
  assetsSince(symbol: string): EpochMicros | null;
  accountedDays(symbol: string, before: EpochMicros): AccountedDays;
  /** Runs of the ledger that overlap a range, ascending. */
  runs(symbol: string, range: TimeRange): readonly TimeRange[];
  /** The last run that begins before a time. */
  lastRun(symbol: string, before: EpochMicros): TimeRange | undefined;
}

/** How much of a ledger is accounted for, and since when it is so. */
interface Coverage {
  readonly percent: string;
  readonly changedAt: EpochMicros;
}

/** What is said of those of the symbols that are known, in the order given; `found` are these in any order. */
export function symbolSummaries(
  rows: SymbolRows,
  symbols: readonly string[],
  found: readonly StoredSymbol[],
  now: EpochMicros,
): SymbolSummary[] {
  const bySymbol = new Map(found.map((stored) => [stored.symbol, stored]));
  return symbols.flatMap((symbol) => {
    const stored = bySymbol.get(symbol);
    return stored ? [summaryOf(rows, stored, now)] : [];
  });
}

/** Whatever is stamped ahead of its time is left out of what is newest. */
function summaryOf(rows: SymbolRows, stored: StoredSymbol, now: EpochMicros): SymbolSummary {
  const { symbol, baseAsset, quoteAsset, status, ledgerStart } = stored;
  const latest = latestStamp(now);
  const { candles, polls } = rows.dates(symbol, latest);
  const lastEvent = rows.lastEvent(symbol, latest);
  const lastMinute = rows.lastMinute(symbol);
  const coverage = coverageOf(rows, symbol, ledgerStart ?? undefined, now);
  // What it stood for when the exchange was first asked has no time of its own.
  const noted = rows.assetsSince(symbol);
  const assetsSince = noted === 0 ? null : noted;
  return {
    symbol,
    baseAsset,
    quoteAsset,
    status,
    firstDate: outermost(Math.min, candles.first, polls.first),
    lastDate: outermost(Math.max, candles.last, polls.last),
    lastMinute,
    lastEvent,
    coveragePercent: coverage.percent,
    assetsSince,
    changedAt: Math.max(candles.captured ?? 0, lastEvent ?? 0, coverage.changedAt, assetsSince ?? 0),
  };
}

function outermost(
  choose: (...dates: number[]) => number,
  ...dates: readonly (EpochMicros | null)[]
): EpochMicros | null {
  const known = dates.filter((date) => date !== null);
  return known.length === 0 ? null : choose(...known);
}

function coverageOf(rows: SymbolRows, symbol: string, start: EpochMicros | undefined, now: EpochMicros): Coverage {
  const span = ledgerSpan(start, now);
  if (!span) return { percent: coveragePercent(0, 0), changedAt: 0 };
  // Days that are over are summed up; of the last one the runs tell, for some of its minutes may be younger than the ledger's end.
  const open = { start: floorTo(span.end, DAY), end: span.end };
  const days = rows.accountedDays(symbol, open.start);
  const runs = open.start < open.end ? rows.runs(symbol, open) : [];
  const accounted = runs.reduce((sum, run) => sum + minutesIn(within(open, run)), days.minutes ?? 0);
  const expected = minutesIn(span);
  const missing = Math.max(0, expected - accounted);
  const changedAt = days.changedAt ?? 0;
  if (missing === 0) return { percent: coveragePercent(expected, 0), changedAt };
  const last = runs.at(-1) ?? rows.lastRun(symbol, span.end);
  const tail = last ? ledgerTail(last, span.end) : { start: span.start, isMissing: true };
  return {
    percent: coveragePercent(expected, missing),
    changedAt: Math.max(changedAt, coverageMovedAt(span, missing, tail)),
  };
}

function within(range: TimeRange, { start, end }: TimeRange): TimeRange {
  return { start: Math.max(start, range.start), end: Math.min(end, range.end) };
}
