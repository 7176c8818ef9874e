import {
  EVENT_KINDS,
  SECOND,
  type EpochMicros,
  type EventPublisher,
  type LostSpan,
  type OutgoingEvent,
} from '@app/domain';
import { Counter, Gauge, type MetricsRegistry } from '@app/observability';

/** What any publisher says of itself to Prometheus. */
export class PublisherMetrics {
  private readonly publishedTotal: Counter<'kind'>;
  private readonly rejectedTotal: Counter<'kind'>;
  private readonly retriesTotal: Counter;

  constructor(registry: MetricsRegistry, status: () => ReturnType<EventPublisher['status']>) {
    const registers = [registry];
    this.publishedTotal = new Counter({
      name: 'csp_events_published_total',
      help: 'Events taken by the sink or the broker.',
      labelNames: ['kind'],
      registers,
    });
    this.rejectedTotal = new Counter({
      name: 'csp_events_rejected_total',
      help: 'Events that can never be taken (contract broken, foreign origin), set aside in rejected.jsonl.',
      labelNames: ['kind'],
      registers,
    });
    for (const kind of EVENT_KINDS) {
      this.publishedTotal.inc({ kind }, 0);
      this.rejectedTotal.inc({ kind }, 0);
    }
    this.retriesTotal = new Counter({
      name: 'csp_publish_retries_total',
      help: 'Attempts to hand on waiting events.',
      registers,
    });
    new Gauge({
      name: 'csp_spool_events',
      help: 'Events waiting for the sink or the broker.',
      registers,
      collect() {
        this.set(status().waitingEvents);
      },
    });
    new Gauge({
      name: 'csp_spool_bytes',
      help: 'Bytes of the events that wait.',
      registers,
      collect() {
        this.set(status().waitingBytes);
      },
    });
    new Counter({
      name: 'csp_events_lost_total',
      help: 'Events given up because nothing could hold them any more; kept over restarts.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const kind of EVENT_KINDS) this.inc({ kind }, 0);
        for (const { kind, events } of status().lost) this.inc({ kind }, events);
      },
    });
    new Counter({
      name: 'csp_symbol_events_lost_total',
      help: 'Of these, the events of each symbol that lost any.',
      labelNames: ['kind', 'symbol'],
      registers,
      collect() {
        this.reset();
        for (const { kind, symbol, events } of status().lost) this.inc({ kind, symbol }, events);
      },
    });
    lastLossGauge('start', ({ from }) => from, registers, status);
    lastLossGauge('end', ({ to }) => to, registers, status);
  }

  published(events: readonly OutgoingEvent[]): void {
    for (const kind of EVENT_KINDS) {
      const count = events.reduce((sum, event) => sum + (event.kind === kind ? 1 : 0), 0);
      if (count > 0) this.publishedTotal.inc({ kind }, count);
    }
  }

  rejected({ kind }: OutgoingEvent): void {
    this.rejectedTotal.inc({ kind });
  }

  retried(): void {
    this.retriesTotal.inc();
  }
}

/** One end of the span in which a symbol lost events last; `/health` has all spans. */
function lastLossGauge(
  end: 'start' | 'end',
  timeOf: (span: LostSpan) => EpochMicros,
  registers: MetricsRegistry[],
  status: () => ReturnType<EventPublisher['status']>,
): void {
  new Gauge({
    name: `csp_last_loss_${end}_timestamp_seconds`,
    help: `Time of capture at the ${end} of the last span of events that the symbol lost, in seconds since the epoch.`,
    labelNames: ['kind', 'symbol'],
    registers,
    collect() {
      this.reset();
      for (const span of status().lost) this.set({ kind: span.kind, symbol: span.symbol }, timeOf(span) / SECOND);
    },
  });
}
