import { setImmediate as nextTurn } from 'node:timers/promises';
import { findIn, RowFinder, type Inquiry } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from './sqlite-rows';

/** The tables of a SQLite store for long work outside its write units; other work of the process runs in between. */
export class SqliteBackgroundFinder extends RowFinder {
  private readonly rows: SqliteRows;

  constructor(private readonly database: SqliteHandle) {
    super();
    this.rows = new SqliteRows(database);
  }

  async find<Found>(inquiry: Inquiry<Found>): Promise<Found> {
    // A transaction for each, for a row moves from table to table when it is superseded, and one held open keeps the `-wal`.
    const found = this.database.transaction(() => findIn(this.rows, inquiry))();
    await nextTurn();
    return found;
  }
}
