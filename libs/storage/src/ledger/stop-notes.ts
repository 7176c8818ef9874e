import { subtractRanges, type EpochMicros, type MinuteCandle, type TimeRange } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/**
 * Keeps when it was noted of minutes that the exchange does not have them, also where they come after all. Of several
 * notes on one minute the first stays. Inside write units only.
 */
export class StopNotes {
  private readonly selectOverlapping: Statement<[{ symbol: string } & TimeRange], TimeRange>;
  private readonly selectLastBefore: Statement<[string, number], { end_time: number }>;
  private readonly selectAny: Statement;
  private readonly selectLastEnd: Statement<[string], { end_time: number }>;
  private readonly insert: Statement<[string, number, number, number]>;

  constructor(database: SqliteHandle) {
    this.selectOverlapping = database.prepare(
      `SELECT start_time AS start, end_time AS "end" FROM stop_notes
       WHERE symbol = @symbol AND start_time < @end AND end_time > @start
         AND start_time >= coalesce(
           (SELECT max(start_time) FROM stop_notes WHERE symbol = @symbol AND start_time <= @start), 0)`,
    );
    this.selectLastBefore = database.prepare(
      'SELECT end_time FROM stop_notes WHERE symbol = ? AND start_time <= ? ORDER BY start_time DESC LIMIT 1',
    );
    this.selectAny = database.prepare('SELECT 1 FROM stop_notes LIMIT 1');
    this.selectLastEnd = database.prepare(
      'SELECT end_time FROM stop_notes WHERE symbol = ? ORDER BY start_time DESC LIMIT 1',
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

  /** Tells of each candle whether its minute was noted as stopped, as things stand when it is called. */
  lookup(): (candle: Pick<MinuteCandle, 'symbol' | 'openTime'>) => boolean {
    if (this.selectAny.get() === undefined) return () => false;
    const lastEnds = new Map<string, EpochMicros>();
    return ({ symbol, openTime }) => {
      let lastEnd = lastEnds.get(symbol);
      if (lastEnd === undefined) {
        lastEnd = this.selectLastEnd.get(symbol)?.end_time ?? 0;
        lastEnds.set(symbol, lastEnd);
      }
      // What is captured live lies behind all of them.
      if (openTime >= lastEnd) return false;
      const end = this.selectLastBefore.get(symbol, openTime)?.end_time;
      return end !== undefined && openTime < end;
    };
  }
}
