import { compareCodePoints } from '@app/domain';
import {
  RowNotNewError,
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
  private readonly tables = new Map<string, StoredRow[]>();
  /** How often it was asked: each is a round trip where the tables are elsewhere. */
  rounds = 0;

  load(questions: Questions): Answers {
    this.rounds += 1;
    return questions.map((question) => this.answer(question));
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      if (change.kind === 'remove') this.remove(change.table, change.keys);
      else for (const row of change.rows) this.write(change.kind, change.table, row);
    }
  }

  /** All rows of a table, in the order of their keys. */
  all<Row extends object>(table: Table<Row>): Row[] {
    return this.rowsOf(table).map((row) => describedPart(table, row) as Row);
  }

  private answer(question: Question): Answer {
    const { table } = question;
    if ('ranges' in question) return question.ranges.map((range) => this.inRange(table, range));
    if ('joined' in question) return question.joined.map((range) => this.joined(table, range));
    return question.keys.map((key) => {
      const { index, isThere } = this.find(table, key);
      const row = this.rowsOf(table)[index];
      return isThere && row ? describedPart(table, row) : undefined;
    });
  }

  private inRange(table: Table, { prefix, from, until }: KeyRange): object[] {
    const found = this.rowsOf(table).filter((row) => {
      const key = table.keyOf(row);
      const next = key[prefix.length];
      if (compareKeys(key.slice(0, prefix.length), prefix) !== 0) return false;
      if (from !== undefined && next !== undefined && compareValues(next, from) < 0) return false;
      return until === undefined || next === undefined || compareValues(next, until) < 0;
    });
    return found.map((row) => describedPart(table, row));
  }

  private joined(table: Table, range: KeyRange): string {
    const held = table.key.slice(0, range.prefix.length);
    const fields = table.columns.map(({ field }) => field).filter((field) => !held.includes(field));
    return this.inRange(table, range)
      .map((row) => fields.map((field) => String((row as StoredRow)[field])).join(' '))
      .join('\n');
  }

  private write(kind: 'add' | 'ensure' | 'put', table: Table, row: object): void {
    const rows = this.rowsOf(table);
    const { index, isThere } = this.find(table, table.keyOf(row));
    if (isThere && kind === 'add') throw new RowNotNewError(table.name);
    if (isThere && kind === 'ensure') return;
    const stored = { ...(isThere ? rows[index] : {}), ...describedPart(table, row) };
    rows.splice(index, isThere ? 1 : 0, stored);
  }

  private remove(table: Table, keys: readonly RowKey[]): void {
    for (const key of keys) {
      const { index, isThere } = this.find(table, key);
      if (isThere) this.rowsOf(table).splice(index, 1);
    }
  }

  private rowsOf({ name }: Table): StoredRow[] {
    let rows = this.tables.get(name);
    if (!rows) this.tables.set(name, (rows = []));
    return rows;
  }

  /** Where the row with a key is, or would be. */
  private find(table: Table, key: RowKey): { readonly index: number; readonly isThere: boolean } {
    const rows = this.rowsOf(table);
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = rows[middle];
      if (row && compareKeys(table.keyOf(row), key) < 0) low = middle + 1;
      else high = middle;
    }
    const row = rows[low];
    return { index: low, isThere: row !== undefined && compareKeys(table.keyOf(row), key) === 0 };
  }
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
