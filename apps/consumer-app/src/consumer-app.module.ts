import { Module, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import { HttpModule, ProcessHealth, type ProcessParts } from '@app/http';
import { KafkaBatchServer, MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { StorageConsumeModule } from '@app/storage';
import { ConsumerHealthReport } from './consumer-health.report';
import { EventsMessageController } from './events.message-controller';

/** Takes the events of the broker into bronze and database. */
@Module({})
export class ConsumerAppModule implements OnApplicationBootstrap {
  constructor(
    private readonly health: ProcessHealth,
    private readonly server: KafkaBatchServer,
  ) {}

  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    const messaging = MessagingModule.consumer([StorageConsumeModule]);
    return {
      module: ConsumerAppModule,
      imports: [
        ConfigModule.forRoot({ ...config, brokerMode: 'kafka' }),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        StorageConsumeModule,
        messaging,
        HttpModule.forRoot({
          http: config.http,
          healthReport: ConsumerHealthReport,
          imports: [messaging, StorageConsumeModule],
        }),
      ],
      controllers: [EventsMessageController],
    };
  }

  onApplicationBootstrap(): void {
    const { consumerStatus } = this.server;
    this.health.addLiveCheck('consumer', () => {
      const detail = consumerStatus.deadReason();
      return { ok: detail === '', detail };
    });
    this.health.addReadyCheck('consumer', () => {
      const detail = consumerStatus.problem();
      return { ok: detail === '', detail };
    });
  }
}
