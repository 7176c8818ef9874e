import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram, type Logger, type MetricsRegistry } from '@app/observability';

/** Routes that machines ask all the time: their lines are of interest to a debugger only. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Route of requests that met none: one label for all of them. */
const NO_ROUTE = 'none';

function routeOf(request: FastifyRequest): string {
  return request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
}

/** One log line and one observation per request. The query is in neither: it may hold a key. */
export function addRequestRecord(instance: FastifyInstance, logger: Logger, metrics: MetricsRegistry): void {
  const histogram = new Histogram({
    name: 'csp_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by route template.',
    labelNames: ['method', 'route', 'status_code'],
    buckets: BUCKETS_SECONDS,
    registers: [metrics],
  });
  // The fields of these lines are fixed and hold nothing to redact, and looking for it takes as long as writing them.
  const lines = logger.child({}, { redact: [] });
  const observers = new Map<string, ReturnType<typeof histogram.labels>>();

  const observe = (request: FastifyRequest, reply: FastifyReply): void => {
    const route = routeOf(request);
    const key = `${request.method} ${reply.statusCode} ${route}`;
    let observer = observers.get(key);
    if (!observer) {
      observer = histogram.labels(request.method, route, String(reply.statusCode));
      observers.set(key, observer);
    }
    observer.observe(reply.elapsedTime / 1_000);
  };

  const log = (request: FastifyRequest, reply: FastifyReply): void => {
    const route = routeOf(request);
    const level = PROBES.has(route) ? 'debug' : reply.statusCode >= 500 ? 'warn' : 'info';
    if (!lines.isLevelEnabled(level)) return;
    lines[level](
      {
        request_id: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
      },
      'request',
    );
  };

  instance.addHook('onResponse', (request, reply, done) => {
    observe(request, reply);
    log(request, reply);
    done();
  });
}
