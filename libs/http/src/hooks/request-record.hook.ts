import type { FastifyInstance } from 'fastify';
import { Histogram, type Logger, type MetricsRegistry } from '@app/observability';
import { PROBES } from '../probes';
import { LineLimit } from './line-limit';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Route of requests that met none: one label for all of them. */
const NO_ROUTE = 'none';

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Template. */
  readonly route: string;
  readonly status: number;
  readonly id: string;
  /** From the first byte of the request to the last of its answer. */
  readonly milliseconds: number;
}

/** Where the requests of one method, route and status are recorded. */
interface RequestRecord {
  readonly observe: (seconds: number) => void;
  readonly log: (fields: { readonly request_id: string; readonly duration_ms: number }) => void;
}

/** Whether no request budget bounds how many such requests a client sends. */
function isUnbounded(route: string, status: number): boolean {
  return status === 429 || route === NO_ROUTE || route.startsWith('/docs') || route === '/openapi.json';
}

/** One log line and one observation per request. The query is in neither: it may hold a key. */
export class RequestRecords {
  private readonly histogram: Histogram<'method' | 'route' | 'status_code'>;
  private readonly records = new Map<string, RequestRecord>();
  private readonly limit: LineLimit;

  constructor(
    private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.histogram = new Histogram({
      name: 'csp_http_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer, by route template.',
      labelNames: ['method', 'route', 'status_code'],
      buckets: BUCKETS_SECONDS,
      registers: [metrics],
    });
    this.limit = new LineLimit((requests) => {
      logger.warn({ requests }, 'requests that were refused or are free, beside those that are logged one by one');
    });
  }

  note({ method, route, status, id, milliseconds }: AnsweredRequest): void {
    const key = `${method} ${status} ${route}`;
    let record = this.records.get(key);
    if (!record) {
      record = this.newRecord(method, route, status);
      this.records.set(key, record);
    }
    record.observe(milliseconds / 1_000);
    record.log({ request_id: id, duration_ms: Math.round(milliseconds * 1_000) / 1_000 });
  }

  /** Says how many lines were left out. */
  sumUp(): void {
    this.limit.sumUp();
  }

  private newRecord(method: string, route: string, status: number): RequestRecord {
    const observer = this.histogram.labels(method, route, String(status));
    // The fields of these lines are fixed and hold nothing to redact, and looking for it takes as long as writing them.
    const lines = this.logger.child({ method, route, status }, { redact: [] });
    // Of interest to a debugger only.
    const level = PROBES.has(route) ? 'debug' : status >= 500 ? 'warn' : 'info';
    return {
      observe: (seconds) => {
        observer.observe(seconds);
      },
      log: (fields) => {
        if (!isUnbounded(route, status) || this.limit.allows()) lines[level](fields, 'request');
      },
    };
  }
}

/** Records what passes the framework. */
export function addRequestRecord(instance: FastifyInstance, records: RequestRecords): void {
  instance.addHook('onClose', (_instance, done) => {
    records.sumUp();
    done();
  });
  instance.addHook('onResponse', (request, reply, done) => {
    const { method, id } = request;
    records.note({
      method,
      route: request.routeOptions.url ?? NO_ROUTE,
      status: reply.statusCode,
      id,
      milliseconds: reply.elapsedTime,
    });
    done();
  });
}
