import { compareCodePoints } from '@app/domain';
import {
  RowNotNewError,
  textColumns,
  type Answer,
  type Answers,
  type ColumnValue,
  type KeyRange,
  type KeyValue,
  type Question,
  type Questions,
  type RowChange,
  type RowKey,
  type Rows,
  type Table,
} from '@app/history';

type StoredRow = Readonly<Record<string, ColumnValue>>;

/** Tables in memory: a driver of {@link Rows}, and what units are tested over. */
export class MemoryRows implements Rows {
  /** Rows of a table by the values of their keys, whichever order a description has these in. */
  private readonly tables = new Map<string, Map<string, StoredRow>>();
  /** How often it was asked: each is a round trip where the tables are elsewhere. */
  rounds = 0;

  load(questions: Questions): Answers {
    this.rounds += 1;
    return questions.map((question) => this.answer(question));
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'remove') for (const row of change.rows) this.write(change.kind, change.table, row);
      else if ('keys' in change) this.remove(change.table, change.keys);
      else for (const range of change.ranges) this.remove(change.table, this.keysIn(change.table, range));
    }
  }

  /** All rows of a table, in the order of their keys. */
  all<Row extends object>(table: Table<Row>): Row[] {
    return this.inRange(table, { prefix: [] }) as Row[];
  }

  private answer(question: Question): Answer {
    const { table } = question;
    if ('ranges' in question) return question.ranges.map((range) => this.inRange(table, range));
    if ('joined' in question) return question.joined.map((range) => this.joined(table, range));
    return question.keys.map((key) => {
      const row = this.rowsOf(table).get(keyText(table, key));
      return row && describedPart(table, row);
    });
  }

  private inRange(table: Table, { only, ...range }: KeyRange): object[] {
    const found = this.rowsIn(table, range);
    const asked = only === 'last' ? found.slice(-1) : found.slice(0, only && 1);
    return asked.map((row) => describedPart(table, row));
  }

  private rowsIn(table: Table, { prefix, from, until }: KeyRange): StoredRow[] {
    const found = [...this.rowsOf(table).values()].filter((row) => {
      const key = table.keyOf(row);
      const next = key[prefix.length];
      if (compareKeys(key.slice(0, prefix.length), prefix) !== 0) return false;
      if (from !== undefined && next !== undefined && compareValues(next, from) < 0) return false;
      return until === undefined || next === undefined || compareValues(next, until) < 0;
    });
    return found.sort((a, b) => compareKeys(table.keyOf(a), table.keyOf(b)));
  }

  private keysIn(table: Table, range: KeyRange): RowKey[] {
    return this.rowsIn(table, range).map((row) => table.keyOf(row));
  }

  private joined(table: Table, range: KeyRange): string {
    const columns = textColumns(table, range.prefix.length);
    return this.inRange(table, range)
      .map((row) => columns.map(({ field }) => String((row as StoredRow)[field])).join(' '))
      .join('\n');
  }

  private write(kind: 'add' | 'ensure' | 'put', table: Table, row: object): void {
    const rows = this.rowsOf(table);
    const key = keyText(table, table.keyOf(row));
    const stored = rows.get(key);
    if (stored && kind === 'add') throw new RowNotNewError(table.name);
    if (stored && kind === 'ensure') return;
    rows.set(key, { ...stored, ...describedPart(table, row) });
  }

  private remove(table: Table, keys: readonly RowKey[]): void {
    for (const key of keys) this.rowsOf(table).delete(keyText(table, key));
  }

  private rowsOf({ name }: Table): Map<string, StoredRow> {
    let rows = this.tables.get(name);
    if (!rows) this.tables.set(name, (rows = new Map<string, StoredRow>()));
    return rows;
  }
}

/** The same for the key of a row in whatever order its fields are. */
function keyText({ key: fields }: Table, key: RowKey): string {
  return JSON.stringify(fields.map((field, index) => [field, key[index]]).sort());
}

/** A row of its own with what the table's description has; a column that was never given a value has none. */
function describedPart({ columns }: Table, row: object): StoredRow {
  const values = row as StoredRow;
  return Object.fromEntries(columns.map(({ field }) => [field, values[field] ?? null]));
}

function compareKeys(a: RowKey, b: RowKey): number {
  for (const [index, value] of a.entries()) {
    const order = compareValues(value, b[index] ?? value);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: KeyValue, b: KeyValue): number {
  return typeof a === 'number' ? a - Number(b) : compareCodePoints(a, String(b));
}
