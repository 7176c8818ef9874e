import { textColumns, type ColumnValue, type KeyRange, type KeyValue, type RowKey, type Table } from '@app/history';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

export type SqlValue = string | number | null;

/** What statements are made with. */
export type StatementMaker = Pick<SqliteHandle, 'prepare' | 'pragma'>;

/** What a change does with rows. */
type RowWrite = 'add' | 'ensure' | 'put';

/** A form that ranges have: those of one are read by the same statement. */
type Shape = number | string;

/** The statements of one table, made of its description when they are first needed. */
export class SqliteTable {
  /** By field, as a statement names them. */
  private readonly names: ReadonlyMap<string, string>;
  private readonly columns: string;
  private readonly fields: readonly string[];
  private readonly flags: readonly string[];
  private readonly keyColumns: readonly string[];
  /** By the number of rows. */
  private readonly writes: Readonly<Record<RowWrite, Map<number, Statement<SqlValue[]>>>> = {
    add: new Map(),
    ensure: new Map(),
    put: new Map(),
  };
  private selectByKey: Statement<[RowKey], object> | undefined;
  private readonly selects = new Map<Shape, Statement<[readonly KeyValue[]], object>>();
  private readonly joinedSelects = new Map<Shape, Statement<[readonly KeyValue[]], string | null>>();
  private readonly deletions = new Map<Shape, Statement<[readonly KeyValue[]]>>();

  constructor(
    private readonly database: StatementMaker,
    private readonly table: Table,
  ) {
    this.names = new Map(table.columns.map(({ field, name }) => [field, quoted(name)]));
    this.fields = table.columns.map(({ field }) => field);
    this.flags = table.columns.filter(({ type }) => type === 'flag').map(({ field }) => field);
    this.columns = [...this.names.values()].join(', ');
    this.keyColumns = table.key.map((field) => this.nameOf(field));
  }

  /** Whether a row has truth values, which SQLite stores as numbers. */
  get hasFlags(): boolean {
    return this.flags.length > 0;
  }

  /** The row under each key. */
  byKeys(keys: readonly RowKey[]): (object | undefined)[] {
    const select = (this.selectByKey ??= this.prepareSelect({ prefix: this.table.key }));
    return keys.map((key) => {
      const row = select.get(key);
      return row && this.hasFlags ? this.withFlags(row) : row;
    });
  }

  /** The rows of each range, in the order of their keys. */
  inRanges(ranges: readonly KeyRange[]): object[][] {
    return ranges.map((range) => this.inRange(range));
  }

  /** The rows of each range as one text. */
  joined(ranges: readonly KeyRange[]): string[] {
    return ranges.map((range) => {
      const shape = shapeOf(range);
      let select = this.joinedSelects.get(shape);
      if (!select) this.joinedSelects.set(shape, (select = this.prepareJoined(range)));
      return select.get(boundsOf(range)) ?? '';
    });
  }

  /** Writes so many rows, of which it binds the values one after the other. */
  toWrite(kind: RowWrite, count: number): Statement<SqlValue[]> {
    const writes = this.writes[kind];
    let statement = writes.get(count);
    if (!statement) writes.set(count, (statement = this.prepareWrite(kind, count)));
    return statement;
  }

  remove(keys: readonly RowKey[]): void {
    for (const prefix of keys) this.removeRange({ prefix });
  }

  removeRanges(ranges: readonly KeyRange[]): void {
    for (const range of ranges) this.removeRange(range);
  }

  private inRange(range: KeyRange): object[] {
    const shape = shapeOf(range);
    let select = this.selects.get(shape);
    if (!select) this.selects.set(shape, (select = this.prepareSelect(range)));
    const values = boundsOf(range);
    const rows = typeof range.only === 'string' ? toList(select.get(values)) : select.all(values);
    return this.hasFlags ? rows.map((row) => this.withFlags(row)) : rows;
  }

  private removeRange(range: KeyRange): void {
    const shape = shapeOf(range);
    let deletion = this.deletions.get(shape);
    if (!deletion) {
      deletion = this.database.prepare(`DELETE FROM ${this.table.name}${this.within(range)}`);
      this.deletions.set(shape, deletion);
    }
    deletion.run(boundsOf(range));
  }

