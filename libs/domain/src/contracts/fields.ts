import {
  AMOUNT_RULE,
  CHANGE_RULE,
  HOUR,
  MINUTE,
  SECOND,
  SYMBOL_ALLOWED,
  isAmountText,
  isChangeText,
  isSymbol,
  parseIsoTime,
  type EpochMicros,
} from '../model';
import { ContractViolationError } from './contract-violation.error';

/** The keys of a JSON object whose values have not been looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Largest message taken, in UTF-16 units of its text; an event is about 200. */
export const MAX_MESSAGE_LENGTH = 65_536;

/** Parses one message: one JSON object on one line. @throws ContractViolationError */
export function parseJsonObject(text: string): JsonObject {
  if (text.length > MAX_MESSAGE_LENGTH) {
    throw new ContractViolationError('message', `${text.length} characters`, `at most ${MAX_MESSAGE_LENGTH}`);
  }
  if (text.includes('\n') || text.includes('\r')) {
    throw new ContractViolationError('message', text, 'JSON without line breaks: one event is one line');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContractViolationError('message', text, 'JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ContractViolationError('message', value, 'a JSON object');
  }
  return value as JsonObject;
}

export function textField(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string' || value.length === 0 || value.length > 200) {
    throw new ContractViolationError(field, value, 'text of 1 to 200 characters');
  }
  return value;
}

export function symbolField(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string' || !isSymbol(value)) {
    throw new ContractViolationError(field, value, SYMBOL_ALLOWED);
  }
  return value;
}

/** A price, quantity or volume, kept as it is written. @throws ContractViolationError for all but {@link AMOUNT_RULE} */
export function amountField(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string' || !isAmountText(value)) throw new ContractViolationError(field, value, AMOUNT_RULE);
  return value;
}

/** As {@link amountField}, but it may be negative. */
export function changeField(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string' || !isChangeText(value)) throw new ContractViolationError(field, value, CHANGE_RULE);
  return value;
}

export function countField(object: JsonObject, field: string): number {
  const value = object[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ContractViolationError(field, value, 'a whole number from 0');
  }
  return value;
}

/** Most time texts that are remembered with their meaning. */
const REMEMBERED_TIMES = 64;

/**
 * The parser, for which a text that it has just seen costs nothing: all symbols of a poll, and all candles of a minute,
 * carry the same times.
 */
function remembering(parse: (text: string) => EpochMicros | undefined): (text: string) => EpochMicros | undefined {
  const seen = new Map<string, EpochMicros>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const time = parse(text);
    if (time === undefined) return undefined;
    if (seen.size === REMEMBERED_TIMES) seen.clear();
    seen.set(text, time);
    return time;
  };
}

const EVENT_TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\.(\d{6})\+00:00$/;

const startOfDate = remembering(parseIsoTime);

function readEventTime(text: string): EpochMicros | undefined {
  const parts = EVENT_TIME.exec(text);
  if (!parts) return undefined;
  const start = startOfDate(parts[1] ?? '');
  if (start === undefined) return undefined;
  return start + Number(parts[2]) * HOUR + Number(parts[3]) * MINUTE + Number(parts[4]) * SECOND + Number(parts[5]);
}

/** A capture time in UTC with six fraction digits and `+00:00`; undefined for every other text. */
export const parseEventTime = remembering(readEventTime);
const parseMarketTime = remembering((text) => (text.endsWith('Z') ? parseIsoTime(text) : undefined));

/** A capture time: UTC with six fraction digits and `+00:00`. */
export function eventTimeField(object: JsonObject, field: string): EpochMicros {
  const value = object[field];
  const time = typeof value === 'string' ? parseEventTime(value) : undefined;
  if (time === undefined) {
    throw new ContractViolationError(field, value, 'UTC as YYYY-MM-DDTHH:MM:SS.ffffff+00:00');
  }
  return time;
}

/** A time of the market: ISO 8601 UTC ending in `Z`. */
export function marketTimeField(object: JsonObject, field: string): EpochMicros {
  const value = object[field];
  const time = typeof value === 'string' ? parseMarketTime(value) : undefined;
  if (time === undefined) throw new ContractViolationError(field, value, 'UTC as YYYY-MM-DDTHH:MM:SS.fffZ');
  return time;
}
