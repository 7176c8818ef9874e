import { DAY, floorTo, type EpochMicros, type TimeRange } from '@app/domain';
import {
  ledgerDays as daysOfLedger,
  ledgerSpan,
  openDay,
  type LedgerDay,
  type RecordedDay,
  type RecordedRange,
} from '@app/history';
import { toRecordedRange, type CoverageRow } from '../ledger/coverage-row';
import type { ReadStore } from './read-store';

interface DayRow extends RecordedDay {
  readonly date: EpochMicros;
}

const DAYS = `SELECT date, captured, quiet, stopped, repaired, changed_at AS changedAt FROM coverage_days
  WHERE symbol = ? AND date >= ? AND date < ? ORDER BY date`;

const RUNS = `SELECT start_time, end_time, state, repaired FROM coverage
  WHERE symbol = @symbol AND start_time < @end AND end_time > @start AND start_time >= coalesce(
    (SELECT max(start_time) FROM coverage WHERE symbol = @symbol AND start_time <= @start), 0)
  ORDER BY start_time`;

/** First minute of a symbol's ledger; undefined for a symbol that has none. */
export function ledgerStart(store: ReadStore, symbol: string): EpochMicros | undefined {
  return (
    store
      .statement<[string], { ledger_start: number | null }>('SELECT ledger_start FROM symbols WHERE symbol = ?')
      .get(symbol)?.ledger_start ?? undefined
  );
}

/** Every date of a symbol's ledger that the range holds: whole days from gold, the one it ends in from the ledger itself. */
export function ledgerDays(store: ReadStore, symbol: string, range: TimeRange, now: EpochMicros): LedgerDay[] {
  const start = ledgerStart(store, symbol);
  const span = ledgerSpan(start, now, range);
  if (start === undefined || !span) return [];
  const recorded = new Map(
    store
      .statement<[string, number, number], DayRow>(DAYS)
      .all(symbol, floorTo(span.start, DAY), span.end)
      .map((row) => [row.date, row]),
  );
  const open = openDay(span, now);
  return daysOfLedger(start, span, now, recorded, open ? runsIn(store, symbol, open) : []);
}

function runsIn(store: ReadStore, symbol: string, range: TimeRange): RecordedRange[] {
  return store
    .statement<[{ symbol: string } & TimeRange], CoverageRow>(RUNS)
    .all({ symbol, ...range })
    .map(toRecordedRange);
}
