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

  constructor(database: SqliteHandle) {
    this.selectOverlapping = database.prepare(
      `SELECT start_time, end_time, state, repaired FROM coverage
       WHERE symbol = ? AND start_time >= coalesce(
         (SELECT max(start_time) FROM coverage WHERE start_time <= ? AND symbol = ?), ?) AND start_time <= ?
       ORDER BY start_time`,
    );
    this.deleteRange = database.prepare('DELETE FROM coverage WHERE symbol = ? AND start_time = ?');
    this.insertRange = database.prepare(
      'INSERT INTO coverage (symbol, start_time, end_time, state, repaired) VALUES (?, ?, ?, ?, ?)',
    );
    this.extendRange = database.prepare('UPDATE coverage SET end_time = ? WHERE symbol = ? AND start_time = ?');
    this.addToDay = database.prepare(
      `INSERT INTO coverage_days (symbol, date, captured, quiet, stopped, repaired, changed_at)
       VALUES (@symbol, @date, @captured, @quiet, @stopped, @repaired, @changedAt)
       ON CONFLICT (symbol, date) DO UPDATE SET
         captured = captured + excluded.captured, quiet = quiet + excluded.quiet,
         stopped = stopped + excluded.stopped, repaired = repaired + excluded.repaired,
         changed_at = max(changed_at, excluded.changed_at)`,
    );
  }

  /** Recorded runs that overlap the range or touch it, ascending. */
  touching(symbol: string, { start, end }: TimeRange): CoverageRange[] {
    return this.selectOverlapping
      .all(symbol, start, symbol, start, end)
      .map(toCoverageRange)
      .filter((range) => range.end >= start);
  }

  /**
   * Puts the minutes of the range into a state, whatever they were in before. A minute keeps its `repaired` flag when
   * it had one: the flag tells of its first capture.
   */
  record(symbol: string, range: RecordedRange, changedAt: EpochMicros): void {
    const before = this.touching(symbol, range);
    const last = before.at(-1);
    if (last?.end === range.start && last.state === range.state && last.repaired === range.repaired) {
      this.extendRange.run(range.end, symbol, last.start);
      this.countDays(symbol, range, changedAt, 1);
      return;
    }
    for (const old of before) {
      this.deleteRange.run(symbol, old.start);
      this.countDays(symbol, intersection(old, range), changedAt, -1);
    }
    for (const run of joinRanges(replaced(before, range))) {
      this.insertRange.run(symbol, run.start, run.end, run.state, run.repaired ? 1 : 0);
    }
    for (const part of newParts(before, range)) this.countDays(symbol, part, changedAt, 1);
  }

  private countDays(symbol: string, range: CoverageRange, changedAt: EpochMicros, sign: 1 | -1): void {
    for (let date = floorTo(range.start, DAY); date < range.end; date += DAY) {
      const minutes = minutesIn({ start: Math.max(range.start, date), end: Math.min(range.end, date + DAY) });
      if (minutes <= 0) continue;
      const counts: Record<DayCount, number> = { captured: 0, quiet: 0, stopped: 0, repaired: 0 };
      if (range.state !== 'missing') counts[range.state] = sign * minutes;
      if (range.repaired) counts.repaired = sign * minutes;
      this.addToDay.run({ symbol, date, ...counts, changedAt });
    }
  }
}

function intersection(a: CoverageRange, b: TimeRange): CoverageRange {
  return { ...a, start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) };
}

/** What the range itself becomes: the flag of minutes that were captured before wins over the new one. */
function newParts(before: readonly CoverageRange[], range: RecordedRange): CoverageRange[] {
  const parts: CoverageRange[] = [];
  let position = range.start;
  for (const old of before) {
    const overlap = intersection(old, range);
    if (overlap.start >= overlap.end || old.state === 'stopped') continue;
    if (overlap.start > position) parts.push({ ...range, start: position, end: overlap.start });
    parts.push({ ...range, start: overlap.start, end: overlap.end, repaired: old.repaired });
    position = overlap.end;
  }
  if (position < range.end) parts.push({ ...range, start: position, end: range.end });
  return parts;
}

/** The old runs with the range put in their place, ascending. */
function replaced(before: readonly CoverageRange[], range: RecordedRange): CoverageRange[] {
  const outside = before.flatMap((old) => [
    { ...old, end: Math.min(old.end, range.start) },
    { ...old, start: Math.max(old.start, range.end) },
  ]);
  return [...outside.filter((run) => run.start < run.end), ...newParts(before, range)].sort(
    (a, b) => a.start - b.start,
  );
}

/** Joins neighbouring minutes of equal state to runs; the minutes are given as their starts, in any order. */
export function runsOfMinutes(minutes: Iterable<RecordedMinute>): RecordedRange[] {
  const sorted = [...minutes].sort((a, b) => a.minute - b.minute);
  return joinRanges(
    sorted.map(({ minute, state, repaired }) => ({ start: minute, end: minute + MINUTE, state, repaired })),
  );
}
