import type { ColumnValue, KeyRange, KeyValue, RowKey, Table } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

export type SqlValue = string | number | null;

/** What a change does with rows. */
type RowWrite = 'add' | 'ensure' | 'put';

/** The statements of one table, made of its description when they are first needed. */
export class SqliteTable {
  private readonly columns: string;
  private readonly fields: readonly string[];
  private readonly flags: readonly string[];
  private readonly keyColumns: readonly string[];
  /** By the number of rows. */
  private readonly writes: Readonly<Record<RowWrite, Map<number, Statement<[SqlValue[]]>>>> = {
    add: new Map(),
    ensure: new Map(),
    put: new Map(),
  };
  private readonly selects = new Map<string, Statement<[readonly KeyValue[]], object>>();
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

  /** Whether a row has truth values, which SQLite stores as numbers. */
  get hasFlags(): boolean {
    return this.flags.length > 0;
  }

  /** The row under each key. */
  byKeys(keys: readonly RowKey[]): (object | undefined)[] {
    const select = this.select(this.keyColumns.map((column) => `${column} = ?`));
    return keys.map((key) => {
      const row = select.get(key);
      return row && this.hasFlags ? this.withFlags(row) : row;
    });
  }

  /** The rows of each range, in the order of their keys. */
  inRanges(ranges: readonly KeyRange[]): object[][] {
    return ranges.map((range) => this.inRange(range));
  }

  /** Writes so many rows, of which it binds the values one after the other. */
  toWrite(kind: RowWrite, count: number): Statement<[SqlValue[]]> {
    const writes = this.writes[kind];
    let statement = writes.get(count);
    if (!statement) writes.set(count, (statement = this.prepareWrite(kind, count)));
    return statement;
  }

  remove(keys: readonly RowKey[]): void {
    if (keys.length === 0) return;
    this.deletion ??= this.database.prepare(
      `DELETE FROM ${this.table.name} WHERE ${this.keyColumns.map((column) => `${column} = ?`).join(' AND ')}`,
    );
    for (const key of keys) this.deletion.run(key);
  }

  private inRange({ prefix, from, until }: KeyRange): object[] {
    const conditions = prefix.map((_, index) => `${this.keyColumns[index]} = ?`);
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
    const rows = this.select(conditions).all(values);
    return this.hasFlags ? rows.map((row) => this.withFlags(row)) : rows;
  }

  private select(conditions: readonly string[]): Statement<[readonly KeyValue[]], object> {
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    let select = this.selects.get(where);
    if (!select) {
      const columns = this.table.columns.map(({ name, field }) => `${quoted(name)} AS ${quoted(field)}`).join(', ');
      const order = this.keyColumns.join(', ');
      select = this.database.prepare(`SELECT ${columns} FROM ${this.table.name}${where} ORDER BY ${order}`);
      this.selects.set(where, select);
    }
    return select;
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
    // A conflict fails the whole unit, so the statement need not be able to take back its first rows: being ready for that
    // costs as much as inserting twenty.
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

  private withFlags(row: object): object {
    const values = row as Record<string, ColumnValue>;
    for (const flag of this.flags) values[flag] = values[flag] === 1;
    return row;
  }
}

function quoted(name: string): string {
  return `"${name}"`;
}
