/**
 * What a cell holds: `decimal` is exact, with the exchange's own digits; `statistic` is computed in double precision and
 * rounded to ten significant digits. Both are plain decimal text without an exponent.
 */
export type BiFieldType = 'date' | 'datetime' | 'string' | 'boolean' | 'integer' | 'decimal' | 'statistic';

/** One column of a table. */
export interface BiField {
  readonly type: BiFieldType;
  readonly description: string;
  readonly unit?: string;
  /** Whether a cell may be empty. */
  readonly nullable?: true;
  /** A cell of the example row. */
  readonly example: string;
}

/** One table: its columns in the order of the header. */
export interface BiTable {
  readonly title: string;
  readonly description: string;
  /** Columns that name a row, in the order in which rows are sorted. */
  readonly primaryKey: readonly string[];
  readonly fields: Readonly<Record<string, BiField>>;
}

type Options = Pick<BiField, 'unit' | 'nullable'>;

const field =
  (type: BiFieldType) =>
  (description: string, example: string, options: Options = {}): BiField => ({
    type,
    description,
    example,
    ...options,
  });

export const date = field('date');
export const datetime = field('datetime');
export const text = field('string');
export const flag = field('boolean');
export const count = field('integer');
export const decimal = field('decimal');
export const statistic = field('statistic');
