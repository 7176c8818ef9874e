import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { ApiModule } from '@app/api';
import { backupPlaces } from '@app/backup';
import { BinanceModule } from '@app/binance';
import { CaptureModule } from '@app/capture';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import type { ProcessParts } from '@app/http';
import { MessagingModule } from '@app/messaging';
import { ObservabilityModule } from '@app/observability';
import { ParquetThreadModule } from '@app/parquet';
import { StorageReadModule, StorageWriteModule } from '@app/storage';
import { LocalCaptureModule } from './local-capture.module';

/** The page is built beside the apps. */
const PAGE_FOLDER = join(__dirname, '../../dashboard');
/** So is the command line program. */
const CLI = join(__dirname, '../../cli/src/main.js');

/** Captures and serves in one process, without a broker: what `make start` and small hosts run. */
@Module({})
export class StandaloneAppModule {
  static register({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    const capture = CaptureModule.register({
      process: 'standalone',
      commandScript: CLI,
      capture: config.ingest.capture,
      imports: [BinanceModule.forRoot(), StorageWriteModule, MessagingModule.direct([StorageWriteModule])],
    });
    return {
      module: StandaloneAppModule,
      imports: [
        ConfigModule.forRoot({ ...config, brokerMode: 'direct' }),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        capture,
        ApiModule.forRoot({
          http: config.http,
          places: [
            { setting: 'STORAGE_PATH', path: config.storage.databasePath },
            { setting: 'RAW_DIR', path: config.storage.rawDir },
            { setting: 'INGEST_STATE_DIR', path: config.ingest.stateDir },
            { setting: 'BI_BUILD_DIR', path: config.builds.folder },
            ...backupPlaces(config),
          ],
          storage: StorageReadModule,
          parquet: ParquetThreadModule,
          pageFolder: PAGE_FOLDER,
          buildScript: CLI,
          remotes: [],
          local: LocalCaptureModule.of(capture),
        }),
      ],
    };
  }
}
