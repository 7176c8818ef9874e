import { SECOND, type EpochMicros, type LostSpan, type OutgoingEvent, type PublisherStatus } from '@app/domain';
import { Counter, Gauge, type MetricsRegistry } from '@app/observability';

type Status = Omit<PublisherStatus, 'kinds'>;

/** A publisher, and the kind of events that it alone has; undefined for one that has all of them. */
interface Watched {
  readonly kind: string | undefined;
  readonly status: () => Status;
}

/**
 * What the publishers of a process say of themselves to Prometheus. Where each kind of events has its own, what waits has
 * the kind as its label.
 */
export class PublisherMetrics {
  private readonly publishedTotal: Counter<'kind'>;
  private readonly rejectedTotal: Counter<'kind'>;
  private readonly retriesTotal: Counter<'kind'>;
  private readonly watched: Watched[] = [];

  /** `kinds` are the names of all kinds that are published. */
  constructor(registry: MetricsRegistry, kinds: readonly string[]) {
    const registers = [registry];
    const ofEach = (gauge: Gauge<'kind'>, value: (status: Status) => number): void => {
      gauge.reset();
      for (const { kind, status } of this.watched) gauge.set(labelOf(kind), value(status()));
    };
    const lost = (): LostSpan[] => this.watched.flatMap(({ status }) => status().lost);
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
    for (const kind of kinds) {
      this.publishedTotal.inc({ kind }, 0);
      this.rejectedTotal.inc({ kind }, 0);
    }
    this.retriesTotal = new Counter({
      name: 'csp_publish_retries_total',
      help: 'Attempts to hand on waiting events.',
      labelNames: ['kind'],
      registers,
    });
    new Gauge({
      name: 'csp_spool_events',
      help: 'Events waiting for the sink or the broker.',
      labelNames: ['kind'],
      registers,
      collect() {
        ofEach(this, ({ waitingEvents }) => waitingEvents);
      },
    });
    new Gauge({
      name: 'csp_spool_bytes',
      help: 'Bytes of the events that wait.',
      labelNames: ['kind'],
      registers,
      collect() {
        ofEach(this, ({ waitingBytes }) => waitingBytes);
      },
    });
    new Gauge({
      name: 'csp_spool_unreadable_lines',
      help: 'Lines of the spool that could not be read, each an event that is lost, in files that are kept aside.',
      labelNames: ['kind'],
      registers,
      collect() {
        ofEach(this, ({ unreadable }) => unreadable.reduce((sum, { lines }) => sum + lines, 0));
      },
    });
    new Counter({
      name: 'csp_events_lost_total',
      help: 'Events given up because nothing could hold them any more; kept over restarts.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const kind of kinds) this.inc({ kind }, 0);
        for (const { kind, events } of lost()) this.inc({ kind }, events);
      },
    });
    new Counter({
      name: 'csp_symbol_events_lost_total',
      help: 'Of these, the events of each symbol that lost any.',
      labelNames: ['kind', 'symbol'],
      registers,
      collect() {
        this.reset();
        for (const { kind, symbol, events } of lost()) this.inc({ kind, symbol }, events);
      },
    });
    lastLossGauge('start', ({ from }) => from, registers, lost);
    lastLossGauge('end', ({ to }) => to, registers, lost);
  }

  /** From now on, what waits in this publisher is shown. */
  watch(kind: string | undefined, status: () => Status): void {
    this.watched.push({ kind, status });
    this.retriesTotal.inc(labelOf(kind), 0);
  }

  published(events: readonly OutgoingEvent[]): void {
    const counts = new Map<string, number>();
    for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const [kind, count] of counts) this.publishedTotal.inc({ kind }, count);
  }

  rejected({ kind }: OutgoingEvent): void {
    this.rejectedTotal.inc({ kind });
  }

  retried(kind: string | undefined): void {
    this.retriesTotal.inc(labelOf(kind));
  }
}

function labelOf(kind: string | undefined): { kind?: string } {
  return kind === undefined ? {} : { kind };
}

/** One end of the span in which a symbol lost events last; `/health` has all spans. */
function lastLossGauge(
  end: 'start' | 'end',
  timeOf: (span: LostSpan) => EpochMicros,
  registers: MetricsRegistry[],
  lost: () => LostSpan[],
): void {
  new Gauge({
    name: `csp_last_loss_${end}_timestamp_seconds`,
    help: `Time of capture at the ${end} of the last span of events that the symbol lost, in seconds since the epoch.`,
    labelNames: ['kind', 'symbol'],
    registers,
    collect() {
      this.reset();
      for (const span of lost()) this.set({ kind: span.kind, symbol: span.symbol }, timeOf(span) / SECOND);
    },
  });
}
