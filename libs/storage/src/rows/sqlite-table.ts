import { RowNotNewError, type ColumnValue, type KeyRange, type KeyValue, type RowKey, type Table } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/**
 * New rows in one statement take a third less time than one by one, and with more of them it stays so. Other rows take more:
 * a statement that may have to take back its first rows keeps a copy of each page that it changes.
 */
const ROWS_AT_ONCE = 10;

type SqlValue = string | number | null;

/** What a change does with rows. */
type RowWrite = 'add' | 'ensure' | 'put';

/** The statements of one table, made of its description when they are first needed. */
export class SqliteTable {
  private readonly columns: string;
  private readonly fields: readonly string[];
  private readonly flags: readonly string[];
  private readonly keyColumns: readonly string[];
  /** By how many rows they write. */
  private readonly writes: Readonly<Record<RowWrite, Map<number, Statement<[SqlValue[]]>>>> = {
    add: new Map(),
    ensure: new Map(),
    put: new Map(),
  };
  private readonly selects = new Map<string, Statement<[readonly KeyValue[]], object>>();
  private readonly joinedSelects = new Map<string, Statement<[readonly KeyValue[]], string | null>>();
  private deletion: Statement<[RowKey]> | undefined;

  constructor(
    private readonly database: SqliteHandle,
    private readonly table: Table,
  ) {
    const names = new Map(table.columns.map(({ field, name }) => [field, name]));
    this.fields = table.columns.map(({ field }) => field);
    this.flags = table.columns.filter(({ type }) => type === 'flag').map(({ field }) => field);
    this.columns = table.columns.map(({ name }) => quoted(name)).join(', ');
    this.keyColumns = table.key.map((field) => quoted(names.get(field) ?? field));
  }

  /** The row under each key. */
  byKeys(keys: readonly RowKey[]): (object | undefined)[] {
    const select = this.select(this.keyColumns.map((column) => `${column} = ?`));
    return keys.map((key) => {
      const row = select.get(key);
      return row && this.flags.length > 0 ? this.withFlags(row) : row;
    });
  }

  /** The rows of each range, in the order of their keys. */
  inRanges(ranges: readonly KeyRange[]): object[][] {
    return ranges.map((range) => this.inRange(range));
  }

  /** The rows of each range as one text. */
  joined(ranges: readonly KeyRange[]): string[] {
    return ranges.map((range) => {
      const { conditions, values } = this.conditionsOf(range);
      return this.joinedSelect(conditions, range.prefix.length).get(values) ?? '';
    });
  }

  write(kind: RowWrite, rows: readonly object[]): void {
    try {
      const atOnce = kind === 'add' ? ROWS_AT_ONCE : 1;
      for (let start = 0; start < rows.length; start += atOnce) {
        const end = Math.min(start + atOnce, rows.length);
        this.writeOf(kind, end - start).run(this.valuesOf(rows, start, end));
      }
    } catch (error) {
      if (kind === 'add' && isKeyConflict(error)) throw new RowNotNewError(this.table.name);
      throw error;
    }
  }

  remove(keys: readonly RowKey[]): void {
    if (keys.length === 0) return;
    this.deletion ??= this.database.prepare(
      `DELETE FROM ${this.table.name} WHERE ${this.keyColumns.map((column) => `${column} = ?`).join(' AND ')}`,
    );
    for (const key of keys) this.deletion.run(key);
  }

  private inRange(range: KeyRange): object[] {
    const { conditions, values } = this.conditionsOf(range);
    const rows = this.select(conditions).all(values);
    return this.flags.length > 0 ? rows.map((row) => this.withFlags(row)) : rows;
  }

  private conditionsOf({ prefix, from, until }: KeyRange): { conditions: string[]; values: KeyValue[] } {
    // The plus keeps SQLite from looking at the value: to sort by a column that a parameter holds still, it would make the
    // statement anew each time that another value is bound, which takes longer than reading a row or two.
    const conditions = prefix.map((_, index) => `${this.keyColumns[index]} = +?`);
    const values: KeyValue[] = [...prefix];
    const next = this.keyColumns[prefix.length];
    for (const [bound, comparison] of [
      [from, '>='],
      [until, '<'],
    ] as const) {
      if (bound === undefined || next === undefined) continue;
      conditions.push(`${next} ${comparison} ?`);
      values.push(bound);
    }
    return { conditions, values };
  }

