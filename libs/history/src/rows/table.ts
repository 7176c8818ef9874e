/**
 * What a column holds, whatever a store makes of it: a `decimal` is an unsigned one, as it was written; a `time` is in
 * microseconds since the epoch; an `integer` is safe in a double.
 */
export type ColumnType = 'text' | 'decimal' | 'integer' | 'time' | 'flag';

/** A type, with `?` behind it where there may be no value. */
export type ColumnSpec = ColumnType | `${ColumnType}?`;

export interface Column {
  /** What the field is called in rows. */
  readonly field: string;
  /** What the column is called in a store: the field in snake_case. */
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
}

export type ColumnValue = string | number | boolean | null;

export type KeyValue = string | number;

/** Values of a key, or of its first fields, in their order. */
export type RowKey = readonly KeyValue[];

/**
 * A table as data. Rows are unique by their key and are read in its order: numbers by size, texts by code points. Of a
 * store's table a description may leave columns out that have a default; one that is only read by, any but the key.
 */
export interface Table<Row extends object = object, Key extends RowKey = RowKey> {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Fields of the key. */
  readonly key: readonly string[];
  keyOf(row: Row): Key;
  /** Values of a row, in the order of the columns. */
  valuesOf(row: Row): readonly ColumnValue[];
}

type ValueOf<Spec> = Spec extends `${infer Type}?`
  ? ValueOf<Type> | null
  : Spec extends 'text' | 'decimal'
    ? string
    : Spec extends 'integer' | 'time'
      ? number
      : boolean;

export type RowOfSpecs<Specs> = { readonly [Field in keyof Specs]: ValueOf<Specs[Field]> };

type KeyOfFields<Specs, Fields extends readonly (keyof Specs)[]> = {
  readonly [Index in keyof Fields]: ValueOf<Specs[Fields[Index]]> & KeyValue;
};

export type RowOf<Described> = Described extends Table<infer Row> ? Row : never;

/**
 * Describes a table; `specs` are the columns by their fields. The key may list its fields in another order than the store's
 * own key if the store has an index for it; rows then come in that order. Of a table that live events are written to,
 * `valuesOf` names each field in the order of the columns: read by computed names, they took up to a sixth of the processor
 * time of a unit of prices.
 */
export function describeTable<
  const Specs extends Readonly<Record<string, ColumnSpec>>,
  const Fields extends readonly (keyof Specs & string)[],
>(
  name: string,
  key: Fields,
  specs: Specs,
  valuesOf?: (row: RowOfSpecs<Specs>) => readonly ColumnValue[],
): Table<RowOfSpecs<Specs>, KeyOfFields<Specs, Fields>> {
  type Row = RowOfSpecs<Specs>;
  const columns = Object.entries(specs).map(([field, spec]) => columnOf(field, spec));
  const table = tableOf<Row, KeyOfFields<Specs, Fields>>(name, key, columns);
  return valuesOf ? { ...table, valuesOf } : table;
}

/**
 * Describes some columns of a table, in the order given, for whoever needs no others. The fields of the key are among them;
 * where the store has columns besides that have no default, it is a description to be read by.
 *
 * @throws Error where a field of the key is left out
 */
export function pickColumns<
  Row extends object,
  Key extends RowKey,
  const Fields extends readonly (keyof Row & string)[],
>(table: Table<Row, Key>, fields: Fields): Table<Pick<Row, Fields[number]>, Key> {
  const left = table.key.find((field) => !fields.some((picked) => picked === field));
  if (left !== undefined) throw new Error(`${table.name} is not read without ${left}, which is of its key`);
  const columns = fields.flatMap((field) => table.columns.filter((column) => column.field === field));
  return tableOf(table.name, table.key, columns);
}

function tableOf<Row extends object, Key extends RowKey>(
  name: string,
  key: readonly string[],
  columns: readonly Column[],
): Table<Row, Key> {
  const valueOf = (row: Row, field: string): ColumnValue => row[field as keyof Row] as ColumnValue;
  return {
    name,
    key,
    columns,
    keyOf: (row) => key.map((field) => valueOf(row, field)) as unknown as Key,
    valuesOf: (row) => columns.map(({ field }) => valueOf(row, field)),
  };
}

function columnOf(field: string, spec: ColumnSpec): Column {
  return {
    field,
    name: field.replace(/[A-Z]|(?<=[a-z])\d+/g, (part) => `_${part.toLowerCase()}`),
    type: spec.replace('?', '') as ColumnType,
    isNullable: spec.endsWith('?'),
  };
}

/**
 * The columns of a row as text, behind the first `held` fields of the key.
 *
 * @throws Error where one may have no value, or a truth value: fields behind it would be taken for others
 */
export function textColumns({ name, key, columns }: Table, held: number): readonly Column[] {
  const joined = columns.filter(({ field }) => !key.slice(0, held).includes(field));
  const other = joined.find(({ isNullable, type }) => isNullable || type === 'flag');
  if (other) throw new Error(`${name}.${other.field} cannot be a part of a text`);
  return joined;
}
