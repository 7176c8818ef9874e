import { packChange, type Change, type Clock } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** Feed of the events that come in direct mode. */
export const LIVE_FEED = 'live';

/** Feed of everything that fills, accounts for or corrects the history. */
export const HISTORY_FEED = 'history';

/** Feed of a partition of the broker. */
export function partitionFeed(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** Notes what a write unit changed. Inside write units only; a change without items is none. */
export interface ChangeFeedWriter {
  note(feed: string, change: Change): void;
}

/** Of a store without readers. */
export const NO_FEED: ChangeFeedWriter = { note: () => undefined };

/** A position is taken under the write lock, so that the order by position is the order of the commits of its feed. */
export class ChangeFeedTables implements ChangeFeedWriter {
  private readonly takePosition: Statement<[string], { id: number; next_position: number }>;
  private readonly insert: Statement<[number, number, number, string, Buffer]>;

  constructor(
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    this.takePosition = database.prepare(
      `INSERT INTO feeds (name, next_position) VALUES (?, 1)
       ON CONFLICT (name) DO UPDATE SET next_position = next_position + 1 RETURNING id, next_position`,
    );
    this.insert = database.prepare(
      'INSERT INTO changes (feed, position, committed_at, kind, keys) VALUES (?, ?, ?, ?, ?)',
    );
  }

  note(feed: string, change: Change): void {
    if (change.items.length === 0) return;
    const row = this.takePosition.get(feed);
    if (!row) throw new Error(`the feed ${feed} has no position to take`);
    this.insert.run(row.id, row.next_position - 1, this.clock.now(), change.kind, packChange(change));
  }
}
