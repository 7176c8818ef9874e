import { isInterval, type Interval } from '../market/interval';
import { refusals } from './binance-error';

/** Query string as Fastify parses it. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>;

export const SYMBOL_STATUSES = ['TRADING', 'HALT', 'BREAK'] as const;
export type RequestedStatus = (typeof SYMBOL_STATUSES)[number];

/** Upper-case or caseless letters of any script, digits, and three signs: symbols are not ASCII alone. */
const SYMBOL = /^[\p{Lu}\p{Lo}\p{Nd}_.-]{1,50}$/u;
const SYMBOL_RANGE = '^[\\w\\-._&&[^a-z]]{1,50}$';
const INTEGER = /^\d{1,20}$/;
const INTEGER_RANGE = '^[0-9]{1,20}$';

const DEFAULT_LIMIT = 500;
const MAXIMUM_LIMIT = 1_000;

/** Times from here on are microseconds: as milliseconds they would lie beyond the year 5000. */
const SMALLEST_MICROSECONDS = 100_000_000_000_000;

/** The query parameters of one request, read and refused as the exchange does. */
export class QueryParameters {
  constructor(
    private readonly raw: RawQuery,
    known: readonly string[],
  ) {
    const names = Object.keys(raw);
    if (names.some((name) => Array.isArray(raw[name]))) {
      throw refusals.duplicateParameter();
    }
    const read = names.filter((name) => known.includes(name)).length;
    if (read < names.length) {
      throw refusals.unreadParameters(read, names.length);
    }
  }

  /** Text of an optional parameter. */
  text(name: string): string | undefined {
    const value = this.raw[name];
    if (value === undefined) {
      return undefined;
    }
    if (value === '' || Array.isArray(value)) {
      throw refusals.emptyParameter(name);
    }
    return value;
  }

  symbol(): string | undefined {
    const text = this.text('symbol');
    return text === undefined ? undefined : checkedSymbol('symbol', text);
  }

  mandatorySymbol(): string {
    return checkedSymbol('symbol', this.mandatory('symbol'));
  }

  /** A JSON array of distinct symbols. */
  symbols(): string[] | undefined {
    const text = this.text('symbols');
    if (text === undefined) {
      return undefined;
    }
    const list = parseJson(text);
    if (!Array.isArray(list) || list.length === 0) {
      throw refusals.illegalCharacters('symbols', `^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$`);
    }
    const symbols = list.map((item: unknown) => checkedSymbol('symbols', typeof item === 'string' ? item : ''));
    if (new Set(symbols).size < symbols.length) {
      throw refusals.repeatedSymbol();
    }
    return symbols;
  }

  symbolStatus(): RequestedStatus | undefined {
    const text = this.text('symbolStatus');
    const status = SYMBOL_STATUSES.find((value) => value === text);
    if (text !== undefined && status === undefined) {
      throw refusals.invalidSymbolStatus();
    }
    return status;
  }

  interval(): Interval {
    const text = this.mandatory('interval');
    if (!isInterval(text)) {
      throw refusals.invalidInterval();
    }
    return text;
  }

  /** A whole number of at most twenty digits; it may be beyond the safe integers. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) {
      return undefined;
    }
    if (!INTEGER.test(text)) {
      throw refusals.illegalCharacters(name, INTEGER_RANGE);
    }
    return Number(text);
  }

  /** How many rows are asked for: 500 unless said, at most 1,000; what more gives is not documented. */
  limit(overLimit: 'clamp' | 'refuse'): number {
    const limit = this.integer('limit') ?? DEFAULT_LIMIT;
    if (limit < 1 || (limit > MAXIMUM_LIMIT && overLimit === 'refuse')) {
      throw refusals.invalidData('limit');
    }
    return Math.min(limit, MAXIMUM_LIMIT);
  }

  /** A time in milliseconds or microseconds; given back in milliseconds, with a fraction where there is one. */
  time(name: string): number | undefined {
    const value = this.integer(name);
    return value === undefined || value < SMALLEST_MICROSECONDS ? value : value / 1_000;
  }

  /** Offset of `timeZone` (`-1:00`, `05:45`, `8`) in milliseconds, from -12:00 to +14:00. */
  timeZone(): number {
    const text = this.text('timeZone') ?? '0';
    const match = /^([+-]?)(\d{1,2})(?::([0-5]\d))?$/.exec(text.trim());
    const minutes = match === null ? Number.NaN : Number(match[2]) * 60 + Number(match[3] ?? '0');
    const offset = match?.[1] === '-' ? -minutes : minutes;
    if (!(offset >= -12 * 60 && offset <= 14 * 60)) {
      throw refusals.invalidData('timeZone');
    }
    return offset * 60_000;
  }

  private mandatory(name: string): string {
    const value = this.raw[name];
    if (typeof value !== 'string' || value === '') {
      throw refusals.mandatoryParameter(name);
    }
    return value;
  }
}

function checkedSymbol(parameter: string, text: string): string {
  if (!SYMBOL.test(text)) {
    throw refusals.illegalCharacters(parameter, SYMBOL_RANGE);
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
