import { DAY, floorTo, type EpochMicros, type RecordedState, type TimeRange } from '@app/domain';
import type { DayDifference, LedgerChange, LedgerCounts, RecordedRange } from '../ledger-runs';
import type { RowKey } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type KeyRange, type RowChange, type WrittenRows } from '../rows/unit';
import { COVERAGE, COVERAGE_DAYS, DAY_CAPTURES, type CoverageDayRow, type CoverageRow } from './ledger-tables';

/** A range of a symbol's ledger. */
export interface SymbolRange {
  readonly symbol: string;
  readonly range: TimeRange;
}

/** A UTC day of a symbol. */
export interface SymbolDay {
  readonly symbol: string;
  readonly date: EpochMicros;
}

/** A day of the ledger as it is stored. */
interface StoredDay extends SymbolDay {
  readonly row: CoverageDayRow | undefined;
  /** When the newest capture of its minutes came. */
  readonly capturedAt: EpochMicros;
}

/** What is stored around minutes whose account changes. */
interface LedgerAround {
  /** Of each range, the recorded runs that overlap it or touch it, ascending. */
  readonly runs: readonly (readonly RecordedRange[])[];
  /** In the order in which they were asked for. */
  readonly days: readonly StoredDay[];
}

/** Finds the runs around ranges, and what is stored of days; their roll-ups are written before. */
export function* ledgerAround(ranges: readonly SymbolRange[], days: readonly SymbolDay[]): Inquiry<LedgerAround> {
  const keys = days.map(({ symbol, date }) => [symbol, date] as const);
  const [last, rows, captures] = yield* ask(
    inRanges(COVERAGE, ranges.map(lastRunBy)),
    byKeys(COVERAGE_DAYS, keys),
    byKeys(DAY_CAPTURES, keys),
  );
  return {
    runs: yield* runsBefore(ranges, last),
    days: days.map(({ symbol, date }, index) => ({
      symbol,
      date,
      row: rows[index],
      capturedAt: captures[index]?.capturedAt ?? 0,
    })),
  };
}

/** Recorded runs that overlap a range or touch it, ascending. */
export function* runsTouching(symbol: string, range: TimeRange): Inquiry<readonly RecordedRange[]> {
  const { runs } = yield* ledgerAround([{ symbol, range }], []);
  return runs.flat();
}

/** The last run that begins by the end of a range: what is captured live touches no other. */
function lastRunBy({ symbol, range }: SymbolRange): KeyRange {
  return { prefix: [symbol], until: range.end + 1, only: 'last' };
}

/** All runs that touch the ranges, with the `last` one of each: others are asked for where it begins within its range. */
function* runsBefore(
  ranges: readonly SymbolRange[],
  last: readonly (readonly CoverageRow[])[],
): Inquiry<readonly (readonly RecordedRange[])[]> {
  const asked: KeyRange[] = [];
  const places: number[] = [];
  for (const [index, { symbol, range }] of ranges.entries()) {
    const run = last[index]?.[0];
    if (!run || run.startTime < range.start) continue;
    places.push(index);
    asked.push(
      { prefix: [symbol], until: range.start, only: 'last' },
      { prefix: [symbol], from: range.start, until: run.startTime },
    );
  }
  const [before] = yield* ask(inRanges(COVERAGE, asked));
  const runs: (readonly CoverageRow[])[] = [...last];
  for (const [index, place] of places.entries()) {
    runs[place] = [...(before[2 * index] ?? []), ...(before[2 * index + 1] ?? []), ...(last[place] ?? [])];
  }
  return runs.map((ofRange, index) => {
    const start = ranges[index]?.range.start ?? 0;
    return ofRange.filter(({ endTime }) => endTime >= start).map(toRecordedRange);
  });
}

/** Runs around ascending ranges, each once: one may touch several of them. */
export function distinctRuns(runs: readonly (readonly RecordedRange[])[]): RecordedRange[] {
  return runs.flat().filter(({ start }, index, all) => all[index - 1]?.start !== start);
}

export function toRecordedRange({ startTime, endTime, state, repaired }: CoverageRow): RecordedRange {
  return { start: startTime, end: endTime, state: state as RecordedState, repaired };
}

/** The dates that minutes are in, each once. */
export function datesOfMinutes(minutes: Iterable<EpochMicros>): Set<EpochMicros> {
  const dates = new Set<EpochMicros>();
  for (const minute of minutes) dates.add(floorTo(minute, DAY));
  return dates;
}

/** What becomes of the tables of the ledger, of all symbols of a unit. */
export class LedgerChanges {
  private readonly removed: RowKey[] = [];
  private readonly runs: CoverageRow[] = [];
  private readonly days: CoverageDayRow[] = [];

  changeRuns(symbol: string, { removed, written }: Pick<LedgerChange, 'removed' | 'written'>): void {
    for (const start of removed) this.removed.push([symbol, start]);
    for (const { start, end, state, repaired } of written) {
      this.runs.push({ symbol, startTime: start, endTime: end, state, repaired });
    }
  }

  /**
   * Dates the account of days anew, for their minutes have changed, and brings their sums up to date: `days` are all that
   * the differences are of, at least.
   *
   * @param stoppedAt when it was noted that the exchange does not have some of their minutes
   */
  changeDays(days: readonly StoredDay[], differences: readonly DayDifference[], stoppedAt?: EpochMicros): void {
    let applied = 0;
    for (const day of days) {
      const counts = differences.find(({ date }) => date === day.date)?.counts;
      if (counts) applied += 1;
      const row = dayAfter(day, counts, stoppedAt);
      if (row) this.days.push(row);
    }
    if (applied < differences.length) throw new Error('the sums change of a day that was not asked for');
  }

  all(): RowChange[] {
    return [
      { kind: 'remove', table: COVERAGE, keys: this.removed },
      { kind: 'put', table: COVERAGE, rows: this.runs } satisfies WrittenRows<CoverageRow>,
      { kind: 'put', table: COVERAGE_DAYS, rows: this.days } satisfies WrittenRows<CoverageDayRow>,
    ];
  }
}

/** When the account of a day last changed: the newest capture in it, or the last note on a stop. */
export function accountChangedAt(stoppedAt: EpochMicros | null, capturedAt: EpochMicros): EpochMicros {
  return Math.max(stoppedAt ?? 0, capturedAt);
}

/** A day as it is to be stored; undefined where nothing changes, or the day has no row and no counts. */
function dayAfter(
  { symbol, date, row, capturedAt }: StoredDay,
  counts: LedgerCounts | undefined,
  noted: EpochMicros | undefined,
): CoverageDayRow | undefined {
  if (!row && !counts) return undefined;
  const known = row?.stoppedAt ?? null;
  const stoppedAt = noted === undefined ? known : Math.max(known ?? noted, noted);
  const changedAt = accountChangedAt(stoppedAt, capturedAt);
  if (row && !counts && row.changedAt === changedAt && known === stoppedAt) return undefined;
  return {
    symbol,
    date,
    captured: (row?.captured ?? 0) + (counts?.captured ?? 0),
    quiet: (row?.quiet ?? 0) + (counts?.quiet ?? 0),
    stopped: (row?.stopped ?? 0) + (counts?.stopped ?? 0),
    repaired: (row?.repaired ?? 0) + (counts?.repaired ?? 0),
    changedAt,
    stoppedAt,
  };
}
