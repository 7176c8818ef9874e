import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { ApiModule } from '@app/api';
import { ClockModule } from '@app/clock';
import { ConfigModule } from '@app/config';
import type { ProcessParts } from '@app/http';
import { ObservabilityModule } from '@app/observability';
import { ParquetThreadModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';

/** The page is built beside the apps. */
const PAGE_FOLDER = join(__dirname, '../../dashboard');
/** So is the command line program. */
const CLI = join(__dirname, '../../cli/src/main.js');

/** The API as a process of its own: reads the store, asks the ingest process how it does. */
@Module({})
export class ApiAppModule {
  static forRoot({ config, clock, logger, metrics }: ProcessParts): DynamicModule {
    return {
      module: ApiAppModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        ApiModule.forRoot({
          http: config.http,
          places: [
            { setting: 'STORAGE_PATH', path: config.storage.databasePath },
            { setting: 'BI_BUILD_DIR', path: config.builds.folder },
          ],
          storage: StorageReadModule,
          parquet: ParquetThreadModule,
          pageFolder: PAGE_FOLDER,
          buildScript: CLI,
          remotes: [
            { name: 'ingest', url: config.http.ingestUrl },
            ...(config.brokerMode === 'kafka' ? [{ name: 'consumer', url: config.http.consumerUrl }] : []),
          ],
        }),
      ],
    };
  }
}
