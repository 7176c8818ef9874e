import {
  ceilTo,
  coverageMovedAt,
  coveragePercent,
  DAY,
  floorTo,
  ledgerEnd,
  LEDGER_DELAY,
  MINUTE,
  minutesIn,
  missingMinutes,
  type DayQuality,
  type EpochMicros,
  type LedgerTail,
  type TimeRange,
} from '@app/domain';
import type { LedgerCounts, RecordedRange } from './ledger-runs';

/** The account of one UTC day, in minutes of the ledger's span. */
export interface LedgerDay extends Omit<DayQuality, 'symbol' | 'verified'> {
  /** When its percentage, which moves on more rarely than its minutes, last became what it is. */
  readonly coverageChangedAt: EpochMicros;
}

/** The sums of a whole UTC day, and when what they count last changed. */
export interface RecordedDay extends LedgerCounts {
  readonly changedAt: EpochMicros;
}

const NOTHING: LedgerCounts = { captured: 0, quiet: 0, stopped: 0, repaired: 0 };

/** What of a range the ledger of a symbol speaks of; undefined for nothing. `start` is where it begins, if it has begun. */
export function ledgerSpan(
  start: EpochMicros | undefined,
  now: EpochMicros,
  range: TimeRange = { start: 0, end: Infinity },
): TimeRange | undefined {
  if (start === undefined) return undefined;
  const span = { start: Math.max(start, range.start), end: Math.min(ledgerEnd(now), range.end) };
  return span.start < span.end ? span : undefined;
}

/** The dates that a span touches. */
export function datesOf({ start, end }: TimeRange): TimeRange {
  return { start: floorTo(start, DAY), end: ceilTo(end, DAY) };
}

/** The part of the day in which the ledger ends, where a span reaches into it: its sums are taken of the runs. */
export function openDay({ end }: TimeRange, now: EpochMicros): TimeRange | undefined {
  const until = ledgerEnd(now);
  const date = floorTo(end - 1, DAY);
  return date + DAY > until ? { start: date, end: until } : undefined;
}

/** What the last minutes of a ledger that ends at `end` are, by its last run. */
export function ledgerTail(last: TimeRange, end: EpochMicros): LedgerTail {
  return last.end < end ? { start: last.end, isMissing: true } : { start: last.start, isMissing: false };
}

/**
 * Every date of a span of a symbol's ledger, ascending, also those of which nothing is recorded. `start` is where the
 * ledger begins, `recorded` has the sums of whole days, and `openRuns` the runs in {@link openDay}, ascending: younger
 * minutes than the ledger's end may be recorded already, but are not accounted for yet.
 */
export function ledgerDays(
  start: EpochMicros,
  span: TimeRange,
  now: EpochMicros,
  recorded: ReadonlyMap<EpochMicros, RecordedDay>,
  openRuns: Iterable<RecordedRange>,
): LedgerDay[] {
  const end = ledgerEnd(now);
  const open = openDay(span, now);
  const days: LedgerDay[] = [];
  for (let date = floorTo(span.start, DAY); date < span.end; date += DAY) {
    const row = recorded.get(date);
    const ofDay = { start: Math.max(start, date), end: Math.min(end, date + DAY) };
    const { counts, tail } =
      open?.start === date
        ? countWithin(open, openRuns)
        : { counts: row ?? NOTHING, tail: { start: ofDay.end, isMissing: false } };
    days.push(account(date, ofDay, counts, tail, row?.changedAt));
  }
  return days;
}

function account(
  date: EpochMicros,
  span: TimeRange,
  { captured, quiet, stopped, repaired }: LedgerCounts,
  tail: LedgerTail,
  recordedAt = 0,
): LedgerDay {
  const expected = minutesIn(span);
  const missing = missingMinutes(span, captured + quiet + stopped);
  const percent = coveragePercent(expected, missing);
  return {
    date,
    expected,
    captured,
    quiet,
    stopped,
    missing,
    repaired,
    coveragePercent: percent,
    changedAt: Math.max(recordedAt, span.end + LEDGER_DELAY),
    coverageChangedAt: Math.max(recordedAt, coverageMovedAt(span, missing, tail)),
  };
}

/** Minutes by state in a part of a day, and what the last of them are. */
function countWithin(
  part: TimeRange,
  runs: Iterable<RecordedRange>,
): { readonly counts: LedgerCounts; readonly tail: LedgerTail } {
  const counts: { -readonly [State in keyof LedgerCounts]: number } = { ...NOTHING };
  let tail: LedgerTail = { start: part.start, isMissing: true };
  for (const run of runs) {
    const minutes = (Math.min(run.end, part.end) - Math.max(run.start, part.start)) / MINUTE;
    counts[run.state] += minutes;
    if (run.repaired) counts.repaired += minutes;
    tail = ledgerTail(run, part.end);
  }
  return { counts, tail };
}
