import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { EventPublisher, OriginMismatchError, type EventBatch, type PublisherStatus } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { IngestState } from '../../ingest-state/ingest-state';
import { PublisherMetrics } from '../../publisher/publisher-metrics';
import type { RejectedLog } from '../../publisher/rejected-log';
import { SpoolingPublisher, type PublisherOptions } from '../../publisher/spooling-publisher';
import type { KindSpools } from '../../spool/open-spools';
import type { BrokerStatus, KafkaEventTarget } from './kafka-event-target';

const OPTIONS: PublisherOptions = {
  firstRetryMillis: 100,
  longestRetryMillis: 5_000,
  // Capture must not wait for a broker that hangs: a poll of the next second would be missed.
  patienceMillis: 1_000,
  drainPatienceMillis: 10_000,
  closeTimeoutMillis: 2_000,
  joinedEvents: 2_000,
};

const ELSEWHERE = 'Point INGEST_STATE_DIR to another folder and KAFKA_BOOTSTRAP_SERVERS to another cluster';

/** How the broker does, in all and for the topic of each kind of events. */
export interface BrokerReport extends BrokerStatus {
  readonly topics: Readonly<Record<string, BrokerStatus>>;
}

/** What one kind of events has for itself: a connection with a producer, a spool, and pauses between attempts. */
interface Lane {
  readonly kind: string;
  readonly target: KafkaEventTarget;
  readonly publisher: SpoolingPublisher;
}

/**
 * Hands events to Kafka; while the broker is away they wait in the spools, and capture goes on. A topic that is refused
 * holds up its own kind of events alone.
 */
export class KafkaPublisher extends EventPublisher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly lanes: readonly Lane[];
  private closed: Promise<void> | undefined;

  constructor(
    targetOf: (kind: string) => KafkaEventTarget,
    private readonly state: IngestState,
    private readonly spools: KindSpools,
    rejectedLog: RejectedLog,
    logger: Logger,
    registry: MetricsRegistry,
    options: Partial<PublisherOptions> = {},
  ) {
    super();
    const metrics = new PublisherMetrics(registry, Object.keys(spools.byKind));
    this.lanes = Object.entries(spools.byKind).map(([kind, spool]) => {
      const target = targetOf(kind);
      const all = { ...OPTIONS, ...options, kind };
      return { kind, target, publisher: new SpoolingPublisher(target, spool, rejectedLog, logger, metrics, all) };
    });
  }

  get broker(): BrokerReport {
    const statuses = this.lanes.map(({ target: { topic, status } }) => ({ topic, ...status }));
    const states = statuses.map(({ state }) => state);
    const times = statuses.flatMap(({ last_acknowledged_at: time }) => time ?? []).sort();
    return {
      state: (['down', 'connecting'] as const).find((state) => states.includes(state)) ?? 'up',
      detail: joined(statuses.map(({ topic, detail }) => ({ who: topic, detail }))),
      last_acknowledged_at: times.at(-1) ?? null,
      topics: Object.fromEntries(statuses.map(({ topic, ...status }) => [topic, status])),
    };
  }

  onModuleInit(): void {
    for (const { target, publisher } of this.lanes) {
      void target.open();
      publisher.onModuleInit();
    }
  }

  /** Data of two origins never meet in one topic: the first to be published decides. */
  override async publish(batch: EventBatch): Promise<void> {
    const { origin, events } = batch;
    if (this.state.origin !== undefined && this.state.origin !== origin) {
      throw new OriginMismatchError('INGEST_STATE_DIR', this.state.origin, origin, ELSEWHERE);
    }
    if (events.length > 0) this.state.claim(origin);
    const results = await Promise.allSettled(
      this.lanes.map(async ({ kind, publisher }) => {
        const own = events.filter((event) => event.kind === kind);
        if (own.length > 0) await publisher.publish({ origin, events: own });
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  override status(): PublisherStatus {
    const statuses = this.lanes.map(({ kind, publisher }) => ({ kind, ...publisher.status() }));
    return {
      waitingEvents: statuses.reduce((sum, { waitingEvents }) => sum + waitingEvents, 0),
      waitingBytes: statuses.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
      detail: joined(statuses.map(({ kind, detail }) => ({ who: `${kind} events`, detail }))),
      lost: statuses.flatMap(({ lost }) => lost),
      unreadable: statuses.flatMap(({ unreadable }) => unreadable),
      kinds: statuses.map(({ kind, waitingEvents, waitingBytes, detail }) => ({
        kind,
        waitingEvents,
        waitingBytes,
        detail,
      })),
    };
  }

  /** Real milliseconds for which events of any kind have been waiting without any attempt to hand them on. */
  get stalledMillis(): number {
    return Math.max(...this.lanes.map(({ publisher }) => publisher.stalledMillis));
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Lets the work in hand finish within a time-out and leaves the rest in the spools for the next start. */
  close(): Promise<void> {
    this.closed ??= this.closeLanes();
    return this.closed;
  }

  private async closeLanes(): Promise<void> {
    await Promise.all(
      this.lanes.map(async ({ target, publisher }) => {
        await publisher.close();
        await target.close();
      }),
    );
    this.spools.release();
  }
}

/** What is the matter, once, with those that it is the matter with; empty when nothing is. */
function joined(parts: readonly { readonly who: string; readonly detail: string }[]): string {
  const byDetail = new Map<string, string[]>();
  for (const { who, detail } of parts) {
    if (detail !== '') byDetail.set(detail, [...(byDetail.get(detail) ?? []), who]);
  }
  return [...byDetail].map(([detail, group]) => `${group.join(' and ')}: ${detail}`).join('; ');
}
