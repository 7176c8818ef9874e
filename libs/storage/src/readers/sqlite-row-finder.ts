import { findIn, RowFinder, type Inquiry } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteRows } from '../rows/sqlite-rows';
import type { ReadStore } from './read-store';

/** Answers the questions of the rules of reading over the reading half, an inquiry in one read transaction. */
export class SqliteRowFinder extends RowFinder {
  /** By connection, as their statements are: the store opens another one for another file. */
  private readonly rows = new WeakMap<SqliteHandle, SqliteRows>();

  constructor(private readonly store: ReadStore) {
    super();
  }

  find<Found>(inquiry: Inquiry<Found>): Promise<Found> {
    return this.store.readInOneState(() => findIn(this.rowsOf(this.store.database), inquiry));
  }

  private rowsOf(database: SqliteHandle): SqliteRows {
    let rows = this.rows.get(database);
    if (!rows) {
      // Statements of the store itself: what they meet is said of it.
      const prepare = ((sql: string) => this.store.statement(sql)) as unknown as SqliteHandle['prepare'];
      rows = new SqliteRows({ prepare, pragma: database.pragma.bind(database) });
      this.rows.set(database, rows);
    }
    return rows;
  }
}
