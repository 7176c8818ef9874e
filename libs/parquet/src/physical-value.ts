import {
  CellDoesNotFitError,
  DAY,
  isDecimalText,
  parseDecimal,
  rescaleDecimal,
  type FileCell,
  type FileColumn,
  type FileColumnType,
} from '@app/domain';
import { DECIMAL_PRECISION } from './file-schema';

/** A value as the file keeps it: units of a decimal, days or microseconds since the epoch. */
export type PhysicalValue = string | number | bigint | boolean;

const DECIMAL_LIMIT = 10n ** BigInt(DECIMAL_PRECISION);

const ALLOWED: Readonly<Record<FileColumnType['kind'], string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'safe whole numbers',
  double: 'finite numbers',
  date: 'starts of UTC days, in microseconds',
  timestamp: 'whole microseconds since the epoch',
  decimal: 'decimal text',
};

function allowedIn(type: FileColumnType, nullable: boolean): string {
  const values =
    type.kind === 'decimal'
      ? `decimal text of at most ${DECIMAL_PRECISION - type.scale} digits before and ${type.scale} behind the point`
      : ALLOWED[type.kind];
  return nullable ? `${values}, or null` : values;
}

function decimalUnits(text: string, scale: number): bigint | undefined {
  if (!isDecimalText(text)) return undefined;
  const units = rescaleDecimal(parseDecimal(text), scale)?.units;
  return units !== undefined && units < DECIMAL_LIMIT && units > -DECIMAL_LIMIT ? units : undefined;
}

/** Undefined where the value is not of the type. */
function convert(type: FileColumnType, value: string | number | boolean): PhysicalValue | undefined {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'decimal':
      return typeof value === 'string' ? decimalUnits(value, type.scale) : undefined;
    case 'double':
      return Number.isFinite(value) ? Number(value) : undefined;
    case 'integer':
    case 'timestamp':
      return Number.isSafeInteger(value) ? BigInt(value) : undefined;
    case 'date':
      return Number.isSafeInteger(value) && Number(value) % DAY === 0 ? Number(value) / DAY : undefined;
  }
}

/** @throws CellDoesNotFitError */
function physicalValue<Row>({ name, type, nullable }: FileColumn<Row>, cell: FileCell): PhysicalValue | null {
  if (cell === null && nullable) return null;
  const value = cell === null ? undefined : convert(type, cell);
  if (value === undefined) throw new CellDoesNotFitError(name, cell, allowedIn(type, nullable));
  return value;
}

/** Columns, and what a row is called that does not fit one of them. */
export interface NamedColumns<Row> {
  readonly columns: readonly FileColumn<Row>[];
  readonly nameOf: (row: Row) => string;
}

/** Adds the cells of a row, each to the values of its column. @throws CellDoesNotFitError naming the row */
export function addPhysicalValues<Row>(
  { columns, nameOf }: NamedColumns<Row>,
  row: Row,
  values: readonly (PhysicalValue | null)[][],
): void {
  try {
    columns.forEach((column, index) => values[index]?.push(physicalValue(column, column.cell(row))));
  } catch (error) {
    if (!(error instanceof CellDoesNotFitError)) throw error;
    throw new CellDoesNotFitError(error.column, error.value, error.allowed, nameOf(row));
  }
}
