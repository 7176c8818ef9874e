import { QueryParameter, single } from './query-parameter.decorator';
import { TIMES_ALLOWED, withReason } from './parameters';
import { parseTimeBound } from './time-bound';

/** Formats of a list. */
export const LIST_FORMATS = ['json', 'csv', 'ndjson', 'parquet'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

export const LIST_ORDERS = ['asc', 'desc'] as const;
export type ListOrder = (typeof LIST_ORDERS)[number];

export const SEPARATORS = { ',': ',', ';': ';', tab: '\t' } as const;
export type SeparatorName = keyof typeof SEPARATORS;

export const DECIMAL_MARKS = ['.', ','] as const;
export type DecimalMark = (typeof DECIMAL_MARKS)[number];

/** What a bound of a range can be. */
export const BOUNDS_ALLOWED = `${TIMES_ALLOWED}, now, today, or a span back from now (-15m, -24h, -7d, -4w)`;

/** One of some words, as they are written. */
function oneOf<Word extends string>(
  words: readonly Word[],
  openApi: { readonly description: string; readonly example: Word },
): PropertyDecorator {
  return QueryParameter({
    parse: single((text) => words.find((word) => word === text)),
    allowed: `one of ${words.join(' ')}`,
    openApi: { type: 'string', enum: [...words], ...openApi },
  });
}

/** A bound of a range: an instant, or a span back from now. */
export function TimeBoundParameter(openApi: {
  readonly description: string;
  readonly example: string;
}): PropertyDecorator {
  return QueryParameter({
    parse: single(parseTimeBound),
    allowed: withReason(BOUNDS_ALLOWED),
    openApi: { type: 'string', ...openApi },
  });
}

export function OrderParameter(): PropertyDecorator {
  return oneOf(LIST_ORDERS, {
    description: '`asc` is by time, then symbol, as when it is left out; `desc` the other way round.',
    example: 'asc',
  });
}

export function FormatParameter(): PropertyDecorator {
  return oneOf(LIST_FORMATS, {
    description: 'Format of the answer; it wins over the `Accept` header. JSON where neither says otherwise.',
    example: 'json',
  });
}

/** Names of columns, each once, separated by commas; undefined if any is none. */
export function parseColumns(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => /^\w{1,60}$/.test(name)) && new Set(names).size === names.length ? names : undefined;
}

export function ColumnsParameter(): PropertyDecorator {
  return QueryParameter({
    parse: single(parseColumns),
    allowed: 'names of fields, each once, separated by commas',
    openApi: {
      type: 'string',
      description: 'Fields to answer with, in this order; all by default.',
      example: 'symbol',
    },
  });
}

export function SeparatorParameter(): PropertyDecorator {
  return oneOf(Object.keys(SEPARATORS) as SeparatorName[], {
    description: 'What stands between the cells of a CSV.',
    example: ',',
  });
}

export function DecimalMarkParameter(): PropertyDecorator {
  return oneOf(DECIMAL_MARKS, {
    description: 'Decimal mark of the numbers of a CSV; `,` wants another `sep` than the comma.',
    example: '.',
  });
}

export function ByteOrderMarkParameter(): PropertyDecorator {
  return oneOf(['0', '1'], {
    description: 'Whether a CSV begins with a byte order mark, by which Excel knows UTF-8.',
    example: '0',
  });
}
