import { join } from 'node:path';
import { Module, Optional, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { backupPlaces } from '@app/backup';
import { BinanceModule } from '@app/binance';
import { CaptureModule, CaptureStatus } from '@app/capture';
import { ClockModule } from '@app/clock';
import { ConfigModule, type AppConfig } from '@app/config';
import { StoreCondition } from '@app/domain';
import { HttpModule, ProcessHealth, type ProcessParts, type WrittenPlace } from '@app/http';
import { KafkaPublisher, MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { StorageWriteModule } from '@app/storage';
import { IngestHealthReport } from './ingest-health.report';

/** The command line program is built beside the apps. */
const CLI = join(__dirname, '../../cli/src/main.js');

/** What the broker's logs call this process. */
const CLIENT_ID = 'csp-ingest';

/** Every step of an attempt to publish ends sooner than this, and so does every pause between two. */
const DEAD_AFTER_MS = 45_000;

/**
 * Captures the market. In direct mode exchange -> publisher -> sink, all in this process; with a broker only what
 * happens now, exchange -> publisher -> Kafka, and no database is opened.
 */
@Module({})
export class IngestAppModule implements OnApplicationBootstrap {
  constructor(
    private readonly health: ProcessHealth,
    private readonly capture: CaptureStatus,
    @Optional() private readonly publisher?: KafkaPublisher,
    @Optional() private readonly store?: StoreCondition,
  ) {}

  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    const messaging = config.brokerMode === 'kafka' ? [MessagingModule.kafka(CLIENT_ID)] : [];
    const capture = captureModule(config, messaging);
    return {
      module: IngestAppModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        ...messaging,
        ...(config.brokerMode === 'kafka' ? [] : [StorageWriteModule]),
        capture,
        HttpModule.forRoot({
          http: config.http,
          places: placesOf(config),
          healthReport: IngestHealthReport,
          imports: [capture, ...messaging],
        }),
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.store?.watchFiles();
    this.health.addReadyCheck('capture', () => {
      const detail = this.capture.problem();
      return { ok: detail === '', detail };
    });
    // Polls count as late after a while alone; that the exchange is away is known at once.
    this.health.addReadyCheck('exchange', () => {
      const detail = this.capture.exchangeFault();
      return { ok: detail === '', detail };
    });
    // Events are stamped by the exchange's time where the clock is wrong.
    this.health.addReadyCheck('clock', () => ({ ok: true, detail: this.capture.clockState().detail }));
    const { publisher } = this;
    if (!publisher) return;
    this.health.addLiveCheck('publisher', () => {
      const seconds = Math.floor(publisher.stalledMillis / 1_000);
      const ok = publisher.stalledMillis < DEAD_AFTER_MS;
      return { ok, detail: ok ? '' : `events have been waiting for ${seconds} s without any attempt to send them` };
    });
  }
}

/** With a broker, the process has no store. */
function placesOf(config: AppConfig): WrittenPlace[] {
  const { brokerMode, storage, ingest } = config;
  const state = { setting: 'INGEST_STATE_DIR', path: ingest.stateDir };
  if (brokerMode === 'kafka') return [state];
  return [
    { setting: 'STORAGE_PATH', path: storage.databasePath },
    { setting: 'RAW_DIR', path: storage.rawDir },
    ...backupPlaces(config),
    state,
  ];
}

function captureModule({ brokerMode, ingest }: AppConfig, messaging: DynamicModule[]): DynamicModule {
  const what = { process: 'ingest', capture: ingest.capture };
  const exchange = BinanceModule.forRoot();
  if (brokerMode === 'kafka') return CaptureModule.live({ ...what, imports: [exchange, ...messaging] });
  return CaptureModule.register({
    ...what,
    commandScript: CLI,
    imports: [exchange, StorageWriteModule, MessagingModule.direct([StorageWriteModule])],
  });
}
