import { createHash } from 'node:crypto';
import type { PriceEventKey, TimeKey } from '@app/domain';
import { invalidParameter } from '@app/http';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** What a cursor belongs to: the route and everything that decides which rows follow which. */
export function cursorScope(route: string, ...parts: readonly unknown[]): string {
  return digest(JSON.stringify([route, parts]));
}

const check = (scope: string, key: readonly unknown[]): string => digest(JSON.stringify([scope, ...key]));

/** A position in a list, and the position of the change feed at which the walk through it began. */
export interface Cursor {
  readonly key: TimeKey;
  readonly feed: string;
}

/** Writes the position after a row as an opaque text that only the same question takes back. */
export function encodeCursor(scope: string, { time, symbol, ...rest }: TimeKey | PriceEventKey, feed: string): string {
  const key = 'source' in rest ? [time, symbol, rest.source] : [time, symbol];
  return Buffer.from(JSON.stringify([scope, feed, ...key, check(scope, [feed, ...key])])).toString('base64url');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Reads a position back, with the source of a price event where it has one; undefined when there is no cursor.
 * @throws ProblemError 400 for a cursor that was altered or belongs to another question
 */
export function decodeCursor(scope: string, cursor: string | undefined): Cursor | undefined {
  if (cursor === undefined) return undefined;
  const value = parse(cursor);
  if (Array.isArray(value)) {
    const [owner, ...parts] = value as unknown[];
    const sum = parts.pop();
    if (owner === scope && sum === check(scope, parts)) {
      const [feed, time, symbol, source] = parts as [string, number, string, string?];
      return { feed, key: source === undefined ? { time, symbol } : ({ time, symbol, source } as TimeKey) };
    }
  }
  throw invalidParameter(
    'cursor',
    cursor,
    'next_cursor of an earlier answer to the same question (route, symbols, range, interval)',
  );
}
