import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import { parametersOf, type ColumnValues } from './candle-row';

/** In one statement: a seventh to a fifth less time than one by one. */
const ROWS_AT_ONCE = 20;

type Values = ColumnValues[number][];

/** Inserts rows into one table, many in one statement where there are many. Inside write units only. */
export class RowInserter {
  private readonly width: number;
  private readonly one: Statement<[Values]>;
  private readonly many: Statement<[Values]>;

  /** `insert` is the statement up to the name of the table; `columns` are divided by commas. */
  constructor(database: SqliteHandle, insert: string, columns: string) {
    const row = `(${parametersOf(columns)})`;
    const head = `${insert} (${columns}) VALUES`;
    this.width = columns.split(',').length;
    this.one = database.prepare<[Values]>(`${head} ${row}`);
    this.many = database.prepare<[Values]>(`${head} ${Array.from({ length: ROWS_AT_ONCE }, () => row).join(', ')}`);
  }

  /** Inserts rows, given as their values one row after the other; returns how many were really inserted. */
  insert(values: Values): number {
    const atOnce = this.width * ROWS_AT_ONCE;
    let inserted = 0;
    let start = 0;
    for (; start + atOnce <= values.length; start += atOnce) {
      inserted += this.many.run(values.slice(start, start + atOnce)).changes;
    }
    for (; start < values.length; start += this.width) {
      inserted += this.one.run(values.slice(start, start + this.width)).changes;
    }
    return inserted;
  }
}
