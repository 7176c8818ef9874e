import { createHash } from 'node:crypto';
import type { TimeKey } from '@app/domain';
import { invalidParameter } from '@app/http';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** What a cursor belongs to: the route and everything that decides which rows follow which. */
export function cursorScope(route: string, ...parts: readonly unknown[]): string {
  return digest(JSON.stringify([route, parts]));
}

const check = (scope: string, time: number, symbol: string): string => digest(`${scope} ${time} ${symbol}`);

/** Writes the position after a row as an opaque text that only the same question takes back. */
export function encodeCursor(scope: string, { time, symbol }: TimeKey): string {
  return Buffer.from(JSON.stringify([scope, time, symbol, check(scope, time, symbol)])).toString('base64url');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Reads a position back; undefined when there is no cursor.
 * @throws ProblemError 400 for a cursor that was altered or belongs to another question
 */
export function decodeCursor(scope: string, cursor: string | undefined): TimeKey | undefined {
  if (cursor === undefined) return undefined;
  const value = parse(cursor);
  if (Array.isArray(value) && value.length === 4) {
    const [owner, time, symbol, sum] = value as unknown[];
    if (
      typeof time === 'number' &&
      typeof symbol === 'string' &&
      owner === scope &&
      sum === check(scope, time, symbol)
    ) {
      return { time, symbol };
    }
  }
  throw invalidParameter(
    'cursor',
    cursor,
    'next_cursor of an earlier answer to the same question (route, symbols, range, interval)',
  );
}
