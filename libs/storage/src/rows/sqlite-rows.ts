import {
  RowNotNewError,
  type Answers,
  type ColumnValue,
  type Questions,
  type RowChange,
  type Rows,
  type Table,
} from '@app/history';
import type { SqliteHandle } from '../database/sqlite-connection';
import { SqliteTable, type SqlValue } from './sqlite-table';

/** New rows in one statement: a seventh to a fifth less time than one by one. Of others, none. */
const NEW_ROWS_AT_ONCE = 20;

/** The tables of a SQLite store, inside its write units. */
export class SqliteRows implements Rows {
  /** By description: statements are made once and kept. */
  private readonly tables = new Map<Table, SqliteTable>();

  constructor(private readonly database: SqliteHandle) {}

  load(questions: Questions): Answers {
    return questions.map((question) => {
      const table = this.of(question.table);
      return 'keys' in question ? table.byKeys(question.keys) : table.inRanges(question.ranges);
    });
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const table = this.of(change.table);
      if (change.kind === 'remove') {
        table.remove(change.keys);
        continue;
      }
      const { kind, rows } = change;
      try {
        for (let start = 0, end = 0; start < rows.length; start = end) {
          const count = kind === 'add' && start + NEW_ROWS_AT_ONCE <= rows.length ? NEW_ROWS_AT_ONCE : 1;
          end = start + count;
          const values: ColumnValue[] = [];
          for (const row of rows.slice(start, end)) values.push(...change.table.valuesOf(row));
          table.toWrite(kind, count).run(table.hasFlags ? values.map(toSqlValue) : (values as SqlValue[]));
        }
      } catch (error) {
        if (kind === 'add' && isKeyConflict(error)) throw new RowNotNewError(change.table.name);
        throw error;
      }
    }
  }

  private of(description: Table): SqliteTable {
    let table = this.tables.get(description);
    if (!table) this.tables.set(description, (table = new SqliteTable(this.database, description)));
    return table;
  }
}

function toSqlValue(value: ColumnValue): SqlValue {
  return typeof value === 'boolean' ? Number(value) : value;
}

function isKeyConflict(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}
