import { join } from 'node:path';
import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  CandleCursor,
  Clock,
  EventPublisher,
  EventSink,
  LiveFlow,
  PartitionSink,
  SymbolTracking,
  topicNames,
  type EventKind,
} from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { IngestState } from './ingest-state/ingest-state';
import { IngestCandleCursor, IngestSymbolTracking } from './ingest-state/ingest-state.ports';
import { BrokerLiveFlow } from './kafka/consumer/broker-live-flow';
import { DeadLetterBox } from './kafka/dead-letters/dead-letter.box';
import { createKafka } from './kafka/kafka-client';
import { KafkaBatchServer } from './kafka/consumer/kafka-batch.server';
import { KafkaEventTarget } from './kafka/producer/kafka-event-target';
import { KafkaProducerMetrics } from './kafka/producer/kafka-producer.metrics';
import { KafkaPublisher } from './kafka/producer/kafka-publisher';
import { NestProducerLink } from './kafka/producer/producer-link';
import { DirectPublisher } from './publisher/direct-publisher';
import { RejectedLog } from './publisher/rejected-log';
import { openKindSpools, openSpool, type KindSpools } from './spool/open-spools';
import type { Spool } from './spool/spool';

const SPOOL = Symbol('Spool');
const KIND_SPOOLS = Symbol('KindSpools');
const CONSUMER_CLIENT_ID = 'crypto-consumer';

/** A spool for all kinds of events, or one for each. */
function spoolProvider(provide: symbol, open: typeof openSpool | typeof openKindSpools): Provider {
  return {
    provide,
    inject: [APP_CONFIG, LOGGER],
    useFactory: ({ ingest }: AppConfig, logger: Logger): Spool | KindSpools =>
      open({
        folder: join(ingest.stateDir, 'spool'),
        maxBytes: ingest.spoolMaxBytes,
        warn: (message) => {
          logger.warn(message);
        },
      }),
  };
}

/** The spools are asked for because their lock must be held before the state is read. */
const STATE_PROVIDERS: Provider[] = [
  {
    provide: IngestState,
    inject: [APP_CONFIG, LOGGER, KIND_SPOOLS],
    useFactory: ({ ingest }: AppConfig, logger: Logger): IngestState =>
      new IngestState(join(ingest.stateDir, 'state.json'), logger),
  },
  {
    provide: CandleCursor,
    inject: [IngestState],
    useFactory: (state: IngestState): CandleCursor => new IngestCandleCursor(state),
  },
  {
    provide: SymbolTracking,
    inject: [IngestState, Clock],
    useFactory: (state: IngestState, clock: Clock): SymbolTracking => new IngestSymbolTracking(state, clock),
  },
];

/** Provides the {@link EventPublisher} of the process. */
@Module({})
export class MessagingModule {
  /** Straight to the sink of the same process; `imports` bring {@link EventSink}. */
  static direct(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: MessagingModule,
      imports,
      providers: [
        spoolProvider(SPOOL, openSpool),
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

  /**
   * To Kafka, from a process without a database: cursors, begin of tracking and spool are kept in INGEST_STATE_DIR.
   * Also provides {@link CandleCursor} and {@link SymbolTracking}.
   */
  static kafka(clientId: string): DynamicModule {
    return {
      module: MessagingModule,
      providers: [
        spoolProvider(KIND_SPOOLS, openKindSpools),
        ...STATE_PROVIDERS,
        {
          provide: KafkaPublisher,
          inject: [APP_CONFIG, KIND_SPOOLS, IngestState, Clock, LOGGER, MetricsRegistry],
          useFactory: (
            { kafka, topics, ingest }: AppConfig,
            spools: KindSpools,
            state: IngestState,
            clock: Clock,
            logger: Logger,
            registry: MetricsRegistry,
          ): KafkaPublisher => {
            const names = topicNames(topics.prices);
            const metrics = new KafkaProducerMetrics(registry);
            const targetOf = (kind: EventKind): KafkaEventTarget => {
              const link = new NestProducerLink(
                { bootstrapServers: kafka.bootstrapServers, clientId, logger },
                { topics: [names[kind]], partitions: kafka.partitions, deadLetters: false },
              );
              return new KafkaEventTarget(link, names, kind, metrics, clock);
            };
            const targets = { price: targetOf('price'), candle: targetOf('candle') };
            const rejected = new RejectedLog(join(ingest.stateDir, 'rejected.jsonl'), clock);
            return new KafkaPublisher(targets, state, spools, rejected, logger, registry);
          },
        },
        { provide: EventPublisher, useExisting: KafkaPublisher },
      ],
      exports: [EventPublisher, KafkaPublisher, CandleCursor, SymbolTracking],
    };
  }

  /** Provides {@link DeadLetterBox}. */
  static deadLetters(clientId: string): DynamicModule {
    return {
      module: MessagingModule,
      providers: [
        {
          provide: DeadLetterBox,
          inject: [APP_CONFIG, LOGGER],
          useFactory: ({ kafka: { bootstrapServers } }: AppConfig, logger: Logger): DeadLetterBox =>
            new DeadLetterBox(createKafka({ bootstrapServers, clientId, logger })),
        },
      ],
      exports: [DeadLetterBox],
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
            // Minutes are what the history waits for; prices must not hold it up.
            new BrokerLiveFlow(broker, sink, [topicNames(topics.prices).candle], clock, logger),
        },
        { provide: LiveFlow, useExisting: BrokerLiveFlow },
      ],
      exports: [KafkaBatchServer, BrokerLiveFlow, LiveFlow],
    };
  }
}
