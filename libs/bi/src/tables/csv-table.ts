import {
  BI_TABLE_HEADERS,
  BI_TABLES,
  type BiColumn,
  type BiField,
  type BiFieldType,
  type BiTableName,
} from '@app/domain';
import { csvLines, type CsvCell, type CsvCellKind, type CsvColumn, type CsvStyle } from './csv-lines';

const KINDS: Readonly<Record<BiFieldType, CsvCellKind>> = {
  date: 'value',
  datetime: 'value',
  boolean: 'value',
  string: 'text',
  integer: 'number',
  decimal: 'number',
  statistic: 'number',
};

/** A CSV table: its header and where each cell comes from. */
export interface CsvTable<Row> {
  readonly name: BiTableName;
  readonly header: readonly string[];
  readonly columns: readonly CsvColumn<Row>[];
}

/**
 * Builds a table of the contract from one cell per column, so that a column without a cell, or the other way round, does
 * not compile. What a column holds is what the contract says of it.
 */
export function csvTable<Row, Name extends BiTableName>(
  name: Name,
  cells: Readonly<Record<BiColumn<Name>, (row: Row) => CsvCell>>,
): CsvTable<Row> {
  const header: readonly BiColumn<Name>[] = BI_TABLE_HEADERS[name];
  const fields: Readonly<Record<string, BiField>> = BI_TABLES[name].fields;
  const columns = header.map((column) => ({
    name: column,
    kind: KINDS[fields[column]?.type ?? 'string'],
    cell: cells[column],
  }));
  return { name, header, columns };
}

/** A table of which some columns are written, in an order of one's own. */
export function withColumns<Row>(table: CsvTable<Row>, names: readonly string[]): CsvTable<Row> {
  const columns = names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
  return { name: table.name, header: columns.map(({ name }) => name), columns };
}

/**
 * Writes a table with its header always; without a style as RFC 4180: commas, no BOM. Every header and value is ASCII; a
 * symbol of another script is written in UTF-8, as the content type says.
 */
export function encodeCsv<Row>({ columns }: CsvTable<Row>, rows: Iterable<Row>, style?: CsvStyle): Buffer {
  const { head, line } = csvLines(columns, style);
  let text = head;
  for (const row of rows) text += line(row);
  return Buffer.from(text, 'utf8');
}
