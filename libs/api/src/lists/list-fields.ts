import type { FileCell, FileColumn, FileColumnType } from '@app/domain';
import { parseIsoTime } from '@app/domain';
import type { CsvCell, CsvCellKind } from '@app/bi';

/** An item of a list as plain values by field. */
export type ListItem = Readonly<Record<string, CsvCell>>;

/**
 * What a field holds. Decimals are exact, statistics are numbers that were rounded when they were computed, both as text;
 * times and dates are text too.
 */
export type FieldKind = 'text' | 'time' | 'date' | 'decimal' | 'statistic' | 'count' | 'flag';

export interface ListField {
  readonly kind: FieldKind;
  readonly nullable: boolean;
}

/** Fields of a list in the order of its items. */
export type ListFields = Readonly<Record<string, ListField>>;

const always = (kind: FieldKind): ListField => ({ kind, nullable: false });

export const TEXT = always('text');
export const TIME = always('time');
export const DATE = always('date');
export const DECIMAL = always('decimal');
export const STATISTIC = always('statistic');
export const COUNT = always('count');
export const FLAG = always('flag');

/** A field that is null where there is nothing. */
export function orNull({ kind }: ListField): ListField {
  return { kind, nullable: true };
}

/** How a CSV takes each: numbers have its decimal mark, and text is guarded against being taken for a formula. */
export const CELL_KINDS: Readonly<Record<FieldKind, CsvCellKind>> = {
  text: 'text',
  time: 'value',
  date: 'value',
  decimal: 'number',
  statistic: 'number',
  count: 'number',
  flag: 'value',
};

/** Fraction digits of decimals: as many as the exchange has. */
const DECIMAL_SCALE = 8;

const COLUMN_TYPES: Readonly<Record<FieldKind, FileColumnType>> = {
  text: { kind: 'string' },
  time: { kind: 'timestamp' },
  date: { kind: 'date' },
  decimal: { kind: 'decimal', scale: DECIMAL_SCALE },
  statistic: { kind: 'double' },
  count: { kind: 'integer' },
  flag: { kind: 'boolean' },
};

/** What an item shows, as its type. A text that is not of the type stays as it is: the file refuses it by name. */
function typedCell(kind: FieldKind, cell: CsvCell): FileCell {
  if (typeof cell !== 'string') return cell;
  if (kind === 'time' || kind === 'date') return parseIsoTime(cell) ?? cell;
  return kind === 'statistic' ? Number(cell) : cell;
}

/** The fields of a list, or those of them that were asked for, as typed columns of a file. */
export function fileColumns(fields: ListFields, names: readonly string[] | undefined): FileColumn<ListItem>[] {
  return (names ?? Object.keys(fields)).map((name) => {
    const { kind, nullable } = fields[name] ?? orNull(TEXT);
    return { name, type: COLUMN_TYPES[kind], nullable, cell: (item) => typedCell(kind, item[name] ?? null) };
  });
}
