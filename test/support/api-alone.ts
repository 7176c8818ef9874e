import { Module, type DynamicModule } from '@nestjs/common';
import { ApiModule } from '@app/api';
import { ClockModule, SystemClock } from '@app/clock';
import { ConfigModule, type AppConfig } from '@app/config';
import { ObservabilityModule, type Logger, type MetricsRegistry } from '@app/observability';
import { ParquetThreadModule } from '@app/parquet';
import { StorageReadModule } from '@app/storage';
import { emptyPageFolder } from './page-folder';

@Module({})
class ApiAlone {}

/** The API as api-app puts it together, with nobody else to ask, no page, and no builds of its own. */
export function apiAlone(config: AppConfig, logger: Logger, metrics: MetricsRegistry): DynamicModule {
  return {
    module: ApiAlone,
    imports: [
      ConfigModule.forRoot(config),
      ClockModule.forRoot(new SystemClock()),
      ObservabilityModule.forRoot(logger, metrics),
      ApiModule.forRoot({
        http: config.http,
        storage: StorageReadModule,
        parquet: ParquetThreadModule,
        pageFolder: emptyPageFolder(),
        buildScript: '/nowhere',
        remotes: [],
      }),
    ],
  };
}
