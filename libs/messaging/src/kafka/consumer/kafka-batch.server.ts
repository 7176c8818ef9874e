import { lastValueFrom } from 'rxjs';
import type { EventKinds, PartitionSink } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { createKafka } from '../kafka-client';
import type { ConsumedUnit } from './consumed-unit';
import { ConsumerMetrics } from './consumer-metrics';
import { ConsumerSession } from './consumer-session';
import { ConsumerStatus } from './consumer-status';
import { DeadLetterPublisher } from '../dead-letters/dead-letter.publisher';
import { KafkaBrokerView } from './kafka-broker-view';
import { UnitTaker } from './unit-taker';

export interface KafkaBatchServerOptions {
  readonly bootstrapServers: readonly string[];
  readonly clientId: string;
  /** Used as it is. */
  readonly groupId: string;
  readonly kinds: EventKinds;
  /** Partitions that topics are made with, and must have. */
  readonly partitions: number;
  readonly sink: PartitionSink;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** The pattern of the one handler, which is handed the units of all kinds. */
export const EVENT_UNITS = 'events';

/**
 * Nest transport over kafkajs batches: the `@EventPattern` of {@link EVENT_UNITS} is handed units of many messages of one
 * partition, in order, and decides by returning or throwing whether they are taken. Nest's own Kafka server hands
 * messages over one by one, and leaves offsets, poison and dead consumers to its user.
 */
export class KafkaBatchServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('KafkaBatchServer');
  readonly status$ = this._status$;
  readonly consumerStatus: ConsumerStatus;
  private readonly session: ConsumerSession;
  private readonly closing = new AbortController();
  private readonly deadLetters: DeadLetterPublisher;
  readonly broker: KafkaBrokerView;

  constructor(options: KafkaBatchServerOptions) {
    super();
    const { groupId, kinds, partitions, sink, logger } = options;
    const kafka = createKafka(options);
    const status = new ConsumerStatus(groupId, logger);
    const metrics = new ConsumerMetrics(options.metrics, () => status.snapshot());
    this.consumerStatus = status;
    this.deadLetters = new DeadLetterPublisher(kafka, metrics, status, logger);
    this.broker = new KafkaBrokerView(kafka, () => {
      status.answered();
    });
    const taker = new UnitTaker({
      handle: (unit) => this.dispatch(unit),
      deadLetters: this.deadLetters,
      metrics,
      status,
      logger,
      closing: this.closing.signal,
    });
    this.session = new ConsumerSession({
      kafka,
      groupId,
      kinds,
      partitions,
      sink,
      broker: this.broker,
      taker,
      deadLetters: this.deadLetters,
      metrics,
      status,
      logger,
    });
  }

  /** Starts without waiting for the broker: it may be away for as long as it likes. */
  listen(callback: () => void): void {
    this.handler();
    this.session.start();
    callback();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.session.close();
    await Promise.all([this.deadLetters.close(), this.broker.close()]);
  }

  override on(): never {
    throw new Error('the Kafka batch server has no events; its status says how it does');
  }

  override unwrap(): never {
    throw new Error('the Kafka batch server keeps its client to itself');
  }

  private handler(): NonNullable<ReturnType<Server['getHandlerByPattern']>> {
    const handler = this.getHandlerByPattern(EVENT_UNITS);
    if (!handler) throw new Error(`no @EventPattern('${EVENT_UNITS}') handles the messages`);
    return handler;
  }

  private async dispatch(unit: ConsumedUnit): Promise<void> {
    const handler = this.handler();
    const result = this.transformToObservable(await handler(unit, new BaseRpcContext([unit])));
    await lastValueFrom(result, { defaultValue: undefined });
  }
}
