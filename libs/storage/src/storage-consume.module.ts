import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  HistoryStore,
  PartitionSink,
  ProcessStatusStore,
  StoreCondition,
  StoreLease,
  StoreUpkeep,
} from '@app/domain';
import { HistoryKinds } from '@app/history';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DatabaseWatch } from './condition/database-watch';
import { KeeperToken } from './condition/keeper-token';
import { KeptStoreCondition, StoreKeeper } from './condition/store-keeper';
import { ConsumerLease } from './consumer-lease';
import { ConsumerStore } from './consumer-store';
import { HISTORY_KINDS } from './history-kinds.provider';
import { SqliteHistoryStore } from './history/sqlite-history-store';
import { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { SqlitePartitionSink } from './sink/sqlite-partition-sink';
import { StorageWatchModule } from './storage-watch.module';
import { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';

const KEEPER = new KeeperToken<ConsumerStore>('ConsumerStoreKeeper');

type Keeper = StoreKeeper<ConsumerStore>;

/** Provides the ports of the writing half of the store to a consumer of the broker. */
@Module({
  imports: [StorageWatchModule],
  providers: [
    HISTORY_KINDS,
    {
      provide: KEEPER.name,
      inject: [APP_CONFIG, HistoryKinds, Clock, LOGGER, MetricsRegistry, DatabaseWatch],
      useFactory: (
        { storage, kafka }: AppConfig,
        kinds: HistoryKinds,
        clock: Clock,
        logger: Logger,
        metrics: MetricsRegistry,
        watch: DatabaseWatch,
      ): Promise<Keeper> => {
        const options = { ...storage, kinds, clock, logger, metrics };
        const open = (explain: (error: unknown) => unknown): Promise<ConsumerStore> =>
          ConsumerStore.open({ ...options, explain }, kafka.dbSink);
        return StoreKeeper.start(open, { watch, clock, logger });
      },
    },
    KEEPER.port(PartitionSink, SqlitePartitionSink, ({ sink }) => sink),
    KEEPER.port(StoreUpkeep, SqliteStoreUpkeep, ({ upkeep }) => upkeep),
    KEEPER.port(HistoryStore, SqliteHistoryStore, ({ history }) => history),
    KEEPER.port(ProcessStatusStore, SqliteProcessStatusStore, ({ processStatus }) => processStatus),
    { provide: StoreLease, inject: [KEEPER.name], useFactory: (keeper: Keeper) => new ConsumerLease(keeper) },
    {
      provide: StoreCondition,
      inject: [KEEPER.name, DatabaseWatch],
      useFactory: (keeper: Keeper, watch: DatabaseWatch) => new KeptStoreCondition(keeper, watch),
    },
  ],
  exports: [PartitionSink, HistoryStore, StoreUpkeep, ProcessStatusStore, StoreLease, StoreCondition],
})
export class StorageConsumeModule implements OnApplicationShutdown {
  constructor(@Inject(KEEPER.name) private readonly keeper: Keeper) {}

  /** After the consumer has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.keeper.close();
  }
}
