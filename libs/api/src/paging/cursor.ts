import { createHash } from 'node:crypto';
import type { PriceEventKey, TimeKey } from '@app/domain';
import { invalidParameter } from '@app/http';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** What a cursor belongs to: the route and everything that decides which rows follow which. */
export function cursorScope(route: string, ...parts: readonly unknown[]): string {
  return digest(JSON.stringify([route, parts]));
}

const check = (scope: string, key: readonly unknown[]): string => digest(JSON.stringify([scope, ...key]));

/** Writes the position after a row as an opaque text that only the same question takes back. */
export function encodeCursor(scope: string, { time, symbol, ...rest }: TimeKey | PriceEventKey): string {
  const key = 'source' in rest ? [time, symbol, rest.source] : [time, symbol];
  return Buffer.from(JSON.stringify([scope, ...key, check(scope, key)])).toString('base64url');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The parts of a key that this program wrote for the same question. */
function keyOf(scope: string, cursor: string): readonly unknown[] {
  const value = parse(cursor);
  if (Array.isArray(value)) {
    const [owner, ...key] = value as unknown[];
    const sum = key.pop();
    if (owner === scope && sum === check(scope, key)) return key;
  }
  throw invalidParameter(
    'cursor',
    cursor,
    'next_cursor of an earlier answer to the same question (route, symbols, range, interval)',
  );
}

/**
 * Reads a position back; undefined when there is no cursor.
 * @throws ProblemError 400 for a cursor that was altered or belongs to another question
 */
export function decodeCursor(scope: string, cursor: string | undefined): TimeKey | undefined {
  if (cursor === undefined) return undefined;
  const [time, symbol] = keyOf(scope, cursor) as [number, string];
  return { time, symbol };
}

/** Reads a position among price events back. @throws ProblemError 400 as {@link decodeCursor} */
export function decodeEventCursor(scope: string, cursor: string | undefined): PriceEventKey | undefined {
  if (cursor === undefined) return undefined;
  const [time, symbol, source] = keyOf(scope, cursor) as [number, string, string];
  return { time, symbol, source };
}
