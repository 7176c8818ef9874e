import { join } from 'node:path';
import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, EventPublisher, EventSink } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DirectPublisher } from './publisher/direct-publisher';
import { RejectedLog } from './publisher/rejected-log';
import { Spool } from './spool/spool';

const SPOOL = Symbol('Spool');

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
}
