import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { methodNotAllowed, ProblemError } from '../problem.error';
import { problemOfStatus } from '../problem-from-error';
import { pathOf } from '../problem.filter';
import type { RouteTable } from '../route-table';
import type { KeyCheck } from '../keys/key-check';
import { budgetHeaders, isWithin, type RequestBudget } from '../throttling/request-budget';

/** What every request passes before it is answered. */
export interface Door {
  readonly origins: readonly string[];
  readonly budget: RequestBudget;
  readonly keys: KeyCheck;
}

/** DuckDB and polars in a page read tables by ranges, and a page that has a list goes on with its stream. */
const EXPOSED =
  'ETag, Retry-After, RateLimit, RateLimit-Policy, Link, X-Request-Id, Accept-Ranges, Content-Range, Content-Disposition, X-Feed-Position';
const METHODS = 'GET, HEAD, OPTIONS';
/** The asterisk stands for all headers but that one. */
const ALLOWED_HEADERS = '*, Authorization';
const PREFLIGHT_SECONDS = '86400';

/**
 * What every answer carries. Cross-origin headers: reading is allowed to the configured origins (`*`: to all), nothing else
 * is.
 */
export function answerHeaders(
  id: string,
  origin: string | undefined,
  origins: readonly string[],
): Record<string, string | number> {
  const headers = { 'x-request-id': id, 'x-content-type-options': 'nosniff' };
  const allowed = origins.includes('*') ? '*' : origin;
  if (allowed === undefined || !origins.includes(allowed)) return headers;
  return { ...headers, 'access-control-allow-origin': allowed, 'access-control-expose-headers': EXPOSED };
}

/** Sets what every answer carries. */
export function setAnswerHeaders(request: FastifyRequest, reply: FastifyReply, origins: readonly string[]): void {
  reply.headers(answerHeaders(request.id, request.headers.origin, origins));
}

function answerOptions(reply: FastifyReply, allowed: readonly string[]): void {
  reply
    .code(204)
    .headers({
      allow: allowed.join(', '),
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': PREFLIGHT_SECONDS,
    })
    .send();
}

/** RFC 9112, 3.2: a request names one host, and of HTTP/1.0 alone may it be absent. Node keeps the first of several. */
export function hasOneHost({ headers, rawHeaders, httpVersion }: IncomingMessage): boolean {
  const { host } = headers;
  if (host === undefined) return httpVersion !== '1.1';
  if (host.includes(',')) return false;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1;
}

/** An answer depends on who asks where not all may: caches must not give one page what another was given. */
function addVaryOrigin(instance: FastifyInstance): void {
  instance.addHook('onSend', (_request, reply, _payload, done) => {
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Origin' : `${String(vary)}, Origin`);
    done();
  });
}

/**
 * Sets what every answer carries, refuses whoever has not the key that is needed, and answers what meets no route: malformed
 * requests, OPTIONS, and methods that a route does not have. All of it costs a request of the client's budget, like a
 * route.
 */
export function addAnswerHeaders(instance: FastifyInstance, routes: RouteTable, { origins, budget, keys }: Door): void {
  if (!origins.includes('*')) addVaryOrigin(instance);

  const answerWithoutRoute = async (
    request: FastifyRequest,
    reply: FastifyReply,
    refusal: ProblemError | undefined,
  ): Promise<void> => {
    const state = await budget.spend(request.raw);
    reply.headers(budgetHeaders(state));
    if (!isWithin(state)) throw new ProblemError(problemOfStatus(429));
    if (refusal) throw refusal;
    if (!hasOneHost(request.raw)) throw new ProblemError(problemOfStatus(400));
    const allowed = routes.allowed(pathOf(request.url));
    if (!allowed) return;
    if (request.method === 'OPTIONS') answerOptions(reply, allowed);
    else throw methodNotAllowed(request.method, allowed);
  };

  instance.addHook('onRequest', (request, reply, done) => {
    setAnswerHeaders(request, reply, origins);
    const refusal = keys.refusalOf(request.raw, request.is404 ? undefined : request.routeOptions.url);
    if (!request.is404 && !refusal && hasOneHost(request.raw)) done();
    else {
      answerWithoutRoute(request, reply, refusal).then(() => {
        if (!reply.sent) done();
      }, done);
    }
  });
}
