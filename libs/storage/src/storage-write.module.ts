import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { CandleCursor, Clock, EventSink, HistoryStore, ProcessStatusStore, StoreUpkeep, topicNames } from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { StoredCandleCursor } from './history/stored-candle-cursor';
import { WriteStore } from './write-store';

/** Provides the ports of the writing half of the store; opening it makes this process the capture owner. */
@Module({
  providers: [
    {
      provide: WriteStore,
      inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
      useFactory: ({ storage, topics }: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
        WriteStore.open({ ...storage, topics: topicNames(topics.prices), clock, logger, metrics }),
    },
    { provide: EventSink, inject: [WriteStore], useFactory: (store: WriteStore) => store.sink },
    { provide: StoreUpkeep, inject: [WriteStore], useFactory: (store: WriteStore) => store.upkeep },
    { provide: HistoryStore, inject: [WriteStore], useFactory: (store: WriteStore) => store.history },
    { provide: ProcessStatusStore, inject: [WriteStore], useFactory: (store: WriteStore) => store.processStatus },
    {
      provide: CandleCursor,
      inject: [HistoryStore],
      useFactory: (history: HistoryStore) => new StoredCandleCursor(history),
    },
  ],
  exports: [EventSink, HistoryStore, StoreUpkeep, ProcessStatusStore, CandleCursor],
})
export class StorageWriteModule implements OnApplicationShutdown {
  constructor(@Inject(WriteStore) private readonly store: WriteStore) {}

  /** After every module that writes has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
