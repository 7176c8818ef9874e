import { join } from 'node:path';
import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  CANDLE_KIND,
  CandleCursor,
  Clock,
  EventKinds,
  EventPublisher,
  EventSink,
  LiveFlow,
  PartitionSink,
  SymbolTracking,
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
    inject: [APP_CONFIG, EventKinds, LOGGER],
    useFactory: ({ ingest }: AppConfig, kinds: EventKinds, logger: Logger): Spool | KindSpools =>
      open({
        kinds: kinds.names,
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
          inject: [APP_CONFIG, EventKinds, KIND_SPOOLS, IngestState, Clock, LOGGER, MetricsRegistry],
          useFactory: (
            { kafka, ingest }: AppConfig,
            kinds: EventKinds,
            spools: KindSpools,
            state: IngestState,
            clock: Clock,
            logger: Logger,
            registry: MetricsRegistry,
          ): KafkaPublisher => {
            const metrics = new KafkaProducerMetrics(registry);
            const targetOf = (name: string): KafkaEventTarget => {
              const kind = kinds.named(name);
              const link = new NestProducerLink(
                { bootstrapServers: kafka.bootstrapServers, clientId, logger },
                { topics: [kind.topic], partitions: kafka.partitions, deadLetters: false },
              );
              return new KafkaEventTarget(link, kind, metrics, clock);
            };
            const rejected = new RejectedLog(join(ingest.stateDir, 'rejected.jsonl'), clock);
            return new KafkaPublisher(targetOf, state, spools, rejected, logger, registry);
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
          inject: [PartitionSink, EventKinds, APP_CONFIG, LOGGER, MetricsRegistry],
          useFactory: (
            sink: PartitionSink,
            kinds: EventKinds,
            { kafka }: AppConfig,
            logger: Logger,
            metrics: MetricsRegistry,
          ): KafkaBatchServer =>
            new KafkaBatchServer({
              bootstrapServers: kafka.bootstrapServers,
              clientId: CONSUMER_CLIENT_ID,
              groupId: kafka.groupId,
              kinds,
              partitions: kafka.partitions,
              sink,
              logger,
              metrics,
            }),
        },
        {
          provide: BrokerLiveFlow,
          inject: [KafkaBatchServer, PartitionSink, EventKinds, Clock, LOGGER],
          useFactory: (
            { broker }: KafkaBatchServer,
            sink: PartitionSink,
            kinds: EventKinds,
            clock: Clock,
            logger: Logger,
          ): BrokerLiveFlow =>
            // Minutes are what the history waits for; prices must not hold it up.
            new BrokerLiveFlow(broker, sink, [kinds.of(CANDLE_KIND).topic], clock, logger),
        },
        { provide: LiveFlow, useExisting: BrokerLiveFlow },
      ],
      exports: [KafkaBatchServer, BrokerLiveFlow, LiveFlow],
    };
  }
}
