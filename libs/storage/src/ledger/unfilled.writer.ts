import { subtractRanges, type TimeRange, type UnfilledRange } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

interface UnfilledRow {
  readonly start_time: number;
  readonly end_time: number;
  readonly reason: string;
  readonly asked_at: number;
}

/** Keeps why minutes are missing, as disjoint ranges. Inside write units only. */
export class UnfilledWriter {
  private readonly selectOverlapping: Statement<[string, number, number], UnfilledRow>;
  private readonly remove: Statement<[string, number]>;
  private readonly insert: Statement<[string, number, number, string, number]>;

  constructor(database: SqliteHandle) {
    this.selectOverlapping = database.prepare(
      `SELECT start_time, end_time, reason, asked_at FROM unfilled_ranges
       WHERE symbol = ? AND end_time > ? AND start_time < ?`,
    );
    this.remove = database.prepare('DELETE FROM unfilled_ranges WHERE symbol = ? AND start_time = ?');
    this.insert = database.prepare(
      'INSERT INTO unfilled_ranges (symbol, start_time, end_time, reason, asked_at) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** Puts the notes in the place of what was noted of the range before. */
  replace(symbol: string, range: TimeRange, notes: readonly UnfilledRange[]): void {
    for (const old of this.selectOverlapping.all(symbol, range.start, range.end)) {
      this.remove.run(symbol, old.start_time);
      for (const rest of subtractRanges([{ start: old.start_time, end: old.end_time }], [range])) {
        this.insert.run(symbol, rest.start, rest.end, old.reason, old.asked_at);
      }
    }
    for (const { start, end, reason, askedAt } of notes) this.insert.run(symbol, start, end, reason, askedAt);
  }
}
