import type { Answers, Questions, RowChange, Rows, Table } from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteTable } from './sqlite-table';

/** The tables of a SQLite store, inside its write units. */
export class SqliteRows implements Rows {
  /** By description: statements are made once and kept. */
  private readonly tables = new Map<Table, SqliteTable>();

  constructor(private readonly database: SqliteHandle) {}

  load(questions: Questions): Answers {
    return questions.map((question) => {
      const table = this.of(question.table);
      if ('keys' in question) return table.byKeys(question.keys);
      return 'ranges' in question ? table.inRanges(question.ranges) : table.joined(question.joined);
    });
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const table = this.of(change.table);
      if (change.kind !== 'remove') table.write(change.kind, change.rows);
      else if ('keys' in change) table.remove(change.keys);
      else table.removeRanges(change.ranges);
    }
  }

  private of(description: Table): SqliteTable {
    let table = this.tables.get(description);
    if (!table) this.tables.set(description, (table = new SqliteTable(this.database, description)));
    return table;
  }
}
