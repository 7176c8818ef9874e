import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, HistoryStore, RebuildStore } from '@app/domain';
import { HistoryKinds } from '@app/history';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { HISTORY_KINDS } from './history-kinds.provider';
import { SqliteRebuildStore } from './rebuild/sqlite-rebuild.store';

/** Provides the database that is being made anew; opening it keeps every other process out of the store. */
@Module({
  providers: [
    HISTORY_KINDS,
    {
      provide: SqliteRebuildStore,
      inject: [APP_CONFIG, HistoryKinds, Clock, LOGGER, MetricsRegistry],
      useFactory: (
        { storage }: AppConfig,
        kinds: HistoryKinds,
        clock: Clock,
        logger: Logger,
        metrics: MetricsRegistry,
      ) => SqliteRebuildStore.open({ ...storage, kinds, clock, logger, metrics }),
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
