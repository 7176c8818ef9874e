import { Counter, Gauge, Histogram, type MetricsRegistry } from '@app/observability';
import type { RequestWeightBudget } from './budget/request-weight-budget';

export type Route = 'ping' | 'time' | 'exchange_info' | 'ticker_24hr' | 'klines';

/** What the client counts. Labels are from short fixed lists: never a symbol, a host or an address. */
export class BinanceMetrics {
  readonly requests: Counter<'route' | 'outcome'>;
  readonly requestSeconds: Histogram<'route'>;
  readonly retries: Counter<'reason'>;
  readonly rowsDropped: Counter<'reason'>;
  readonly blockedSeconds: Counter<'failure'>;

  constructor(registry: MetricsRegistry, budget: RequestWeightBudget) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'csp_exchange_requests_total',
      help: 'Requests sent to the exchange by route and outcome.',
      labelNames: ['route', 'outcome'],
      registers,
    });
    this.requestSeconds = new Histogram({
      name: 'csp_exchange_request_seconds',
      help: 'Real time from request to complete answer.',
      labelNames: ['route'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.retries = new Counter({
      name: 'csp_exchange_retries_total',
      help: 'Requests sent again, by what went wrong before.',
      labelNames: ['reason'],
      registers,
    });
    this.rowsDropped = new Counter({
      name: 'csp_exchange_rows_dropped_total',
      help: 'Rows of answers that were not taken.',
      labelNames: ['reason'],
      registers,
    });
    this.blockedSeconds = new Counter({
      name: 'csp_exchange_blocked_seconds_total',
      help: 'Market time in which the exchange wanted no requests (429, 418, 403).',
      labelNames: ['failure'],
      registers,
    });
    new Gauge({
      name: 'csp_exchange_used_weight',
      help: 'Request weight used in the current UTC minute.',
      registers,
      collect() {
        this.set(budget.usedWeight);
      },
    });
    new Gauge({
      name: 'csp_exchange_weight_limit',
      help: 'Request weight that the exchange allows per minute.',
      registers,
      collect() {
        this.set(budget.weightLimit);
      },
    });
  }
}
