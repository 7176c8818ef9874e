import { encodeCsv, withColumns, type CsvStyle, type CsvTable } from '@app/bi';
import { invalidParameter } from '@app/http';
import { csvStyle, type CsvParameters } from '../lists/csv-style';

/** What may be asked of how a table is written. */
export interface TableTextQuery extends CsvParameters {
  readonly columns?: readonly string[];
  readonly wide?: string;
}

/** How a table is written. */
export interface TableText {
  readonly style: CsvStyle;
  readonly columns: readonly string[] | undefined;
  /** The column that is turned so that each symbol has a column of its own. */
  readonly wide: string | undefined;
  /** Equal for equal texts; empty for that of the contract. */
  readonly key: string;
}

/** @throws ProblemError 400 naming the parameter that does not fit */
export function tableText(query: TableTextQuery): TableText {
  const { columns, wide, sep, decimal, bom } = query;
  if (columns !== undefined && wide !== undefined) {
    throw invalidParameter('columns', columns.join(','), 'no such parameter beside wide');
  }
  const given = Object.entries({ sep, decimal, bom, columns, wide }).filter(([, value]) => value !== undefined);
  return {
    style: csvStyle(query),
    columns,
    wide,
    key: given.map(([name, value]) => ` ${name}=${String(value)}`).join(''),
  };
}

/** A table without dates as its bytes. */
export function encodeTable<Row>(table: CsvTable<Row>, { style, columns }: TableText, rows: readonly Row[]): Buffer {
  return encodeCsv(columns ? withColumns(table, columns) : table, rows, style);
}