  private prepareSelect(range: KeyRange): Statement<[readonly KeyValue[]], object> {
    const columns = this.table.columns.map(({ name, field }) => `${quoted(name)} AS ${quoted(field)}`).join(', ');
    const order = this.keyColumns.map((column) => (range.only === 'last' ? `${column} DESC` : column)).join(', ');
    // SQLite prepares a statement anew at each run whose limit is a bare parameter, too.
    const limit = range.only === undefined ? '' : ` LIMIT ${typeof range.only === 'number' ? '+?' : '1'}`;
    return this.database.prepare(
      `SELECT ${columns} FROM ${this.table.name}${this.within(range)} ORDER BY ${order}${limit}`,
    );
  }

  private prepareJoined(range: KeyRange): Statement<[readonly KeyValue[]], string | null> {
    const columns = textColumns(this.table, range.prefix.length).map(({ name }) => quoted(name));
    const rows = `SELECT concat_ws(' ', ${columns.join(', ')}) AS line FROM ${this.table.name}${this.within(range)}`;
    return this.database
      .prepare<[readonly KeyValue[]], string | null>(
        `SELECT group_concat(line, char(10)) FROM (${rows} ORDER BY ${this.keyColumns.join(', ')})`,
      )
      .pluck();
  }

  private within({ prefix, from, until, having }: KeyRange): string {
    // SQLite prepares a statement anew at each run that has a bare parameter there beside ORDER BY: five times as long.
    const conditions = prefix.map((_, index) => `${this.keyColumns[index]} = +?`);
    const next = this.keyColumns[prefix.length];
    if (from !== undefined) conditions.push(`${next} >= ?`);
    if (until !== undefined) conditions.push(`${next} < ?`);
    if (having) {
      conditions.push(`${this.nameOf(having.field)} >= ?`);
      if (having.until !== undefined) conditions.push(`${this.nameOf(having.field)} < ?`);
    }
    return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  }

  private prepareWrite(kind: RowWrite, count: number): Statement<SqlValue[]> {
    const row = `(${this.fields.map(() => '?').join(', ')})`;
    const rows = Array.from({ length: count }, () => row).join(', ');
    const [insert, otherwise] = this.howToWrite(kind);
    return this.database.prepare<SqlValue[]>(
      `${insert} INTO ${this.table.name} (${this.columns}) VALUES ${rows}${otherwise}`,
    );
  }

  private howToWrite(kind: RowWrite): readonly [insert: string, otherwise: string] {
    // A conflict fails the whole unit, so the statement need not be able to take back its first rows: being ready for that
    // costs as much as inserting twenty.
    if (kind === 'add') return ['INSERT OR FAIL', ''];
    const onConflict = ` ON CONFLICT (${this.keyColumns.join(', ')}) DO`;
    // OR IGNORE would pass over a row without a value that it must have, too.
    if (kind === 'ensure') return ['INSERT', `${onConflict} NOTHING`];
    const stored = this.database.pragma(`table_info(${this.table.name})`) as readonly unknown[];
    // The faster way, where no other column has to stay as it is.
    if (stored.length === this.fields.length) return ['INSERT OR REPLACE', ''];
    const others = this.table.columns.map(({ name }) => quoted(name)).filter((name) => !this.keyColumns.includes(name));
    const update =
      others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`;
    return ['INSERT', `${onConflict} ${update}`];
  }

  private nameOf(field: string): string {
    const name = this.names.get(field);
    if (name === undefined) throw new Error(`${this.table.name} is described without ${field}`);
    return name;
  }

  private withFlags(row: object): object {
    const values = row as Record<string, ColumnValue>;
    for (const flag of this.flags) values[flag] = values[flag] === 1;
    return row;
  }
}

function shapeOf({ prefix, from, until, only, having }: KeyRange): Shape {
  const end = only === undefined ? 0 : only === 'first' ? 1 : only === 'last' ? 2 : 3;
  const shape = ((prefix.length * 4 + end) * 2 + (from === undefined ? 0 : 1)) * 2 + (until === undefined ? 0 : 1);
  return having ? `${shape} ${having.field}${having.until === undefined ? '' : ' until'}` : shape;
}

/** The values of a range, as the statements bind them. */
function boundsOf({ prefix, from, until, only, having }: KeyRange): readonly KeyValue[] {
  if (from === undefined && until === undefined && !having && typeof only !== 'number') return prefix;
  const values = [...prefix];
  if (from !== undefined) values.push(from);
  if (until !== undefined) values.push(until);
  if (having) values.push(having.from);
  if (having?.until !== undefined) values.push(having.until);
  if (typeof only === 'number') values.push(only);
  return values;
}

function toList<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function quoted(name: string): string {
  return `"${name}"`;
}
