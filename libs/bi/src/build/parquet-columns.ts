import {
  BI_TABLES,
  parseIsoTime,
  type BiField,
  type FileCell,
  type FileColumn,
  type FileColumnType,
} from '@app/domain';
import type { CsvCell } from '../tables/csv-lines';
import type { CsvTable } from '../tables/csv-table';

/** Fraction digits of decimals: as many as the exchange has. */
const DECIMAL_SCALE = 8;

const TYPES: Readonly<Record<BiField['type'], FileColumnType>> = {
  date: { kind: 'date' },
  datetime: { kind: 'timestamp' },
  string: { kind: 'string' },
  boolean: { kind: 'boolean' },
  integer: { kind: 'integer' },
  decimal: { kind: 'decimal', scale: DECIMAL_SCALE },
  statistic: { kind: 'double' },
};

/** What a CSV shows, as its type. A text that is not of the type stays as it is: the file refuses it by name. */
function typedCell(type: BiField['type'], cell: CsvCell): FileCell {
  if (typeof cell !== 'string') return cell;
  if (type === 'date' || type === 'datetime') return parseIsoTime(cell) ?? cell;
  return type === 'statistic' ? Number(cell) : cell;
}

/** The columns of a table with the types that the contract gives them; the cells are those of the CSV. */
export function parquetColumns<Row>({ name, header, columns }: CsvTable<Row>): FileColumn<Row>[] {
  const fields: Readonly<Record<string, BiField>> = BI_TABLES[name].fields;
  return header.flatMap((column, index) => {
    const [field, source] = [fields[column], columns[index]];
    if (!field || !source) return [];
    return [
      {
        name: column,
        type: TYPES[field.type],
        nullable: field.nullable === true,
        cell: (row) => typedCell(field.type, source.cell(row)),
      },
    ];
  });
}
