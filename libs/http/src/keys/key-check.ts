import type { IncomingMessage } from 'node:http';
import { ProblemError, type ProblemOptions } from '../problem.error';
import type { Callers, KeyFault } from './callers';

const REALM = 'Bearer realm="crypto-streaming-platform"';
/** Seconds after which a client may ask again while keys cannot be looked up. */
const RETRY_SECONDS = 5;

/** What is open to everybody also where a key is required: the page, the documentation, and two probes. */
const OPEN_ROUTES: ReadonlySet<string> = new Set(['/', '/assets/:name', '/docs', '/openapi.json', '/livez', '/readyz']);

/** Whether a route, by its template, needs no key where one is required. */
export function isOpenRoute(route: string): boolean {
  return OPEN_ROUTES.has(route) || route.startsWith('/docs/');
}

/** What a browser asks before it sends a key: it never sends one along. */
function isPreflight({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** What is answered to each fault of a request's keys. */
export const KEY_PROBLEMS = {
  unknown: {
    status: 401,
    code: 'KEY.UNKNOWN',
    title: 'The API key does not hold',
    detail: 'The API key is unknown, expired or revoked; ask without one where none is required, or for a new one.',
    headers: { 'WWW-Authenticate': `${REALM}, error="invalid_token"` },
  },
  contradictory: {
    status: 400,
    code: 'KEY.CONTRADICTORY',
    title: 'Two different API keys',
    detail: 'The request carries two different API keys in X-API-Key, Authorization and api_key; send one.',
  },
  'not readable': {
    status: 503,
    code: 'KEY.NOT_READABLE',
    title: 'API keys cannot be looked up yet',
    detail: 'The store that has the API keys cannot be read yet; the key may hold all the same.',
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  },
  required: {
    status: 401,
    code: 'KEY.REQUIRED',
    title: 'An API key is required',
    detail: 'Send your API key as X-API-Key, as Authorization: Bearer, or as api_key in the address.',
    headers: { 'WWW-Authenticate': REALM },
  },
} as const satisfies Readonly<Record<KeyFault | 'required', ProblemOptions>>;

/** Decides by its keys whether a request may be answered. */
export class KeyCheck {
  constructor(
    private readonly callers: Callers,
    private readonly isRequired: boolean,
  ) {}

  /** Why it may not; undefined when it may. `route` is its template, undefined where it meets none. */
  refusalOf(request: IncomingMessage, route: string | undefined): ProblemError | undefined {
    const { key, fault } = this.callers.of(request);
    if (fault === undefined && (key !== undefined || !this.isRequired)) return undefined;
    if (isPreflight(request)) return undefined;
    if (fault !== undefined) return new ProblemError(KEY_PROBLEMS[fault]);
    return route !== undefined && isOpenRoute(route) ? undefined : new ProblemError(KEY_PROBLEMS.required);
  }
}
