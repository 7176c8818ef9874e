import { csvLines, type CsvCell, type CsvLines, type CsvStyle } from '@app/bi';

/** An item of a list as plain values by field. */
export type ListItem = Readonly<Record<string, CsvCell>>;

/** What a field holds: numbers take the decimal mark, text is guarded against being taken for a formula. */
export type FieldKind = 'text' | 'number';

/** Fields of a list in the order of its items. */
export type ListFields = Readonly<Record<string, FieldKind>>;

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
    kind: fields[name] ?? 'text',
    cell: (item: ListItem): CsvCell => item[name] ?? null,
  });
  return csvLines(names.map(cellsOf), style);
}

/** The item with some of its fields, in an order of one's own. */
export function chosen(item: ListItem, columns: readonly string[]): ListItem {
  return Object.fromEntries(columns.map((name) => [name, item[name] ?? null]));
}
