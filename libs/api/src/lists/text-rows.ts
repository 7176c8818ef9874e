import type { DecimalMark } from '@app/domain';

const LINE_END = '\r\n';
const FORMULA_START = /^[=+\-@\t\r]/;
const BYTE_ORDER_MARK = '\uFEFF';

/** How the cells of a CSV are written. */
export interface TextOptions {
  readonly separator: string;
  readonly decimal: DecimalMark;
  readonly hasByteOrderMark: boolean;
}

/** An item of a list as plain values by field. */
export type ListItem = Readonly<Record<string, ListValue>>;
export type ListValue = string | number | boolean | null;

/** What a field holds: numbers take the decimal mark, text is guarded against being taken for a formula. */
export type FieldKind = 'text' | 'number';

/** Fields of a list in the order of its items. */
export type ListFields = Readonly<Record<string, FieldKind>>;

/** Rows as lines: what comes first, and the line of an item. */
export interface LineWriter {
  readonly head: string;
  readonly line: (item: ListItem) => string;
}

export function ndjsonLines(columns: readonly string[] | undefined): LineWriter {
  return { head: '', line: (item) => `${JSON.stringify(columns ? chosen(item, columns) : item)}\n` };
}

export function csvLines(
  fields: ListFields,
  columns: readonly string[] | undefined,
  { separator, decimal, hasByteOrderMark }: TextOptions,
): LineWriter {
  const names = columns ?? Object.keys(fields);
  const special = new RegExp(`["\\r\\n${separator}]`);
  const quoted = (cell: string): string => (special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const cellOf = (name: string, value: ListValue = null): string => {
    if (value === null) return '';
    const text = String(value);
    if (fields[name] === 'number') return quoted(decimal === ',' ? text.replace('.', ',') : text);
    return quoted(typeof value === 'string' && FORMULA_START.test(text) ? `'${text}` : text);
  };
  return {
    head: `${hasByteOrderMark ? BYTE_ORDER_MARK : ''}${names.join(separator)}${LINE_END}`,
    line: (item) => names.map((name) => cellOf(name, item[name])).join(separator) + LINE_END,
  };
}

/** The item with some of its fields, in an order of one's own. */
export function chosen(item: ListItem, columns: readonly string[]): ListItem {
  return Object.fromEntries(columns.map((name) => [name, item[name] ?? null]));
}
