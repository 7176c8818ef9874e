import { join } from 'node:path';
import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, EventPublisher, EventSink, LiveFlow, PartitionSink, topicNames } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DirectPublisher } from './direct-publisher';
import { BrokerLiveFlow } from './kafka/consumer/broker-live-flow';
import { KafkaBatchServer } from './kafka/consumer/kafka-batch.server';
import { RejectedLog } from './rejected-log';
import { Spool } from './spool/spool';

const SPOOL = Symbol('Spool');
const CONSUMER_CLIENT_ID = 'crypto-consumer';

/** Provides the {@link EventPublisher} of the process. */
@Module({})
export class MessagingModule {
  /** Straight to the sink of the same process; `imports` bring {@link EventSink}. */
  static direct(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: MessagingModule,
      imports,
      providers: [
        {
          provide: SPOOL,
          inject: [APP_CONFIG, LOGGER],
          useFactory: ({ ingest }: AppConfig, logger: Logger): Spool =>
            Spool.open({
              folder: join(ingest.stateDir, 'spool'),
              maxBytes: ingest.spoolMaxBytes,
              warn: (message) => {
                logger.warn(message);
              },
            }),
        },
        {
          provide: EventPublisher,
          inject: [EventSink, SPOOL, APP_CONFIG, Clock, LOGGER, MetricsRegistry],
          useFactory: (
            sink: EventSink,
            spool: Spool,
            { ingest }: AppConfig,
            clock: Clock,
            logger: Logger,
            registry: MetricsRegistry,
          ): EventPublisher =>
            new DirectPublisher(
              sink,
              spool,
              new RejectedLog(join(ingest.stateDir, 'rejected.jsonl'), clock),
              logger,
              registry,
            ),
        },
      ],
      exports: [EventPublisher],
    };
  }

  /** Takes the events of the broker; `imports` bring {@link PartitionSink}. */
  static consumer(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: MessagingModule,
      imports,
      providers: [
        {
          provide: KafkaBatchServer,
          inject: [PartitionSink, APP_CONFIG, LOGGER, MetricsRegistry],
          useFactory: (
            sink: PartitionSink,
            { kafka, topics }: AppConfig,
            logger: Logger,
            metrics: MetricsRegistry,
          ): KafkaBatchServer =>
            new KafkaBatchServer({
              bootstrapServers: kafka.bootstrapServers,
              clientId: CONSUMER_CLIENT_ID,
              groupId: kafka.groupId,
              topics: topicNames(topics.prices),
              partitions: kafka.partitions,
              sink,
              logger,
              metrics,
            }),
        },
        {
          provide: BrokerLiveFlow,
          inject: [KafkaBatchServer, PartitionSink, APP_CONFIG, Clock, LOGGER],
          useFactory: (
            { broker }: KafkaBatchServer,
            sink: PartitionSink,
            { topics }: AppConfig,
            clock: Clock,
            logger: Logger,
          ): BrokerLiveFlow =>
            new BrokerLiveFlow(broker, sink, Object.values(topicNames(topics.prices)), clock, logger),
        },
        { provide: LiveFlow, useExisting: BrokerLiveFlow },
      ],
      exports: [KafkaBatchServer, BrokerLiveFlow, LiveFlow],
    };
  }
}
