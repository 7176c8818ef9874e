import { Module, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { BinanceModule } from '@app/binance';
import { CaptureModule, CaptureStatus } from '@app/capture';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import { HttpModule, ProcessHealth, type ProcessParts } from '@app/http';
import { MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { StorageWriteModule } from '@app/storage';
import { IngestHealthReport } from './ingest-health.report';

/** Captures the market in direct mode: exchange -> publisher -> sink, all in this process. */
@Module({})
export class IngestAppModule implements OnApplicationBootstrap {
  constructor(
    private readonly health: ProcessHealth,
    private readonly capture: CaptureStatus,
  ) {}

  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    const capture = CaptureModule.register({
      process: 'ingest',
      capture: config.ingest.capture,
      imports: [BinanceModule.forRoot(), StorageWriteModule, MessagingModule.direct([StorageWriteModule])],
    });
    return {
      module: IngestAppModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        capture,
        HttpModule.forRoot({ http: config.http, healthReport: IngestHealthReport, imports: [capture] }),
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.health.addReadyCheck('capture', () => {
      const detail = this.capture.problem();
      return { ok: detail === '', detail };
    });
  }
}
