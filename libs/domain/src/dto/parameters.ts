import { MILLISECOND, MAX_TIME, parseIsoTime, type EpochMicros } from '../model/time';
import { isSymbol, normaliseSymbol, SYMBOL_ALLOWED } from '../model/symbol';
import { CANDLE_INTERVALS, type CandleInterval } from '../model/interval';
import { QueryParameter, single, type RawParameter } from './query-parameter.decorator';

/** Most symbols that one request may name. */
export const MAX_SYMBOLS = 1_000;

/** Most rows on one page of a JSON list. */
export const MAX_LIMIT = 5_000;

/** Most rows of a list in a format that is written row by row. */
export const MAX_TEXT_LIMIT = 1_000_000;

/** Longest cursor that is looked at; ours are about 200 characters, and ten more for each partition of the broker. */
const MAX_CURSOR_LENGTH = 4_000;

/** A whole number in plain digits, `min` to `max`. */
export function WholeNumberParameter(
  min: number,
  max: number,
  openApi: { readonly description: string; readonly example: number },
  range = `one whole number from ${min} to ${max}`,
): PropertyDecorator {
  return QueryParameter({
    parse: single((text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : undefined;
    }),
    allowed: range,
    openApi: { type: 'integer', minimum: min, maximum: max, ...openApi },
  });
}

/**
 * A time with an offset: `+0000` and `+00` are ISO 8601 too, and a `+` that a query string turned into a space is one
 * still, for event times end in `+00:00` and are pasted as they are.
 */
const WITH_OFFSET = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)([ +-])(\d{2}):?(\d{2})?$/i;

function withFullOffset(text: string): string {
  const [, time, sign, hours, minutes = '00'] = WITH_OFFSET.exec(text) ?? [];
  return time === undefined ? text : `${time}${sign === '-' ? '-' : '+'}${hours ?? ''}:${minutes}`;
}

/**
 * Parses a time as callers write it: ISO 8601 (UTC unless it has an offset), a date (its first instant), or 13-digit
 * epoch milliseconds. Undefined for anything else.
 */
export function parseTimeParameter(text: string): EpochMicros | undefined {
  if (/^\d{13}$/.test(text)) {
    const time = Number(text) * MILLISECOND;
    return time < MAX_TIME ? time : undefined;
  }
  return parseIsoTime(withFullOffset(text));
}

/** What {@link parseTimeParameter} takes, for whoever wrote something else. */
export const TIMES_ALLOWED =
  'one time: ISO 8601 (2026-01-15T14:00:00Z), a date (2026-01-15) or 13-digit epoch milliseconds';

/** What is allowed, and where it can be told why this value is not. */
export function withReason(allowed: string): (raw: RawParameter) => string {
  return (raw) => {
    if (typeof raw !== 'string') return allowed;
    if (/^\d{10}$/.test(raw)) {
      return `${allowed}; a 10-digit number looks like epoch seconds and is refused, for a wrong unit would be wrong by a factor of 1,000: write ${raw}000`;
    }
    if (/^\d{16}$/.test(raw)) {
      return `${allowed}; a 16-digit number looks like epoch microseconds: write ${raw.slice(0, 13)}`;
    }
    if (/^\d{4}-\d{2}-\d{2}/.test(raw) && (raw < '1970' || raw >= '2200'))
      return `${allowed}, of the years 1970 to 2199`;
    return allowed;
  };
}

/** What {@link parseSymbols} takes. */
export const SYMBOLS_ALLOWED = `1 to ${MAX_SYMBOLS} symbols of ${SYMBOL_ALLOWED}, separated by commas (BTCUSDT,ETHUSDT)`;

/** Symbols of texts that each may hold several, separated by commas: upper-cased, without repeats; undefined if any is none. */
export function parseSymbols(texts: readonly string[]): string[] | undefined {
  const names = texts.flatMap((text) => text.split(','));
  if (names.length === 0 || names.length > MAX_SYMBOLS) return undefined;
  const symbols = names.map((name) => normaliseSymbol(name.trim()));
  return symbols.every(isSymbol) ? [...new Set(symbols)] : undefined;
}

/** One symbol, several separated by commas, or the name repeated; upper-cased, without repeats. */
export function SymbolsParameter(openApi: { description: string; example: string }): PropertyDecorator {
  return QueryParameter({
    parse: (raw) => parseSymbols(typeof raw === 'string' ? [raw] : raw),
    allowed: SYMBOLS_ALLOWED,
    openApi: { type: 'string', ...openApi },
  });
}

export function IntervalParameter(): PropertyDecorator {
  return QueryParameter({
    parse: single((text) =>
      (CANDLE_INTERVALS as readonly string[]).includes(text) ? (text as CandleInterval) : undefined,
    ),
    allowed: `one of ${CANDLE_INTERVALS.join(', ')}`,
    openApi: {
      type: 'string',
      enum: [...CANDLE_INTERVALS],
      default: '1m',
      example: '1h',
      description:
        'Length of the candles; case matters (`1m` is a minute, `1M` a month). Boundaries are those of the exchange in UTC: ' +
        'weeks open on Monday, months on their first, `3d` counts from the first day of the symbol on the exchange.',
    },
  });
}

/** Where a stream goes on: the id of an event. Whether it is one is for the stream to say. */
export function EventIdParameter(): PropertyDecorator {
  return QueryParameter({
    parse: single((text) => (text === '' ? undefined : text)),
    allowed: 'the id of an event, or X-Feed-Position of a list',
    openApi: {
      type: 'string',
      description:
        'Goes on exactly behind this event, as the header `Last-Event-ID` does, which wins. `X-Feed-Position` of a list ' +
        'continues that list.',
      example: FEED_POSITION_EXAMPLE,
    },
  });
}

/** The length of the candles of a stream: minutes alone. */
export function MinuteIntervalParameter(): PropertyDecorator {
  return QueryParameter({
    parse: single((text) => (text === '1m' ? text : undefined)),
    allowed: '1m: minutes are streamed, and longer candles are read from /candles',
    openApi: { type: 'string', enum: ['1m'], example: '1m', description: 'Length of the candles: minutes alone.' },
  });
}

export function CursorParameter(): PropertyDecorator {
  return QueryParameter({
    parse: single((text) => (text.length <= MAX_CURSOR_LENGTH && /^[A-Za-z0-9_-]+$/.test(text) ? text : undefined)),
    allowed: 'the next_cursor of an earlier answer to the same question',
    openApi: {
      type: 'string',
      description:
        'Where to go on: `next_cursor` of the page before, with the same other parameters. Times that are relative to now ' +
        'mean what they meant on the first page.',
      example: CURSOR_EXAMPLE,
    },
  });
}

/** The position that examples show. */
export const FEED_POSITION_EXAMPLE = 'ARA3ZjMxYzA5MmI0ZGU2YTg1veDKgNuNkgMAAgHCnwECigc';

/** The cursor that examples show. */
export const CURSOR_EXAMPLE = 'eyJ2IjoxLCJyIjoidHJhZGVzIn0';
