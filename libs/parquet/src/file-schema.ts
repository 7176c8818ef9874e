import type { FileColumn, FileColumnType } from '@app/domain';
import type { ParquetWriter } from 'hyparquet-writer' with { 'resolution-mode': 'import' };

/** Named in every file; no version, so that a new release gives the same bytes. */
export const CREATED_BY = 'crypto-streaming-platform';

/** Digits of every decimal: the most that Arrow, DuckDB, polars and Spark all have. */
export const DECIMAL_PRECISION = 38;
/** Bytes that hold as many digits. */
const DECIMAL_BYTES = 16;

export type SchemaElement = ParquetWriter['schema'][number];
type Typed = Omit<SchemaElement, 'name' | 'repetition_type'>;

/** Physical and logical types (github.com/apache/parquet-format/blob/master/LogicalTypes.md), old notation beside new. */
function typed(type: FileColumnType): Typed {
  switch (type.kind) {
    case 'string':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'boolean':
      return { type: 'BOOLEAN' };
    case 'integer':
      return { type: 'INT64' };
    case 'double':
      return { type: 'DOUBLE' };
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'timestamp':
      return {
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      };
    case 'decimal': {
      const digits = { precision: DECIMAL_PRECISION, scale: type.scale };
      return {
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: DECIMAL_BYTES,
        converted_type: 'DECIMAL',
        ...digits,
        logical_type: { type: 'DECIMAL', ...digits },
      };
    }
  }
}

export function fileSchema<Row>(columns: readonly FileColumn<Row>[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type, nullable }): SchemaElement => ({
      name,
      repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
      ...typed(type),
    })),
  ];
}

/** How the cells of a column are encoded; the writer chooses where nothing is said. */
export type ColumnEncoding = Pick<Parameters<ParquetWriter['write']>[0]['columnData'][number], 'encoding'>;

/**
 * Times and counts as differences, of which little is left. Decimals are plain: every reader understands that, and
 * Zstandard finds their equal leading bytes.
 */
export function encodingOf({ kind }: FileColumnType): ColumnEncoding {
  if (kind === 'integer' || kind === 'timestamp' || kind === 'date') return { encoding: 'DELTA_BINARY_PACKED' };
  return kind === 'decimal' || kind === 'double' ? { encoding: 'PLAIN' } : {};
}
