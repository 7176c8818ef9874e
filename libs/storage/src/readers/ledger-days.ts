import {
  DAY,
  LEDGER_DELAY,
  MINUTE,
  ceilTo,
  coverageMovedAt,
  coveragePercent,
  floorTo,
  ledgerEnd,
  minutesIn,
  missingMinutes,
  type DayQuality,
  type EpochMicros,
  type LedgerTail,
  type RecordedState,
  type TimeRange,
} from '@app/domain';
import type { CoverageRow } from '../ledger/coverage-row';
import type { ReadStore } from './read-store';

/** The account of one UTC day, in minutes of the ledger's span. */
export interface LedgerDay extends Omit<DayQuality, 'symbol' | 'verified'> {
  /** When its percentage, which moves on more rarely than its minutes, last became what it is. */
  readonly coverageChangedAt: EpochMicros;
}

type Counts = Record<RecordedState | 'repaired', number>;

interface CountsRow extends Counts {
  readonly date: number;
  readonly changed_at: number;
}

const COUNTS = `SELECT date, captured, quiet, stopped, repaired, changed_at FROM coverage_days
  WHERE symbol = ? AND date >= ? AND date < ? ORDER BY date`;

const RUNS = `SELECT start_time, end_time, state, repaired FROM coverage
  WHERE symbol = @symbol AND start_time < @end AND end_time > @start AND start_time >= coalesce(
    (SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @start), 0)
  ORDER BY start_time`;

const NOTHING: Counts = { captured: 0, quiet: 0, stopped: 0, repaired: 0 };

/** First minute of a symbol's ledger; undefined for a symbol that has none. */
function ledgerStart(store: ReadStore, symbol: string): EpochMicros | undefined {
  return (
    store
      .statement<[string], { ledger_start: number | null }>('SELECT ledger_start FROM symbols WHERE symbol = ?')
      .get(symbol)?.ledger_start ?? undefined
  );
}

/** What the last minutes of a ledger that ends at `end` are, by its last run. */
export function ledgerTail(
  { start_time: start, end_time: until }: Pick<CoverageRow, 'start_time' | 'end_time'>,
  end: EpochMicros,
): LedgerTail {
  return until < end ? { start: until, isMissing: true } : { start, isMissing: false };
}

/** The dates of a symbol's ledger; undefined for one that has none yet. */
export function ledgerDates(store: ReadStore, symbol: string, now: EpochMicros): TimeRange | undefined {
  const start = ledgerStart(store, symbol);
  const end = ledgerEnd(now);
  return start === undefined || start >= end ? undefined : { start: floorTo(start, DAY), end: ceilTo(end, DAY) };
}

/**
 * Every date of a symbol's ledger that the range holds, ascending, also those of which nothing is recorded. Whole days
 * come from gold; the day in which the ledger ends comes from the ledger itself, up to its end: younger minutes may be
 * recorded already, but are not accounted for yet.
 */
export function ledgerDays(store: ReadStore, symbol: string, range: TimeRange, now: EpochMicros): LedgerDay[] {
  const start = ledgerStart(store, symbol);
  if (start === undefined) return [];
  const end = ledgerEnd(now);
  const span = { start: Math.max(start, range.start), end: Math.min(end, range.end) };
  if (span.start >= span.end) return [];
  const recorded = new Map(
    store
      .statement<[string, number, number], CountsRow>(COUNTS)
      .all(symbol, floorTo(span.start, DAY), span.end)
      .map((row) => [row.date, row]),
  );
  const days: LedgerDay[] = [];
  for (let date = floorTo(span.start, DAY); date < span.end; date += DAY) {
    const row = recorded.get(date);
    const span = { start: Math.max(start, date), end: Math.min(end, date + DAY) };
    const open = date + DAY > end ? countUntil(store, symbol, { start: date, end }) : undefined;
    const closed = { start: span.end, isMissing: false };
    days.push(account(date, span, open?.counts ?? row ?? NOTHING, open?.tail ?? closed, row?.changed_at));
  }
  return days;
}

function account(
  date: EpochMicros,
  span: TimeRange,
  { captured, quiet, stopped, repaired }: Counts,
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
function countUntil(
  store: ReadStore,
  symbol: string,
  part: TimeRange,
): { readonly counts: Counts; readonly tail: LedgerTail } {
  const counts = { ...NOTHING };
  let tail = { start: part.start, isMissing: true };
  const runs = store.statement<[{ symbol: string } & TimeRange], CoverageRow>(RUNS).all({ symbol, ...part });
  for (const run of runs) {
    const minutes = (Math.min(run.end_time, part.end) - Math.max(run.start_time, part.start)) / MINUTE;
    counts[run.state as RecordedState] += minutes;
    if (run.repaired === 1) counts.repaired += minutes;
    tail = ledgerTail(run, part.end);
  }
  return { counts, tail };
}
