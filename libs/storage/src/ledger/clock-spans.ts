import type { ClockSpan } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** Keeps which stamps a clock that was ahead has given. Writes inside write units only. */
export class ClockSpans {
  private readonly selectAll: Statement<[], ClockSpan>;
  private readonly selectOpen: Statement<[], ClockSpan>;
  private readonly insert: Statement<[number, number, number, number]>;
  private readonly close: Statement<[ClockSpan]>;

  constructor(database: SqliteHandle) {
    const columns = 'start_time AS start, end_time AS "end", until';
    this.selectAll = database.prepare(`SELECT ${columns} FROM clock_spans ORDER BY start_time, end_time, until`);
    this.selectOpen = database.prepare(`SELECT ${columns} FROM clock_spans WHERE settled = 0 ORDER BY start_time`);
    this.insert = database.prepare(
      'INSERT OR IGNORE INTO clock_spans (start_time, end_time, until, settled) VALUES (?, ?, ?, ?)',
    );
    this.close = database.prepare(
      'UPDATE clock_spans SET settled = 1 WHERE start_time = @start AND end_time = @end AND until = @until',
    );
  }

  all(): readonly ClockSpan[] {
    return this.selectAll.all();
  }

  /** Those that the stored rows have not been held against yet. */
  open(): readonly ClockSpan[] {
    return this.selectOpen.all();
  }

  /** `isSettled` where no row of it is stored yet. */
  note({ start, end, until }: ClockSpan, isSettled = false): void {
    this.insert.run(start, end, until, isSettled ? 1 : 0);
  }

  settled(span: ClockSpan): void {
    this.close.run(span);
  }
}
