import { HOUR, latestStamp, type Clock, type EpochMicros } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';

/** Rows that one write unit removes at most, so that it stays short. */
const ROWS_A_UNIT = 5_000;

/** Removes changes after their time: whole units, from the oldest of each feed on. */
export class ChangeRetention {
  private readonly selectFeeds: Statement<[], number>;
  private readonly selectUnits: Statement<[number, number, number], { position: number; committed_at: number }>;
  private readonly removeUntil: Statement<[number, number]>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    this.selectFeeds = database.prepare<[], number>('SELECT id FROM feeds ORDER BY id').pluck();
    this.selectUnits = database.prepare(
      'SELECT position, committed_at FROM changes WHERE feed = ? AND position > ? ORDER BY position LIMIT ?',
    );
    this.removeUntil = database.prepare('DELETE FROM changes WHERE feed = ? AND position <= ?');
  }

  /** Returns how many units were removed. */
  async run(hours: number, signal: AbortSignal): Promise<number> {
    const horizon = this.clock.now() - hours * HOUR;
    let removed = 0;
    for (const feed of this.selectFeeds.all()) {
      for (let found = 1; found > 0 && !signal.aborted; removed += found) {
        found = await this.queue.run(() => this.removeOldest(feed, horizon));
      }
    }
    return removed;
  }

  /** Up to the first unit that stays: a feed has no holes, whatever the clock did. */
  private removeOldest(feed: number, horizon: EpochMicros): number {
    const latest = latestStamp(this.clock.now());
    for (let after = -1; ;) {
      const units = this.selectUnits.all(feed, after, ROWS_A_UNIT);
      // What a clock that was ahead has stamped is as old as what follows it, and must not keep that for ever.
      const staying = units.findIndex(({ committed_at: at }) => at >= horizon && at <= latest);
      const going = staying === -1 ? units : units.slice(0, staying);
      const last = going.findLast(({ committed_at: at }) => at < horizon);
      if (last) return this.removeUntil.run(feed, last.position).changes;
      if (staying !== -1 || units.length < ROWS_A_UNIT) return 0;
      after = units.at(-1)?.position ?? Infinity;
    }
  }
}
