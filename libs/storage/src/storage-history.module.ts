import { Inject, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { BackfillJobs, BronzeReplay, Clock, DayVerificationStore, HistoryStore, StoreUpkeep } from '@app/domain';
import { HistoryKinds } from '@app/history';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { HISTORY_KINDS } from './history-kinds.provider';
import { HistoryWriteStore } from './history-write-store';
import type { StoreOptions } from './store-parts';

function storeOpenedBy(
  open: (options: StoreOptions) => Promise<HistoryWriteStore>,
): FactoryProvider<HistoryWriteStore> {
  return {
    provide: HistoryWriteStore,
    inject: [APP_CONFIG, HistoryKinds, Clock, LOGGER, MetricsRegistry],
    useFactory: ({ storage }: AppConfig, kinds: HistoryKinds, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
      open({ ...storage, kinds, clock, logger, metrics }),
  };
}

/** Provides the history half of the store to a process that does not capture; makes the store where there is none. */
@Module({
  providers: [
    HISTORY_KINDS,
    storeOpenedBy((options) => HistoryWriteStore.open(options)),
    { provide: StoreUpkeep, inject: [HistoryWriteStore], useFactory: (store: HistoryWriteStore) => store.upkeep },
    { provide: HistoryStore, inject: [HistoryWriteStore], useFactory: (store: HistoryWriteStore) => store.history },
    {
      provide: BackfillJobs,
      inject: [HistoryWriteStore],
      useFactory: (store: HistoryWriteStore) => store.backfillJobs,
    },
    {
      provide: DayVerificationStore,
      inject: [HistoryWriteStore],
      useFactory: (store: HistoryWriteStore) => store.verifications(),
    },
    {
      provide: BronzeReplay,
      inject: [HistoryWriteStore],
      useFactory: (store: HistoryWriteStore) => store.replay(),
    },
  ],
  exports: [BackfillJobs, HistoryStore, StoreUpkeep, DayVerificationStore, BronzeReplay],
})
export class StorageHistoryModule implements OnApplicationShutdown {
  constructor(@Inject(HistoryWriteStore) private readonly store: HistoryWriteStore) {}

  /** The same ports, for work that needs a store: where there is none it is refused, and nothing is made. */
  static existing(): DynamicModule {
    // A dynamic module's provider takes the place of the static one with the same token.
    return {
      module: StorageHistoryModule,
      providers: [storeOpenedBy((options) => HistoryWriteStore.openExisting(options))],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
