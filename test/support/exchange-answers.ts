import type { EpochMicros } from '@app/domain';
import { SECOND } from '@app/domain';

/** One answer of the exchange, as a fault of the simulator without its route. */
export interface Answer {
  readonly name: string;
  readonly fault: object;
  /**
   * Whom it concerns: the question that gets it, or every request until the time that it names. A firewall that names
   * none may mean either.
   */
  readonly scope: 'question' | 'address' | 'either';
  /** Market time that it names: from its arrival, or as it is. */
  readonly named?: EpochMicros;
  readonly namedAt?: EpochMicros;
  /** Whether it never comes. */
  readonly never?: boolean;
  /** Whether it is one row of an answer, and names its symbol itself. */
  readonly isRow?: boolean;
}

export const question = (name: string, fault: object): Answer => ({ name, fault, scope: 'question' });
const address = (name: string, fault: object, named?: EpochMicros): Answer =>
  named === undefined ? { name, fault, scope: 'address' } : { name, fault, scope: 'address', named };
const status = (code: number, body?: unknown, headers?: Readonly<Record<string, string>>, html = false): object => ({
  kind: 'status',
  status: code,
  ...(body === undefined ? {} : { body }),
  ...(headers === undefined ? {} : { headers }),
  ...(html ? { html } : {}),
});

const PAGE = '<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD></HTML>';
const TOO_MUCH = {
  code: -1003,
  msg: 'Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams.',
};

/** A ban whose end only the message says. */
export function bannedUntil(until: EpochMicros): Answer {
  const msg = `Way too much request weight used; IP banned until ${until / 1_000}. Please use WebSocket Streams.`;
  return { ...address('418 with its end in the message', status(418, { code: -1003, msg })), namedAt: until };
}

export const REFUSALS: readonly Answer[] = [
  question('400 -1121', status(400, { code: -1121, msg: 'Invalid symbol.' })),
  question('400 -1003', status(400, TOO_MUCH)),
  question('400 -1100', status(400, { code: -1100, msg: "Illegal characters found in parameter 'limit'." })),
  question('401', status(401)),
  address('403 with Retry-After', status(403, PAGE, { 'retry-after': '20' }, true), 20 * SECOND),
  { name: '403 of the firewall', fault: { kind: 'waf' }, scope: 'either' },
  { name: '202 of the firewall', fault: status(202, ''), scope: 'either' },
  question('404 JSON', status(404, { code: -1, msg: 'not found' })),
  question('404 empty', status(404)),
  question('404 HTML', status(404, PAGE, {}, true)),
  address('418 with Retry-After', { kind: 'ban', retry_after_seconds: 45 }, 45 * SECOND),
  address('418 without an end', status(418)),
  address('429 with Retry-After', { kind: 'rate-limit', retry_after_seconds: 17 }, 17 * SECOND),
  address('429 without an end', status(429, TOO_MUCH)),
  question('500', status(500, { code: -1000, msg: 'An unknown error occurred while processing the request.' })),
  question('502 HTML', status(502, PAGE, {}, true)),
  question('503 busy', status(503, { code: -1008, msg: 'Server is currently overloaded. Please try again.' })),
  question('504 time-out', status(504, { code: -1007, msg: 'Timeout waiting for response from backend server.' })),
  question('503 with Retry-After', status(503, '', { 'retry-after': '8' })),
  question('302 to a login page', status(302, '', { location: 'https://portal.example/login' })),
];

export const BROKEN_BODIES: readonly Answer[] = [
  question('an empty body', { kind: 'empty' }),
  question('a cut body', { kind: 'cut' }),
  question('JSON that does not end', { kind: 'malformed' }),
  question('HTML with 200', status(200, PAGE, {}, true)),
  question('JSON of another shape', status(200, { code: 0, msg: 'maintenance' })),
  question('a number for a body', status(200, '7')),
  question('null for a body', status(200, 'null')),
  question('a list of nothing that is known', status(200, '[[],{},7,null]')),
  question('too large a body', { kind: 'oversized', bytes: 5_000_000 }),
  question('UTF-16', { kind: 'utf-16' }),
  question('half a gzip body', { kind: 'bad-gzip', defect: 'cut' }),
  question('a gzip body that is none', { kind: 'bad-gzip', defect: 'none' }),
  question('a reset before the answer', { kind: 'reset', at: 'request' }),
  question('a reset within the body', { kind: 'reset', at: 'body' }),
  { ...question('silence', { kind: 'slow', delay_ms: 600_000 }), never: true },
];

export const GEO_BLOCK = address('451', { kind: 'geo-block' });
