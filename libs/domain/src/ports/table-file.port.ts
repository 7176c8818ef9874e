/**
 * What a column of a typed file holds. `decimal` is exact, of 38 digits, `scale` of them behind the point; `timestamp`
 * and `date` are in UTC.
 */
export type FileColumnType =
  | { readonly kind: 'string' | 'boolean' | 'integer' | 'double' | 'date' | 'timestamp' }
  | { readonly kind: 'decimal'; readonly scale: number };

/**
 * A cell by the type of its column: decimal text for `decimal`, microseconds since the epoch for `date` (the start of a
 * day) and `timestamp`, a safe whole number for `integer`; null where there is nothing.
 */
export type FileCell = string | number | boolean | null;

/** One column: its name, its type and where a row's cell comes from. */
export interface FileColumn<Row> {
  readonly name: string;
  readonly type: FileColumnType;
  readonly nullable: boolean;
  readonly cell: (row: Row) => FileCell;
}

/** A value does not fit the type of its column. Nothing is rounded or cut: the file is not written. */
export class CellDoesNotFitError extends Error {
  readonly code = 'TABLE.CELL_DOES_NOT_FIT';

  constructor(
    readonly column: string,
    readonly value: FileCell,
    readonly allowed: string,
    /** Which row it is of, where that is known. */
    readonly row = '',
    /** Where the value comes from, where that is known. */
    readonly origin = '',
  ) {
    const parts = [`${row === '' ? '' : `${row}: `}${column}: ${JSON.stringify(value)} does not fit`];
    super([...parts, `the column holds ${allowed}`, ...(origin === '' ? [] : [origin])].join('; '));
    this.name = 'CellDoesNotFitError';
  }
}

/** A file that is being written. Either `finish` or `abort` ends it. */
export abstract class TableFile<Row> {
  /** Adds rows in their order; what memory they take is given back as the file grows. @throws CellDoesNotFitError */
  abstract write(rows: Iterable<Row>): Promise<void>;

  /** Completes the file and flushes it to disk. @throws CellDoesNotFitError */
  abstract finish(): Promise<void>;

  /** Lets go of the file, which stays behind incomplete. */
  abstract abort(): Promise<void>;
}

/** Makes Parquet files. The same rows, in whichever portions, give the same bytes on every machine. */
export abstract class ParquetFiles {
  /** Begins a file that must not exist yet; `nameOf` says of a row that does not fit which one it is. */
  abstract create<Row>(
    path: string,
    columns: readonly FileColumn<Row>[],
    nameOf?: (row: Row) => string,
  ): Promise<TableFile<Row>>;
}
