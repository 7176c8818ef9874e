import { DAY, floorTo, type EpochMicros, type TimeRange } from '@app/domain';
import { forgetBefore, recordRuns, type LedgerChange, type RecordedRange } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { rangeOfValues, type CoverageValues } from './coverage-row';

/** Writes the coverage ledger: disjoint runs of minutes, and their sums by UTC day. Inside write units only. */
export class LedgerWriter {
  /** The last two runs that begin by a time, the later one first. */
  private readonly selectLast: Statement<[string, number], CoverageValues>;
  private readonly selectOverlapping: Statement<[string, number, string, number, number], CoverageValues>;
  private readonly deleteRange: Statement<[string, number]>;
  private readonly insertRange: Statement<[string, number, number, string, number]>;
  private readonly extendRange: Statement<[number, string, number]>;
  private readonly addToDay: Statement<[string, EpochMicros, number, number, number, number, string, EpochMicros]>;
  private readonly deleteDays: Statement<[string, EpochMicros]>;
  private readonly stopDay: Statement<[{ symbol: string; date: EpochMicros; stoppedAt: EpochMicros }]>;
  private readonly dateDay: Statement<[{ symbol: string; date: EpochMicros }]>;

  constructor(database: SqliteHandle) {
    this.selectLast = database
      .prepare<[string, number], CoverageValues>(
        `SELECT start_time, end_time, state, repaired FROM coverage
         WHERE symbol = ? AND start_time <= ? ORDER BY start_time DESC LIMIT 2`,
      )
      .raw();
    this.selectOverlapping = database
      .prepare<[string, number, string, number, number], CoverageValues>(
        `SELECT start_time, end_time, state, repaired FROM coverage
         WHERE symbol = ? AND start_time >= coalesce(
           (SELECT max(start_time) FROM coverage WHERE start_time < ? AND symbol = ?), ?) AND start_time <= ?
         ORDER BY start_time`,
      )
      .raw();
    this.deleteRange = database.prepare('DELETE FROM coverage WHERE symbol = ? AND start_time = ?');
    this.insertRange = database.prepare(
      'INSERT INTO coverage (symbol, start_time, end_time, state, repaired) VALUES (?, ?, ?, ?, ?)',
    );
    this.extendRange = database.prepare('UPDATE coverage SET end_time = ? WHERE symbol = ? AND start_time = ?');
    this.addToDay = database.prepare(
      `INSERT INTO coverage_days (symbol, date, captured, quiet, stopped, repaired, changed_at)
       VALUES (?, ?, ?, ?, ?, ?,
         coalesce((SELECT captured_at FROM candles_1d WHERE symbol = ? AND open_time = ?), 0))
       ON CONFLICT (symbol, date) DO UPDATE SET
         captured = captured + excluded.captured, quiet = quiet + excluded.quiet,
         stopped = stopped + excluded.stopped, repaired = repaired + excluded.repaired,
         changed_at = max(coalesce(stopped_at, 0), excluded.changed_at)`,
    );
    this.deleteDays = database.prepare('DELETE FROM coverage_days WHERE symbol = ? AND date < ?');
    this.stopDay = database.prepare(
      `UPDATE coverage_days SET stopped_at = max(coalesce(stopped_at, @stoppedAt), @stoppedAt)
       WHERE symbol = @symbol AND date = @date`,
    );
    this.dateDay = database.prepare(
      `UPDATE coverage_days SET changed_at = max(coalesce(stopped_at, 0), coalesce(
         (SELECT captured_at FROM candles_1d WHERE candles_1d.symbol = coverage_days.symbol AND open_time = date), 0))
       WHERE symbol = @symbol AND date = @date`,
    );
  }

  /** Recorded runs that overlap the range or touch it, ascending. */
  touching(symbol: string, { start, end }: TimeRange): RecordedRange[] {
    return (this.lastTouching(symbol, start, end) ?? this.allTouching(symbol, start, end)).filter(
      (range) => range.end >= start,
    );
  }

  /** What is captured live touches one run or two; undefined where there may be more. */
  private lastTouching(symbol: string, start: EpochMicros, end: EpochMicros): RecordedRange[] | undefined {
    const [last, before] = this.selectLast.all(symbol, end);
    if (!last) return [];
    if (last[0] < start || !before) return [rangeOfValues(last)];
    return before[0] < start ? [rangeOfValues(before), rangeOfValues(last)] : undefined;
  }

  private allTouching(symbol: string, start: EpochMicros, end: EpochMicros): RecordedRange[] {
    return this.selectOverlapping.all(symbol, start, symbol, start, end).map(rangeOfValues);
  }

  /** Recorded runs that overlap any of the ranges or touch one, ascending; the ranges are ascending. */
  around(symbol: string, ranges: readonly TimeRange[]): RecordedRange[] {
    const found = new Map<EpochMicros, RecordedRange>();
    for (const span of neighbourhoods(ranges)) {
      for (const run of this.touching(symbol, span)) found.set(run.start, run);
    }
    return [...found.values()];
  }

  /**
   * Puts minutes into states, whatever they were in before: runs that are ascending and disjoint. Days whose sums change are
   * dated by it; their roll-ups are written before.
   *
   * @param before the recorded runs around them
   * @returns the days whose sums have changed
   */
  record(
    symbol: string,
    runs: readonly RecordedRange[],
    before: readonly RecordedRange[] = this.around(symbol, runs),
  ): ReadonlySet<EpochMicros> {
    return this.apply(symbol, recordRuns(before, runs));
  }

  /** Records minutes that were in no state as stopped; that it was noted is kept in the notes on stops. */
  recordStopped(symbol: string, range: TimeRange, stoppedAt: EpochMicros): void {
    this.record(symbol, [{ start: range.start, end: range.end, state: 'stopped', repaired: false }]);
    for (let date = floorTo(range.start, DAY); date < range.end; date += DAY) {
      this.stopDay.run({ symbol, date, stoppedAt });
      this.dateDay.run({ symbol, date });
    }
  }

  /** Accounts for nothing before a minute any more. */
  forgetBefore(symbol: string, minute: EpochMicros): void {
    const before = this.touching(symbol, { start: 0, end: minute }).filter(({ start }) => start < minute);
    this.apply(symbol, forgetBefore(before, minute));
    this.deleteDays.run(symbol, floorTo(minute, DAY));
  }

  /** Dates the account of a day anew after the candles of the day have changed; its roll-up is written before. */
  dayChanged(symbol: string, date: EpochMicros): void {
    this.dateDay.run({ symbol, date });
  }

  /** Returns the days whose sums have changed. */
  private apply(symbol: string, { removed, moved, added, days }: LedgerChange): ReadonlySet<EpochMicros> {
    for (const { start, end } of moved) this.extendRange.run(end, symbol, start);
    for (const start of removed) this.deleteRange.run(symbol, start);
    for (const run of added) this.insertRange.run(symbol, run.start, run.end, run.state, run.repaired ? 1 : 0);
    for (const { date, counts } of days) {
      const { captured, quiet, stopped, repaired } = counts;
      this.addToDay.run(symbol, date, captured, quiet, stopped, repaired, symbol, date);
    }
    return new Set(days.map(({ date }) => date));
  }
}

/** The spans that hold the ranges, where what lies between two of them is less than a day. */
function neighbourhoods(ranges: readonly TimeRange[]): TimeRange[] {
  const spans: { start: EpochMicros; end: EpochMicros }[] = [];
  for (const { start, end } of ranges) {
    const last = spans.at(-1);
    if (last && start - last.end < DAY) last.end = Math.max(last.end, end);
    else spans.push({ start, end });
  }
  return spans;
}
