import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  HistoryStore,
  PartitionSink,
  ProcessStatusStore,
  StoreLease,
  StoreUpkeep,
  topicNames,
} from '@app/domain';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { ConsumerStore } from './consumer-store';

/** Provides the ports of the writing half of the store to a consumer of the broker. */
@Module({
  providers: [
    {
      provide: ConsumerStore,
      inject: [APP_CONFIG, Clock, LOGGER, MetricsRegistry],
      useFactory: ({ storage, topics, kafka }: AppConfig, clock: Clock, logger: Logger, metrics: MetricsRegistry) =>
        ConsumerStore.open({ ...storage, topics: topicNames(topics.prices), clock, logger, metrics }, kafka.dbSink),
    },
    { provide: PartitionSink, inject: [ConsumerStore], useFactory: (store: ConsumerStore) => store.sink },
    { provide: StoreUpkeep, inject: [ConsumerStore], useFactory: (store: ConsumerStore) => store.upkeep },
    { provide: HistoryStore, inject: [ConsumerStore], useFactory: (store: ConsumerStore) => store.history },
    { provide: ProcessStatusStore, inject: [ConsumerStore], useFactory: (store: ConsumerStore) => store.processStatus },
    { provide: StoreLease, useExisting: ConsumerStore },
  ],
  exports: [PartitionSink, HistoryStore, StoreUpkeep, ProcessStatusStore, StoreLease],
})
export class StorageConsumeModule implements OnApplicationShutdown {
  constructor(@Inject(ConsumerStore) private readonly store: ConsumerStore) {}

  /** After the consumer has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