  private select(conditions: readonly string[]): Statement<[readonly KeyValue[]], object> {
    const where = whereOf(conditions);
    let select = this.selects.get(where);
    if (!select) {
      const columns = this.table.columns.map(({ name, field }) => `${quoted(name)} AS ${quoted(field)}`).join(', ');
      const order = this.keyColumns.join(', ');
      select = this.database.prepare(`SELECT ${columns} FROM ${this.table.name}${where} ORDER BY ${order}`);
      this.selects.set(where, select);
    }
    return select;
  }

  private joinedSelect(conditions: readonly string[], held: number): Statement<[readonly KeyValue[]], string | null> {
    const where = whereOf(conditions);
    let select = this.joinedSelects.get(where);
    if (!select) {
      const heldFields = this.table.key.slice(0, held);
      const columns = this.table.columns.filter(({ field }) => !heldFields.includes(field));
      const line = `concat_ws(' ', ${columns.map(({ name }) => quoted(name)).join(', ')})`;
      const rows = `SELECT ${line} AS line FROM ${this.table.name}${where} ORDER BY ${this.keyColumns.join(', ')}`;
      select = this.database
        .prepare<[readonly KeyValue[]], string | null>(`SELECT group_concat(line, char(10)) FROM (${rows})`)
        .pluck();
      this.joinedSelects.set(where, select);
    }
    return select;
  }

  private writeOf(kind: RowWrite, count: number): Statement<[SqlValue[]]> {
    let statement = this.writes[kind].get(count);
    if (!statement) this.writes[kind].set(count, (statement = this.prepareWrite(kind, count)));
    return statement;
  }

  private prepareWrite(kind: RowWrite, count: number): Statement<[SqlValue[]]> {
    const row = `(${this.fields.map(() => '?').join(', ')})`;
    const rows = Array.from({ length: count }, () => row).join(', ');
    const [insert, otherwise] = this.howToWrite(kind);
    return this.database.prepare<[SqlValue[]]>(
      `${insert} INTO ${this.table.name} (${this.columns}) VALUES ${rows}${otherwise}`,
    );
  }

  private howToWrite(kind: RowWrite): readonly [insert: string, otherwise: string] {
    // A conflict fails the whole unit, so the statement need not be able to take back its first rows.
    if (kind === 'add') return ['INSERT OR FAIL', ''];
    if (kind === 'ensure') return ['INSERT OR IGNORE', ''];
    const stored = this.database.pragma(`table_info(${this.table.name})`) as readonly unknown[];
    // The faster way, where no other column has to stay as it is.
    if (stored.length === this.fields.length) return ['INSERT OR REPLACE', ''];
    const others = this.table.columns.map(({ name }) => quoted(name)).filter((name) => !this.keyColumns.includes(name));
    const update =
      others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
    return ['INSERT', ` ON CONFLICT (${this.keyColumns.join(', ')}) DO ${update}`];
  }

  /** The values of rows one after the other, as the statements bind them. */
  private valuesOf(rows: readonly object[], start: number, end: number): SqlValue[] {
    const values: ColumnValue[] = [];
    for (let index = start; index < end; index += 1) {
      const row = rows[index];
      if (row) values.push(...this.table.valuesOf(row));
    }
    return this.flags.length > 0 ? values.map(toSqlValue) : (values as SqlValue[]);
  }

  private withFlags(row: object): object {
    const values = row as Record<string, ColumnValue>;
    for (const flag of this.flags) values[flag] = values[flag] === 1;
    return row;
  }
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function toSqlValue(value: ColumnValue): SqlValue {
  return typeof value === 'boolean' ? Number(value) : value;
}

function quoted(name: string): string {
  return `"${name}"`;
}

function isKeyConflict(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}
