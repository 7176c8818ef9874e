import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, HistoryStore, RebuildStore, topicNames } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { SqliteRebuildStore } from './rebuild/sqlite-rebuild.store';

/** Provides the database that is being made anew; opening it keeps every other process out of the store. */
@Module({
  providers: [
    {
      provide: SqliteRebuildStore,
      inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
      useFactory: ({ storage, topics }: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
        SqliteRebuildStore.open({ ...storage, topics: topicNames(topics.prices), clock, logger, metrics }),
    },
    { provide: RebuildStore, useExisting: SqliteRebuildStore },
    { provide: HistoryStore, inject: [SqliteRebuildStore], useFactory: ({ history }: SqliteRebuildStore) => history },
  ],
  exports: [RebuildStore, HistoryStore],
})
export class StorageRebuildModule implements OnApplicationShutdown {
  constructor(@Inject(SqliteRebuildStore) private readonly store: SqliteRebuildStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
