import {
  DAY,
  MINUTE,
  floorTo,
  joinRanges,
  minutesIn,
  type CoverageRange,
  type EpochMicros,
  type RecordedState,
  type TimeRange,
} from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { toCoverageRange, type CoverageRow } from './coverage-row';

/** A run of minutes that is in a recorded state. */
export interface RecordedRange extends TimeRange {
  readonly state: RecordedState;
  readonly repaired: boolean;
}

/** A minute in a recorded state, given as its start. */
export interface RecordedMinute {
  readonly minute: EpochMicros;
  readonly state: RecordedState;
  readonly repaired: boolean;
}

type DayCount = RecordedState | 'repaired';

/** Writes the coverage ledger: disjoint runs of minutes, and their sums by UTC day. Inside write units only. */
export class LedgerWriter {
  private readonly selectOverlapping: Statement<[string, number, string, number, number], CoverageRow>;
  private readonly deleteRange: Statement<[string, number]>;
  private readonly insertRange: Statement<[string, number, number, string, number]>;
  private readonly extendRange: Statement<[number, string, number]>;
  private readonly addToDay: Statement;
  private readonly deleteDays: Statement<[string, EpochMicros]>;
  private readonly stopDay: Statement<[{ symbol: string; date: EpochMicros; stoppedAt: EpochMicros }]>;
  private readonly dateDay: Statement<[{ symbol: string; date: EpochMicros }]>;

  constructor(database: SqliteHandle) {
    this.selectOverlapping = database.prepare(
      `SELECT start_time, end_time, state, repaired FROM coverage
       WHERE symbol = ? AND start_time >= coalesce(
         (SELECT max(start_time) FROM coverage WHERE start_time < ? AND symbol = ?), ?) AND start_time <= ?
       ORDER BY start_time`,
    );
    this.deleteRange = database.prepare('DELETE FROM coverage WHERE symbol = ? AND start_time = ?');
    this.insertRange = database.prepare(
      'INSERT INTO coverage (symbol, start_time, end_time, state, repaired) VALUES (?, ?, ?, ?, ?)',
    );
    this.extendRange = database.prepare('UPDATE coverage SET end_time = ? WHERE symbol = ? AND start_time = ?');
    this.addToDay = database.prepare(
      `INSERT INTO coverage_days (symbol, date, captured, quiet, stopped, repaired, changed_at)
       VALUES (@symbol, @date, @captured, @quiet, @stopped, @repaired, 0)
       ON CONFLICT (symbol, date) DO UPDATE SET
         captured = captured + excluded.captured, quiet = quiet + excluded.quiet,
         stopped = stopped + excluded.stopped, repaired = repaired + excluded.repaired`,
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
  touching(symbol: string, { start, end }: TimeRange): CoverageRange[] {
    return this.selectOverlapping
      .all(symbol, start, symbol, start, end)
      .map(toCoverageRange)
      .filter((range) => range.end >= start);
  }

  /** Puts the minutes of the range into a state, whatever they were in before. */
  record(symbol: string, range: RecordedRange): void {
    const before = this.touching(symbol, range);
    const last = before.at(-1);
    if (last?.end === range.start && last.state === range.state && last.repaired === range.repaired) {
      this.extendRange.run(range.end, symbol, last.start);
      this.countDays(symbol, range, 1);
      return;
    }
    if (before.some((old) => isWithin(range, old) && old.state === range.state && old.repaired === range.repaired))
      return;
    for (const old of before) {
      this.deleteRange.run(symbol, old.start);
      this.countDays(symbol, intersection(old, range), -1);
    }
    for (const run of joinRanges(replaced(before, range))) {
      this.insertRange.run(symbol, run.start, run.end, run.state, run.repaired ? 1 : 0);
    }
    this.countDays(symbol, range, 1);
  }

  /** Records minutes that were in no state as stopped; that it was noted is kept in the notes on stops. */
  recordStopped(symbol: string, range: TimeRange, stoppedAt: EpochMicros): void {
    this.record(symbol, { start: range.start, end: range.end, state: 'stopped', repaired: false });
    for (let date = floorTo(range.start, DAY); date < range.end; date += DAY) {
      this.stopDay.run({ symbol, date, stoppedAt });
      this.dateDay.run({ symbol, date });
    }
  }

  /** Accounts for nothing before a minute any more. */
  forgetBefore(symbol: string, minute: EpochMicros): void {
    for (const run of this.touching(symbol, { start: 0, end: minute })) {
      if (run.start >= minute) continue;
      this.deleteRange.run(symbol, run.start);
      this.countDays(symbol, intersection(run, { start: 0, end: minute }), -1);
      if (run.end > minute) this.insertRange.run(symbol, minute, run.end, run.state, run.repaired ? 1 : 0);
    }
    this.deleteDays.run(symbol, floorTo(minute, DAY));
  }

  /** Dates the account of a day anew after the candles of the day have changed; its roll-up is written before. */
  dayChanged(symbol: string, date: EpochMicros): void {
    this.dateDay.run({ symbol, date });
  }

  private countDays(symbol: string, range: CoverageRange, sign: 1 | -1): void {
    for (let date = floorTo(range.start, DAY); date < range.end; date += DAY) {
      const minutes = minutesIn({ start: Math.max(range.start, date), end: Math.min(range.end, date + DAY) });
      if (minutes <= 0) continue;
      const counts: Record<DayCount, number> = { captured: 0, quiet: 0, stopped: 0, repaired: 0 };
      if (range.state !== 'missing') counts[range.state] = sign * minutes;
      if (range.repaired) counts.repaired = sign * minutes;
      this.addToDay.run({ symbol, date, ...counts });
    }
  }
}

function intersection(a: CoverageRange, b: TimeRange): CoverageRange {
  return { ...a, start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) };
}

function isWithin(range: TimeRange, outer: TimeRange): boolean {
  return outer.start <= range.start && range.end <= outer.end;
}

/** The old runs with the range put in their place, ascending. */
function replaced(before: readonly CoverageRange[], range: RecordedRange): CoverageRange[] {
  const outside = before.flatMap((old) => [
    { ...old, end: Math.min(old.end, range.start) },
    { ...old, start: Math.max(old.start, range.end) },
  ]);
  return [...outside.filter((run) => run.start < run.end), range].sort((a, b) => a.start - b.start);
}

/** Joins neighbouring minutes of equal state to runs; the minutes are given as their starts, in any order. */
export function runsOfMinutes(minutes: Iterable<RecordedMinute>): RecordedRange[] {
  const sorted = [...minutes].sort((a, b) => a.minute - b.minute);
  return joinRanges(
    sorted.map(({ minute, state, repaired }) => ({ start: minute, end: minute + MINUTE, state, repaired })),
  );
}
