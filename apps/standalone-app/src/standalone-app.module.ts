import { Module, type DynamicModule } from '@nestjs/common';
import { ApiModule } from '@app/api';
import { BinanceModule } from '@app/binance';
import { CaptureModule } from '@app/capture';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import type { ProcessParts } from '@app/http';
import { MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { StorageReadModule, StorageWriteModule } from '@app/storage';

/** Captures and serves in one process, without a broker: what `make start` and small hosts run. */
@Module({})
export class StandaloneAppModule {
  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    return {
      module: StandaloneAppModule,
      imports: [
        ConfigModule.forRoot({ ...config, brokerMode: 'direct' }),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        CaptureModule.register({
          process: 'standalone',
          capture: config.ingest.capture,
          imports: [BinanceModule.forRoot(), StorageWriteModule, MessagingModule.direct([StorageWriteModule])],
        }),
        ApiModule.forRoot({ http: config.http, storage: StorageReadModule, remotes: [] }),
      ],
    };
  }
}
