import { DAY, floorTo, type Clock, type EpochMicros } from '@app/domain';
import { findOnly, nextDayOfMinutes, removeMinutesUnit, runUnit, type Rows } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { WriteQueue } from '../database/write-queue';
import { HISTORY_FEED, type ChangeFeedWriter } from '../feed/change-feed.writer';

/** Rows that one write unit removes at most, so that it stays short. */
const ROWS_A_UNIT = 5_000;

/** Removes silver rows after their time. Gold made of them stays, and never changes any more. */
export class HistoryRetention {
  private readonly selectSymbols: Statement<[], string>;
  private readonly newestEvent: Statement<[string], { timestamp: number | null }>;
  private readonly eventAfter: Statement<[string, number, number], { timestamp: number }>;
  private readonly removeEvents: Statement<[string, number]>;

  constructor(
    private readonly queue: WriteQueue,
    database: SqliteHandle,
    private readonly rows: Rows,
    private readonly feed: ChangeFeedWriter,
    private readonly clock: Clock,
  ) {
    this.selectSymbols = database.prepare<[], string>('SELECT symbol FROM symbols ORDER BY symbol').pluck();
    this.newestEvent = database.prepare('SELECT max(timestamp) AS timestamp FROM price_events WHERE symbol = ?');
    this.eventAfter = database.prepare(
      `SELECT timestamp FROM price_events WHERE symbol = ? AND timestamp < ?
       ORDER BY timestamp LIMIT 1 OFFSET ?`,
    );
    this.removeEvents = database.prepare('DELETE FROM price_events WHERE symbol = ? AND timestamp < ?');
  }

  /** Returns how many minutes were removed: whole days, and only those of which no minute is missing. */
  async minutes(days: number, signal: AbortSignal): Promise<number> {
    const horizon = floorTo(this.clock.now(), DAY) - days * DAY;
    let removed = 0;
    for (const symbol of this.selectSymbols.all()) {
      let from: EpochMicros = 0;
      while (!signal.aborted) {
        const day = runUnit(this.rows, findOnly(nextDayOfMinutes(symbol, from)));
        if (day === undefined || day >= horizon) break;
        from = day + DAY;
        removed += await this.queue.run(() => this.removeDay(symbol, day));
      }
    }
    return removed;
  }

  private removeDay(symbol: string, day: EpochMicros): number {
    const removed = runUnit(this.rows, removeMinutesUnit(symbol, day));
    const items = removed === 0 ? [] : [{ symbol, start: day, end: day + DAY, count: removed }];
    this.feed.note(HISTORY_FEED, { kind: 'removed', items });
    return removed;
  }

  /** Returns how many events were removed; the newest one of a symbol stays. */
  async events(days: number, signal: AbortSignal): Promise<number> {
    const horizon = this.clock.now() - days * DAY;
    let removed = 0;
    for (const symbol of this.selectSymbols.all()) {
      for (let found = 1; found > 0 && !signal.aborted; removed += found) {
        found = await this.queue.run(() => {
          const until = Math.min(horizon, this.newestEvent.get(symbol)?.timestamp ?? 0);
          const bound = this.eventAfter.get(symbol, until, ROWS_A_UNIT)?.timestamp ?? until;
          const { changes: count } = this.removeEvents.run(symbol, bound);
          const items = count === 0 ? [] : [{ symbol, start: 0, end: bound, count }];
          this.feed.note(HISTORY_FEED, { kind: 'removed', items });
          return count;
        });
      }
    }
    return removed;
  }
}
