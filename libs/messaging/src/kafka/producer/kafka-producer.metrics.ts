import { Counter, Gauge, Histogram, type MetricsRegistry } from '@app/observability';
import type { Remedy } from './send-failure';

/** What the Kafka producers say of themselves to Prometheus. */
export class KafkaProducerMetrics {
  private readonly up: Gauge<'kind'>;
  private readonly sendSeconds: Histogram;
  private readonly remediesTotal: Counter<'remedy'>;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.up = new Gauge({
      name: 'csp_kafka_producer_up',
      help: '1 while the broker answered the last time the producer of that kind of events asked, otherwise 0.',
      labelNames: ['kind'],
      registers,
    });
    this.sendSeconds = new Histogram({
      name: 'csp_kafka_send_seconds',
      help: 'From a produce request to its acknowledgement by all in-sync replicas.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.remediesTotal = new Counter({
      name: 'csp_kafka_producer_renewals_total',
      help: 'Times the producer was given another connection (reconnect) or was made anew (replace) after a failure.',
      labelNames: ['remedy'],
      registers,
    });
    for (const remedy of ['reconnect', 'replace'] as const) this.remediesTotal.inc({ remedy }, 0);
  }

  setUp(kind: string, up: boolean): void {
    this.up.set({ kind }, up ? 1 : 0);
  }

  sent(seconds: number): void {
    this.sendSeconds.observe(seconds);
  }

  renewed(remedy: Remedy): void {
    this.remediesTotal.inc({ remedy });
  }
}
