import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  BackfillJobs,
  BronzeReplay,
  Clock,
  DayVerificationStore,
  HistoryStore,
  StoreUpkeep,
  topicNames,
} from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { HistoryWriteStore } from './history-write-store';

/** Provides the history half of the store to a process that does not capture. */
@Module({
  providers: [
    {
      provide: HistoryWriteStore,
      inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
      useFactory: ({ storage, topics }: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
        HistoryWriteStore.open({ ...storage, topics: topicNames(topics.prices), clock, logger, metrics }),
    },
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

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
