import type { DecimalMark } from '@app/domain';

/** How a CSV is written. */
export interface CsvStyle {
  /** What stands between cells: one character. */
  readonly separator: string;
  readonly decimal: DecimalMark;
  readonly hasByteOrderMark: boolean;
}

/** RFC 4180, ASCII decimals, no byte order mark. */
export const PLAIN_CSV: CsvStyle = { separator: ',', decimal: '.', hasByteOrderMark: false };

/** What a cell shows; null is an empty cell. */
export type CsvCell = string | number | boolean | null;

/**
 * What a column holds: text is guarded against being taken for a formula, numbers take the decimal mark, values are
 * written as they are.
 */
export type CsvCellKind = 'text' | 'number' | 'value';

export interface CsvColumn<Row> {
  readonly name: string;
  readonly kind: CsvCellKind;
  readonly cell: (row: Row) => CsvCell;
}

/** Rows as lines: what comes first, and the line of a row, each with its line end. */
export interface CsvLines<Row> {
  readonly head: string;
  readonly line: (row: Row) => string;
}

type CellWriter = (cell: string) => string;

const LINE_END = '\r\n';
const FORMULA_START = /^[=+\-@\t\r]/;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The one writer of CSV: CRLF after every line, quotes where a cell needs them for its separator, a leading `'` where a
 * spreadsheet would take text for a formula (OWASP).
 */
export function csvLines<Row>(columns: readonly CsvColumn<Row>[], style: CsvStyle = PLAIN_CSV): CsvLines<Row> {
  const { separator, hasByteOrderMark } = style;
  const writers = cellWriters(style);
  const cells = columns.map(({ kind, cell }) => {
    const write = writers[kind];
    return (row: Row): string => {
      const content = cell(row);
      if (typeof content === 'string') return write(content);
      // No formula begins with a number, not even a negative one.
      if (typeof content === 'number') return writers.number(String(content));
      return content === null ? '' : String(content);
    };
  });
  const names = columns.map(({ name }) => writers.text(name));
  return {
    head: `${hasByteOrderMark ? BYTE_ORDER_MARK : ''}${names.join(separator)}${LINE_END}`,
    line: (row) => cells.map((written) => written(row)).join(separator) + LINE_END,
  };
}

function cellWriters({ separator, decimal }: CsvStyle): Readonly<Record<CsvCellKind, CellWriter>> {
  const special = new RegExp(`["\\r\\n${separator}]`);
  const guarded = new RegExp(`${FORMULA_START.source}|${special.source}`);
  const quoted: CellWriter = (cell) => (special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return {
    // One look at most cells: a table has many.
    text: (cell) => (guarded.test(cell) ? quoted(FORMULA_START.test(cell) ? `'${cell}` : cell) : cell),
    number: decimal === '.' ? quoted : (cell) => quoted(cell.replace('.', decimal)),
    value: quoted,
  };
}
