import type { ColumnType, HistoryKinds, Table } from '@app/history';
import type { DataSource } from 'typeorm';
import { handleOf } from './sqlite-connection';

const TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  decimal: 'text',
  integer: 'integer',
  time: 'integer',
  flag: 'integer',
};

/** Makes the tables of kinds that no migration knows, as their histories describe them. */
export function makeKindTables(source: DataSource, kinds: HistoryKinds): void {
  const migrated = new Set(source.entityMetadatas.map(({ tableName }) => tableName));
  for (const kind of kinds) {
    const { rows, captures } = kinds.historyOf(kind);
    for (const table of [rows, ...captures]) {
      if (!migrated.has(table.name)) handleOf(source).exec(tableStatement(table));
    }
  }
}

function tableStatement({ name, columns, key }: Table): string {
  const defined = columns.map(
    (column) => `"${column.name}" ${TYPES[column.type]}${column.isNullable ? '' : ' NOT NULL'}`,
  );
  const keyed = key.map((field) => `"${columns.find((column) => column.field === field)?.name ?? field}"`);
  return `CREATE TABLE IF NOT EXISTS "${name}" (${defined.join(', ')}, PRIMARY KEY (${keyed.join(', ')})) WITHOUT ROWID`;
}
