import { BI_TABLE_HEADERS, type BiColumn, type BiTableName } from '@app/domain';

/** What a column holds: text is guarded against being taken for a formula, values are written as they are. */
export type CsvColumnKind = 'text' | 'value';

export interface CsvColumn<Row> {
  readonly kind: CsvColumnKind;
  readonly cell: (row: Row) => CsvCell;
}

/** What a cell shows; null is an empty cell. */
export type CsvCell = string | number | boolean | null;

/** A CSV table: its header and where each cell comes from. */
export interface CsvTable<Row> {
  readonly name: BiTableName;
  readonly header: readonly string[];
  readonly columns: readonly CsvColumn<Row>[];
}

/**
 * Builds a table of the contract from one definition per column, so that a column without a definition, or the other way
 * round, does not compile.
 */
export function csvTable<Row, Name extends BiTableName>(
  name: Name,
  columns: Readonly<Record<BiColumn<Name>, CsvColumn<Row>>>,
): CsvTable<Row> {
  const header: readonly BiColumn<Name>[] = BI_TABLE_HEADERS[name];
  return { name, header, columns: header.map((column) => columns[column]) };
}

export function text<Row>(cell: CsvColumn<Row>['cell']): CsvColumn<Row> {
  return { kind: 'text', cell };
}

export function value<Row>(cell: CsvColumn<Row>['cell']): CsvColumn<Row> {
  return { kind: 'value', cell };
}

const LINE_END = '\r\n';
const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

function quoted(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** One text cell: a leading `'` where a spreadsheet would take it for a formula (OWASP), quotes where needed. */
export function textCell(cell: string): string {
  return quoted(FORMULA_START.test(cell) ? `'${cell}` : cell);
}

/** The line of the header. */
export function csvHeader<Row>(table: CsvTable<Row>): string {
  return table.header.join(',') + LINE_END;
}

/** The line of a row. */
export function csvLine<Row>(table: CsvTable<Row>, row: Row): string {
  const cells = table.columns.map(({ kind, cell }) => {
    const content = cell(row);
    if (content === null) return '';
    return kind === 'text' ? textCell(String(content)) : quoted(String(content));
  });
  return cells.join(',') + LINE_END;
}

/**
 * Writes a table as RFC 4180: commas, CRLF after every line, the header always, no BOM. Every header and value is ASCII;
 * a symbol of another script is written in UTF-8, as the content type says.
 */
export function encodeCsv<Row>(table: CsvTable<Row>, rows: Iterable<Row>): Buffer {
  const lines = [csvHeader(table)];
  for (const row of rows) lines.push(csvLine(table, row));
  return Buffer.from(lines.join(''), 'utf8');
}
