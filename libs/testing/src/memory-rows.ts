import { compareCodePoints } from '@app/domain';
import {
  findIn,
  RowFinder,
  RowNotNewError,
  textColumns,
  type Answer,
  type Answers,
  type ColumnValue,
  type FieldBounds,
  type Inquiry,
  type KeyRange,
  type KeyValue,
  type Question,
  type Questions,
  type RemovedRanges,
  type RemovedRows,
  type RowChange,
  type RowKey,
  type Rows,
  type Table,
  type WrittenRows,
} from '@app/history';

type StoredRow = Readonly<Record<string, ColumnValue>>;

/** Tables in memory: a driver of {@link Rows}, and what units and rules of reading are tested over. */
export class MemoryRows extends RowFinder implements Rows {
  /** Rows of a table by the values of their keys, whichever order a description has these in. */
  private tables: ReadonlyMap<string, ReadonlyMap<string, StoredRow>> = new Map();
  /** How often it was asked: each is a round trip where the tables are elsewhere. */
  rounds = 0;

  load(questions: Questions): Answers {
    this.rounds += 1;
    return questions.map((question) => this.answer(question));
  }

  /** Makes all of the changes, or none where one fails. */
  apply(changes: readonly RowChange[]): void {
    const tables = new Map(this.tables);
    const copied = new Map<string, Map<string, StoredRow>>();
    for (const change of changes) {
      const { table } = change;
      let rows = copied.get(table.name);
      if (!rows) {
        rows = new Map(tables.get(table.name));
        copied.set(table.name, rows);
        tables.set(table.name, rows);
      }
      if (change.kind !== 'remove') for (const row of change.rows) write(rows, change.kind, table, row);
      else for (const key of keysOf(rows, change)) rows.delete(keyText(table, key));
    }
    this.tables = tables;
  }

  find<Found>(inquiry: Inquiry<Found>): Promise<Found> {
    return Promise.resolve(findIn(this, inquiry));
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
    const found = rowsIn(this.rowsOf(table), table, range);
    const asked = only === 'last' ? found.slice(-1) : found.slice(0, only === 'first' ? 1 : only);
    return asked.map((row) => describedPart(table, row));
  }

  private joined(table: Table, range: KeyRange): string {
    const columns = textColumns(table, range.prefix.length);
    return this.inRange(table, range)
      .map((row) => columns.map(({ field }) => String((row as StoredRow)[field])).join(' '))
      .join('\n');
  }

  private rowsOf({ name }: Table): ReadonlyMap<string, StoredRow> {
    return this.tables.get(name) ?? new Map<string, StoredRow>();
  }
}

function rowsIn(rows: ReadonlyMap<string, StoredRow>, table: Table, range: KeyRange): StoredRow[] {
  const { prefix, from, until, having } = range;
  const isBounded = from !== undefined || until !== undefined;
  if (prefix.length + Number(isBounded) > table.key.length) {
    throw new Error(`the key of ${table.name} has fewer fields than the range`);
  }
  if (having && table.columns.every(({ field }) => field !== having.field)) {
    throw new Error(`${table.name} is described without ${having.field}`);
  }
  const found = [...rows.values()].filter((row) => {
    if (having && !isWithin(row[having.field], having)) return false;
    const key = table.keyOf(row);
    if (compareKeys(key.slice(0, prefix.length), prefix) !== 0) return false;
    const next = key[prefix.length];
    if (next === undefined) return true;
    if (from !== undefined && compareValues(next, from) < 0) return false;
    return until === undefined || compareValues(next, until) < 0;
  });
  return found.sort((a, b) => compareKeys(table.keyOf(a), table.keyOf(b)));
}

function isWithin(value: ColumnValue | undefined, { from, until = Infinity }: FieldBounds): boolean {
  return typeof value === 'number' && value >= from && value < until;
}

/** The keys that go. */
function keysOf(rows: ReadonlyMap<string, StoredRow>, removed: RemovedRows | RemovedRanges): readonly RowKey[] {
  if ('keys' in removed) return removed.keys;
  const { table, ranges } = removed;
  return ranges.flatMap((range) => rowsIn(rows, table, range)).map((row) => table.keyOf(row));
}

function write(rows: Map<string, StoredRow>, kind: WrittenRows['kind'], table: Table, row: object): void {
  const key = keyText(table, table.keyOf(row));
  const stored = rows.get(key);
  if (stored && kind === 'add') throw new RowNotNewError(table.name);
  if (stored && kind === 'ensure') return;
  rows.set(key, { ...stored, ...describedPart(table, row) });
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
