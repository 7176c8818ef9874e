import { csvLines, type CsvCell, type CsvLines, type CsvStyle } from '@app/bi';
import { CELL_KINDS, type ListFields, type ListItem } from './list-fields';

export function ndjsonItems(columns: readonly string[] | undefined): CsvLines<ListItem> {
  return { head: '', line: (item) => `${JSON.stringify(columns ? chosen(item, columns) : item)}\n` };
}

export function csvItems(
  fields: ListFields,
  columns: readonly string[] | undefined,
  style: CsvStyle,
): CsvLines<ListItem> {
  const names = columns ?? Object.keys(fields);
  const cellsOf = (name: string) => ({
    name,
    kind: CELL_KINDS[fields[name]?.kind ?? 'text'],
    cell: (item: ListItem): CsvCell => item[name] ?? null,
  });
  return csvLines(names.map(cellsOf), style);
}

/** The item with some of its fields, in an order of one's own. */
export function chosen(item: ListItem, columns: readonly string[]): ListItem {
  return Object.fromEntries(columns.map((name) => [name, item[name] ?? null]));
}
