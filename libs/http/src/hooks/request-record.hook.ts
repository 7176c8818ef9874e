import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram, type Logger, type MetricsRegistry } from '@app/observability';
import { PROBES } from '../probes';
import { LineLimit } from './line-limit';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Route of requests that met none: one label for all of them. */
const NO_ROUTE = 'none';

/** Where the requests of one method, route and status are recorded. */
interface RequestRecord {
  readonly observe: (seconds: number) => void;
  readonly log: (fields: { readonly request_id: string; readonly duration_ms: number }) => void;
}

/** Whether no request budget bounds how many such requests a client sends. */
function isUnbounded(route: string, status: number): boolean {
  return status === 429 || route === NO_ROUTE || route.startsWith('/docs') || route === '/openapi.json';
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? NO_ROUTE;
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
  const records = new Map<string, RequestRecord>();
  const limit = new LineLimit((requests) => {
    logger.warn({ requests }, 'requests that were refused or are free, beside those that are logged one by one');
  });
  instance.addHook('onClose', (_instance, done) => {
    limit.sumUp();
    done();
  });

  const newRecord = (method: string, route: string, status: number): RequestRecord => {
    const observer = histogram.labels(method, route, String(status));
    // The fields of these lines are fixed and hold nothing to redact, and looking for it takes as long as writing them.
    const lines = logger.child({ method, route, status }, { redact: [] });
    // Of interest to a debugger only.
    const level = PROBES.has(route) ? 'debug' : status >= 500 ? 'warn' : 'info';
    return {
      observe: (seconds) => {
        observer.observe(seconds);
      },
      log: (fields) => {
        if (!isUnbounded(route, status) || limit.allows()) lines[level](fields, 'request');
      },
    };
  };

  const recordOf = (request: FastifyRequest, reply: FastifyReply): RequestRecord => {
    const route = routeOf(request);
    const key = `${request.method} ${reply.statusCode} ${route}`;
    let record = records.get(key);
    if (!record) {
      record = newRecord(request.method, route, reply.statusCode);
      records.set(key, record);
    }
    return record;
  };

  instance.addHook('onResponse', (request, reply, done) => {
    const { observe, log } = recordOf(request, reply);
    const milliseconds = reply.elapsedTime;
    observe(milliseconds / 1_000);
    log({ request_id: request.id, duration_ms: Math.round(milliseconds * 1_000) / 1_000 });
    done();
  });
}
