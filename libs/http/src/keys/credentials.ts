import type { IncomingMessage } from 'node:http';
import { unescape } from 'node:querystring';

/** Keys that a request carries, and its address without them. */
export interface Credentials {
  /** As they were sent, without repeats; one that is empty is a key, too. */
  readonly keys: readonly string[];
  /** Path and query as routes, logs and caches see them. */
  readonly url: string;
}

const NO_KEYS: readonly string[] = [];
const PARAMETER = /^api_key(?:\[[^[\]]*\])?$/;
const BEARER = /^bearer(?:[ \t]+(.*))?$/i;

const CREDENTIALS = Symbol('credentials');

type Request = Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'url'> & {
  [CREDENTIALS]?: Credentials | undefined;
};

/**
 * The keys of a request: `X-API-Key`, `Authorization: Bearer` and, for tools that send no headers of their own, `api_key=`.
 * Another scheme of `Authorization` is not for us. Read once for each request, before its address is rewritten.
 */
export function credentialsOf(request: Request): Credentials {
  return (request[CREDENTIALS] ??= read(request));
}

function read(request: Request): Credentials {
  const { headers, url = '/' } = request;
  const header = headers['x-api-key'];
  const isInAddress = /api_key|%/.test(url);
  if (header === undefined && headers.authorization === undefined && !isInAddress) return { keys: NO_KEYS, url };
  const keys = header === undefined ? [] : String(header).split(',');
  if (headers.authorization !== undefined) keys.push(...bearerTokens(request));
  const address = isInAddress ? withoutKeys(url) : { keys: NO_KEYS, url };
  keys.push(...address.keys);
  return { keys: [...new Set(keys.map((key) => key.trim()))], url: address.url };
}

/** Of all headers of that name: Node itself keeps the first. */
function bearerTokens({ headersDistinct }: Request): string[] {
  return (headersDistinct['authorization'] ?? []).flatMap((value) => {
    const bearer = BEARER.exec(value.trim());
    return bearer ? [bearer[1] ?? ''] : [];
  });
}

function withoutKeys(url: string): Credentials {
  const start = url.search(/[?#]/);
  if (start < 0) return { keys: NO_KEYS, url };
  const keys: string[] = [];
  const others = url
    .slice(start + 1)
    .split('&')
    .filter((parameter) => {
      const end = parameter.indexOf('=');
      const name = end < 0 ? parameter : parameter.slice(0, end);
      if (!PARAMETER.test(decoded(name))) return true;
      keys.push(end < 0 ? '' : decoded(parameter.slice(end + 1)));
      return false;
    });
  if (keys.length === 0) return { keys, url };
  const query = others.join('&');
  return { keys, url: query === '' ? url.slice(0, start) : url.slice(0, start + 1) + query };
}

function decoded(text: string): string {
  return unescape(text.replaceAll('+', ' '));
}
