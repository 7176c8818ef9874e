import { hostname } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { backupPlaces } from '@app/backup';
import { BinanceModule } from '@app/binance';
import { CaptureModule } from '@app/capture';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import { instanceName, StoreCondition } from '@app/domain';
import { HttpModule, ProcessHealth, type ProcessParts } from '@app/http';
import { KafkaBatchServer, MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { StorageConsumeModule } from '@app/storage';
import { ConsumerHealthReport } from './consumer-health.report';
import { EventsMessageController } from './events.message-controller';
import { HistoryLeaseKeeper } from './history-lease.keeper';

/** The command line program is built beside the apps. */
const CLI = join(__dirname, '../../cli/src/main.js');

/** Takes the events of the broker into bronze and database, and keeps the history where it holds the lease. */
@Module({})
export class ConsumerAppModule implements OnApplicationBootstrap {
  constructor(
    private readonly health: ProcessHealth,
    private readonly server: KafkaBatchServer,
    private readonly store: StoreCondition,
  ) {}

  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    const messaging = MessagingModule.consumer([StorageConsumeModule]);
    const history = CaptureModule.history({
      process: instanceName('consumer', hostname(), config.http.consumerPort),
      commandScript: CLI,
      capture: config.ingest.capture,
      imports: [BinanceModule.forRoot(), StorageConsumeModule, messaging],
    });
    return {
      module: ConsumerAppModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        StorageConsumeModule,
        messaging,
        HttpModule.forRoot({
          http: config.http,
          places: [
            { setting: 'STORAGE_PATH', path: config.storage.databasePath },
            { setting: 'RAW_DIR', path: config.storage.rawDir },
            ...backupPlaces(config),
          ],
          healthReport: ConsumerHealthReport,
          imports: [messaging, StorageConsumeModule, ...(config.kafka.dbSink ? [history] : [])],
        }),
        // Without rows there is no history to keep.
        ...(config.kafka.dbSink ? [history] : []),
      ],
      controllers: [EventsMessageController],
      providers: config.kafka.dbSink ? [HistoryLeaseKeeper] : [],
    };
  }

  onApplicationBootstrap(): void {
    this.store.watchFiles();
    const { consumerStatus } = this.server;
    this.health.addLiveCheck('consumer', () => {
      const detail = consumerStatus.deadReason();
      return { ok: detail === '', detail };
    });
    this.health.addReadyCheck('store', () => {
      const { ready, reason } = this.store.readiness();
      return { ok: ready, detail: reason };
    });
    this.health.addReadyCheck('consumer', () => {
      const detail = consumerStatus.problem();
      return { ok: detail === '', detail };
    });
  }
}
