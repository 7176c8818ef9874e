import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { OriginMismatchError, type EventBatch } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { IngestState } from '../../ingest-state/ingest-state';
import type { RejectedLog } from '../../publisher/rejected-log';
import { SpoolingPublisher, type PublisherOptions } from '../../publisher/spooling-publisher';
import type { Spool } from '../../spool/spool';
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

/** Hands events to Kafka; while the broker is away they wait in the spool, and capture goes on. */
export class KafkaPublisher extends SpoolingPublisher implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly kafka: KafkaEventTarget,
    private readonly state: IngestState,
    spool: Spool,
    rejectedLog: RejectedLog,
    logger: Logger,
    registry: MetricsRegistry,
    options: Partial<PublisherOptions> = {},
  ) {
    super(kafka, spool, rejectedLog, logger, registry, { ...OPTIONS, ...options });
  }

  get broker(): BrokerStatus {
    return this.kafka.status;
  }

  override onModuleInit(): void {
    void this.kafka.open();
    super.onModuleInit();
  }

  /** Data of two origins never meet in one topic: the first to be published decides. */
  override publish(batch: EventBatch): Promise<void> {
    const { origin } = this.state;
    if (origin !== undefined && origin !== batch.origin) {
      return Promise.reject(new OriginMismatchError('INGEST_STATE_DIR', origin, batch.origin, ELSEWHERE));
    }
    if (batch.events.length > 0) this.state.claim(batch.origin);
    return super.publish(batch);
  }

  override async close(): Promise<void> {
    await super.close();
    await this.kafka.close();
  }
}
