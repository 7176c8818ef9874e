import type { CsvCell, CsvColumn } from './csv-lines';
import type { CsvTable } from './csv-table';

/** What the symbols have at a time. */
export interface WideRow {
  readonly time: CsvCell;
  readonly cells: ReadonlyMap<string, CsvCell>;
}

/** One numeric column of a table turned: a row for each time, a column for each symbol. */
export interface WideTable<Row> {
  readonly columns: readonly CsvColumn<WideRow>[];
  /** The wide rows of rows that are in the table's order and hold all of each of their times. */
  readonly rows: (rows: readonly Row[]) => WideRow[];
}

/**
 * @param name a numeric column of the table, which has one row at most for each time and symbol
 * @param symbols in the order of the columns; one without a row has an empty cell
 */
export function wideTable<Row>(table: CsvTable<Row>, name: string, symbols: readonly string[]): WideTable<Row> {
  const [time, symbol, value] = [table.header[0], 'symbol', name].map((wanted) => columnOf(table, wanted));
  if (!time || !symbol || !value) throw new Error(`${table.name} has no times, symbols and ${name}`);
  return {
    columns: [
      { name: time.name, kind: time.kind, cell: (row) => row.time },
      ...symbols.map((one): CsvColumn<WideRow> => ({
        name: one,
        kind: value.kind,
        cell: ({ cells }) => cells.get(one) ?? null,
      })),
    ],
    rows: (rows) => {
      const byTime = new Map<CsvCell, Map<string, CsvCell>>();
      for (const row of rows) {
        const at = time.cell(row);
        let cells = byTime.get(at);
        if (!cells) {
          cells = new Map<string, CsvCell>();
          byTime.set(at, cells);
        }
        cells.set(String(symbol.cell(row)), value.cell(row));
      }
      return [...byTime].map(([at, cells]) => ({ time: at, cells }));
    },
  };
}

function columnOf<Row>({ columns }: CsvTable<Row>, wanted: string | undefined): CsvColumn<Row> | undefined {
  return columns.find(({ name }) => name === wanted);
}
