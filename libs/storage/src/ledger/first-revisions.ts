import type { MinuteCandle, RaisedRevision } from '@app/domain';
import { firstRevision } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { StopNotes } from './stop-notes';

/**
 * Which revision the first version of a minute is: a higher one where other answers have been given under those below.
 * Before any minute is written. Inside write units only.
 */
export class FirstRevisions {
  private readonly stopNotes: StopNotes;
  private readonly select: Statement<[string, number], { revision: number }>;
  private readonly selectAny: Statement;
  private readonly upsert: Statement<[RaisedRevision]>;

  constructor(database: SqliteHandle) {
    this.stopNotes = new StopNotes(database);
    this.select = database.prepare('SELECT revision FROM first_revisions WHERE symbol = ? AND open_time = ?');
    this.selectAny = database.prepare('SELECT 1 FROM first_revisions LIMIT 1');
    this.upsert = database.prepare(
      `INSERT INTO first_revisions (symbol, open_time, revision) VALUES (@symbol, @openTime, @revision)
       ON CONFLICT (symbol, open_time) DO UPDATE SET revision = max(revision, excluded.revision)`,
    );
  }

  /** Tells the one of each candle, as things stand when it is called. */
  lookup(): (candle: Pick<MinuteCandle, 'symbol' | 'openTime'>) => number {
    const wasStopped = this.stopNotes.lookup();
    const isRaised = this.selectAny.get() !== undefined;
    return (candle) => {
      const revision = firstRevision(wasStopped(candle));
      if (!isRaised) return revision;
      return Math.max(revision, this.select.get(candle.symbol, candle.openTime)?.revision ?? 0);
    };
  }

  /** Lets the versions of a minute count from a higher revision on, for good. */
  raise(raised: RaisedRevision): void {
    this.upsert.run(raised);
  }
}
