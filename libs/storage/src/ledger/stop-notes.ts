import { subtractRanges, type EpochMicros, type TimeRange } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/**
 * Keeps when it was noted of minutes that the exchange does not have them, also where they come after all. Of several
 * notes on one minute the first stays. Inside write units only.
 */
export class StopNotes {
  private readonly selectOverlapping: Statement<[{ symbol: string } & TimeRange], TimeRange>;
  private readonly insert: Statement<[string, number, number, number]>;

  constructor(database: SqliteHandle) {
    this.selectOverlapping = database.prepare(
      `SELECT start_time AS start, end_time AS "end" FROM stop_notes
       WHERE symbol = @symbol AND start_time < @end AND end_time > @start
         AND start_time >= coalesce(
           (SELECT max(start_time) FROM stop_notes WHERE symbol = @symbol AND start_time <= @start), 0)`,
    );
    this.insert = database.prepare(
      'INSERT INTO stop_notes (symbol, start_time, end_time, noted_at) VALUES (?, ?, ?, ?)',
    );
  }

  note(symbol: string, { start, end }: TimeRange, notedAt: EpochMicros): void {
    const known = this.selectOverlapping.all({ symbol, start, end });
    for (const rest of subtractRanges([{ start, end }], known)) {
      this.insert.run(symbol, rest.start, rest.end, notedAt);
    }
  }
}
