import { createHash } from 'node:crypto';
import { MAX_TIME, type EpochMicros, type PriceEventKey, type TimeKey } from '@app/domain';
import { invalidParameter } from '@app/http';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** What a cursor belongs to: the route and everything that decides which rows follow which. */
export function cursorScope(route: string, ...parts: readonly unknown[]): string {
  return digest(JSON.stringify([route, parts]));
}

const check = (scope: string, parts: readonly unknown[]): string => digest(JSON.stringify([scope, ...parts]));

/** A time that was relative to now when a walk began: as it was written, and what it meant then. */
export interface KeptTime {
  readonly written: string;
  readonly time: EpochMicros;
}

/** Parameters that may be relative to now. */
export const TIME_NAMES = ['start', 'end', 'as_of'] as const;
export type TimeName = (typeof TIME_NAMES)[number];

export type KeptTimes = Readonly<Partial<Record<TimeName, KeptTime>>>;

/** A position in a list, and what holds for the whole walk through it from its first page on. */
export interface Cursor {
  /** Of the question that it belongs to. */
  readonly scope: string;
  readonly key: TimeKey;
  /** Position of the change feed. */
  readonly feed: string;
  readonly times: KeptTimes;
}

/** Writes the position after a row as an opaque text that only the same question takes back. */
export function encodeCursor({ scope, key: { time, symbol, ...rest }, feed, times }: Cursor): string {
  const key = 'source' in rest ? [time, symbol, rest.source] : [time, symbol];
  const kept = Object.entries(times).map(([name, { written, time: at }]) => [name, written, at]);
  const parts = [feed, ...(kept.length > 0 ? [kept] : []), ...key];
  return Buffer.from(JSON.stringify([scope, ...parts, check(scope, parts)])).toString('base64url');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Reads a position back, with the source of a price event where it has one; undefined when there is no cursor. Whether it
 * belongs to a question is for {@link assertCursorOf} to say.
 * @throws ProblemError 400 for a cursor that was altered
 */
export function decodeCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const value = parse(text);
  if (!Array.isArray(value)) throw noCursor(text);
  const [scope, ...parts] = value as unknown[];
  const sum = parts.pop();
  if (typeof scope !== 'string' || sum !== check(scope, parts)) throw noCursor(text);
  const [feed, ...others] = parts;
  const kept = Array.isArray(others[0]) ? keptTimes(others.shift() as unknown[]) : {};
  const [time, symbol, source] = others;
  if (typeof feed !== 'string' || !Number.isSafeInteger(time) || typeof symbol !== 'string' || !kept)
    throw noCursor(text);
  const key: TimeKey = { time: time as EpochMicros, symbol };
  if (source === undefined) return { scope, feed, times: kept, key };
  if (typeof source !== 'string') throw noCursor(text);
  const eventKey: PriceEventKey = { ...key, source };
  return { scope, feed, times: kept, key: eventKey };
}

/** Undefined where it is none. */
function keptTimes(entries: readonly unknown[]): KeptTimes | undefined {
  const times: Partial<Record<TimeName, KeptTime>> = {};
  for (const entry of entries) {
    const [asked, written, time] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const name = TIME_NAMES.find((one) => one === asked);
    if (name === undefined || typeof written !== 'string' || !isTime(time)) return undefined;
    times[name] = { written, time };
  }
  return times;
}

function isTime(value: unknown): value is EpochMicros {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MAX_TIME;
}

/** @throws ProblemError 400 for a cursor that belongs to another question */
export function assertCursorOf(scope: string, cursor: Cursor | undefined): void {
  if (cursor && cursor.scope !== scope) throw noCursor(encodeCursor(cursor));
}

function noCursor(text: string): Error {
  return invalidParameter(
    'cursor',
    text,
    'next_cursor of an earlier answer to the same question (route, symbols, range, interval)',
  );
}
