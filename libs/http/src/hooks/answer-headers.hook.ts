import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { methodNotAllowed, ProblemError } from '../problem.error';
import { problemOfStatus } from '../problem-from-error';
import { pathOf } from '../problem.filter';
import type { RouteTable } from '../route-table';

/** DuckDB and polars in a page read tables by ranges. */
const EXPOSED =
  'ETag, Retry-After, RateLimit, RateLimit-Policy, Link, X-Request-Id, Accept-Ranges, Content-Range, Content-Disposition';
const METHODS = 'GET, HEAD, OPTIONS';
const PREFLIGHT_SECONDS = '86400';

/** Cross-origin headers: reading is allowed to the configured origins (`*`: to all), nothing else is. */
function allowOrigin(request: FastifyRequest, reply: FastifyReply, origins: readonly string[]): void {
  if (origins.includes('*')) {
    reply.header('access-control-allow-origin', '*');
  } else {
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return;
    reply.header('access-control-allow-origin', origin);
  }
  reply.header('access-control-expose-headers', EXPOSED);
}

function answerOptions(reply: FastifyReply, allowed: readonly string[]): void {
  reply
    .code(204)
    .headers({
      allow: allowed.join(', '),
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': '*',
      'access-control-max-age': PREFLIGHT_SECONDS,
    })
    .send();
}

/** RFC 9112, 3.2: a request of HTTP/1.1 has to name the host. */
function lacksHost({ headers, raw }: FastifyRequest): boolean {
  return headers.host === undefined && raw.httpVersion === '1.1';
}

/** An answer depends on who asks where not all may: caches must not give one page what another was given. */
function addVaryOrigin(instance: FastifyInstance): void {
  instance.addHook('onSend', (_request, reply, _payload, done) => {
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Origin' : `${String(vary)}, Origin`);
    done();
  });
}

/** Sets what every answer carries, answers OPTIONS, and refuses methods that a route does not have. */
export function addAnswerHeaders(instance: FastifyInstance, routes: RouteTable, origins: readonly string[]): void {
  if (!origins.includes('*')) addVaryOrigin(instance);
  instance.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    allowOrigin(request, reply, origins);
    if (lacksHost(request)) {
      done(new ProblemError(problemOfStatus(400)));
      return;
    }
    if (request.method === 'GET' || request.method === 'HEAD') {
      done();
      return;
    }
    const allowed = routes.allowed(pathOf(request.url));
    if (!allowed) done();
    else if (request.method === 'OPTIONS') answerOptions(reply, allowed);
    else if (allowed.includes(request.method)) done();
    else done(methodNotAllowed(request.method, allowed));
  });
}
