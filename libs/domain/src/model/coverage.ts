import { MINUTE, floorTo, type EpochMicros, type TimeRange } from './time';

/**
 * What became of a minute: `captured` (stored, with trades), `quiet` (stored, the exchange confirms that nothing
 * traded), `stopped` (the exchange answered for the range and has no such minute) or `missing` (not asked for, or
 * asked and failed).
 */
export const MINUTE_STATES = ['captured', 'quiet', 'stopped', 'missing'] as const;
export type MinuteState = (typeof MINUTE_STATES)[number];

/** States that are written down; `missing` is the absence of any. */
export type RecordedState = Exclude<MinuteState, 'missing'>;

/** Consecutive minutes of one state; start and end are full minutes, half-open. */
export interface CoverageRange extends TimeRange {
  readonly state: MinuteState;
  /** Whether the minutes came in late: see {@link isRepaired}. Only captured and quiet minutes can be. */
  readonly repaired: boolean;
}

/** Minutes that were asked for and are still missing, and why. */
export interface UnfilledRange extends TimeRange {
  /** One readable line. */
  readonly reason: string;
  readonly askedAt: EpochMicros;
}

/** A minute counts as repaired when it was first captured more than this after its close. */
export const REPAIR_AFTER: EpochMicros = 10 * MINUTE;

/** The ledger speaks of minutes that closed more than this ago; younger ones may still be on their way. */
export const LEDGER_DELAY: EpochMicros = 2 * MINUTE;

/**
 * Whether a minute that was first captured at `capturedAt` came in late: more than ten minutes after its close, while
 * the symbol was already tracked (so never what the first backfill brought).
 */
export function isRepaired(minute: EpochMicros, capturedAt: EpochMicros, trackedSince: EpochMicros): boolean {
  const close = minute + MINUTE;
  return close > trackedSince && capturedAt > close + REPAIR_AFTER;
}

/** End of the ledger at a given time: the end of the last minute that closed over two minutes ago. */
export function ledgerEnd(now: EpochMicros): EpochMicros {
  return floorTo(now - LEDGER_DELAY, MINUTE);
}

/** Joins neighbours of the same state and flag; the ranges are given ascending and disjoint. */
export function joinRanges<T extends CoverageRange>(ranges: Iterable<T>): T[] {
  const joined: T[] = [];
  let last: (T & { end: EpochMicros }) | undefined;
  for (const range of ranges) {
    if (last?.end === range.start && last.state === range.state && last.repaired === range.repaired) {
      last.end = range.end;
    } else {
      last = { ...range };
      joined.push(last);
    }
  }
  return joined;
}

/**
 * Completes recorded ranges (ascending, disjoint) to a gapless account of `span`: what no range covers is missing.
 * Ranges are cut to the span.
 */
export function* accountFor(span: TimeRange, recorded: Iterable<CoverageRange>): Generator<CoverageRange> {
  let position = span.start;
  for (const range of recorded) {
    const start = Math.max(range.start, position);
    const end = Math.min(range.end, span.end);
    if (start >= end) continue;
    if (start > position) yield { start: position, end: start, state: 'missing', repaired: false };
    yield { ...range, start, end };
    position = end;
  }
  if (position < span.end) yield { start: position, end: span.end, state: 'missing', repaired: false };
}

/** What is said of missing minutes of which nobody has asked yet. */
const NOT_ASKED = 'not asked for yet';

/** Minutes that are missing, for one reason. */
export interface ExplainedRange extends TimeRange {
  readonly reason: string;
}

/** Cuts a missing range where the reasons change; notes are given ascending and disjoint, and may reach beyond it. */
export function* explainMissing(missing: TimeRange, notes: Iterable<ExplainedRange>): Generator<ExplainedRange> {
  let current: ExplainedRange | undefined;
  for (const next of completed(missing, notes)) {
    if (current?.reason === next.reason) current = { ...current, end: next.end };
    else {
      if (current) yield current;
      current = next;
    }
  }
  if (current) yield current;
}

function* completed({ start, end }: TimeRange, notes: Iterable<ExplainedRange>): Generator<ExplainedRange> {
  let position = start;
  for (const note of notes) {
    const [from, to] = [Math.max(note.start, position), Math.min(note.end, end)];
    if (from >= to) continue;
    if (from > position) yield { start: position, end: from, reason: NOT_ASKED };
    yield { start: from, end: to, reason: note.reason };
    position = to;
  }
  if (position < end) yield { start: position, end, reason: NOT_ASKED };
}

/** Minutes in a range of full minutes. */
export function minutesIn({ start, end }: TimeRange): number {
  return (end - start) / MINUTE;
}

/** The last minutes of a span, all of them accounted for, or all of them missing. */
export interface LedgerTail {
  readonly start: EpochMicros;
  readonly isMissing: boolean;
}

/**
 * When the end of the ledger, by moving on, last gave the account of a span another percentage, as far as the tail of the
 * span tells; else when it came to the tail. 0 where none is missing: then none was before.
 */
export function coverageMovedAt(span: TimeRange, missing: number, tail: LedgerTail): EpochMicros {
  if (missing === 0) return 0;
  const expected = minutesIn(span);
  const now = coveragePercent(expected, missing);
  const before = (minutes: number): string =>
    coveragePercent(expected - minutes, missing - (tail.isMissing ? minutes : 0));
  // Over the tail it only rises, or only falls: the minutes for which it has been the same are found by halving.
  let [same, most] = [0, minutesIn({ start: Math.max(span.start, tail.start), end: span.end })];
  while (same < most) {
    const middle = Math.ceil((same + most) / 2);
    if (before(middle) === now) same = middle;
    else most = middle - 1;
  }
  return span.end - same * MINUTE + LEDGER_DELAY;
}

/** 100 · (expected − missing) / expected with two decimals, rounded down; `100.00` where nothing was expected. */
export function coveragePercent(expected: number, missing: number): string {
  if (expected === 0) return '100.00';
  const hundredths = (BigInt(expected - missing) * 10_000n) / BigInt(expected);
  return `${(hundredths / 100n).toString()}.${(hundredths % 100n).toString().padStart(2, '0')}`;
}
