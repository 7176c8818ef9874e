import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, StoreCondition } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DatabaseWatch } from './condition/database-watch';

/** Provides the one eye that a process has on its database file, for the half that reads and the half that writes. */
@Module({
  providers: [
    {
      provide: DatabaseWatch,
      inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
      useFactory: ({ storage }: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
        new DatabaseWatch({ ...storage, clock, logger, metrics }),
    },
    { provide: StoreCondition, useExisting: DatabaseWatch },
  ],
  exports: [DatabaseWatch, StoreCondition],
})
export class StorageWatchModule implements OnApplicationShutdown {
  constructor(@Inject(DatabaseWatch) private readonly watch: DatabaseWatch) {}

  async onApplicationShutdown(): Promise<void> {
    await this.watch.stop();
  }
}
