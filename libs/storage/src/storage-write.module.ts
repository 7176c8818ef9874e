import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  CandleCursor,
  Clock,
  EventSink,
  HistoryStore,
  ProcessStatusStore,
  StoreCondition,
  StoreUpkeep,
} from '@app/domain';
import { HistoryKinds } from '@app/history';
import { LOGGER, MetricsRegistry, type Logger } from '@app/observability';
import { DatabaseWatch } from './condition/database-watch';
import { KeeperToken } from './condition/keeper-token';
import { KeptStoreCondition, StoreKeeper } from './condition/store-keeper';
import { HISTORY_KINDS } from './history-kinds.provider';
import { SqliteHistoryStore } from './history/sqlite-history-store';
import { SqliteProcessStatusStore } from './history/sqlite-process-status.store';
import { StoredCandleCursor } from './history/stored-candle-cursor';
import { SqliteEventSink } from './sink/sqlite-event-sink';
import { StorageWatchModule } from './storage-watch.module';
import { SqliteStoreUpkeep } from './upkeep/sqlite-store.upkeep';
import { WriteStore } from './write-store';

const KEEPER = new KeeperToken<WriteStore>('WriteStoreKeeper');

type Keeper = StoreKeeper<WriteStore>;

/** Provides the ports of the writing half of the store; while the store is open, this process is the capture owner. */
@Module({
  imports: [StorageWatchModule],
  providers: [
    HISTORY_KINDS,
    {
      provide: KEEPER.name,
      inject: [APP_CONFIG, HistoryKinds, Clock, LOGGER, MetricsRegistry, DatabaseWatch],
      useFactory: (
        { storage }: AppConfig,
        kinds: HistoryKinds,
        clock: Clock,
        logger: Logger,
        metrics: MetricsRegistry,
        watch: DatabaseWatch,
      ): Promise<Keeper> => {
        const options = { ...storage, kinds, clock, logger, metrics };
        return StoreKeeper.start((explain) => WriteStore.open({ ...options, explain }), { watch, clock, logger });
      },
    },
    {
      provide: EventSink,
      inject: [KEEPER.name, HistoryKinds],
      useFactory: (keeper: Keeper, kinds: HistoryKinds) => new SqliteEventSink(keeper, kinds),
    },
    KEEPER.port(StoreUpkeep, SqliteStoreUpkeep, ({ upkeep }) => upkeep),
    KEEPER.port(HistoryStore, SqliteHistoryStore, ({ history }) => history),
    KEEPER.port(ProcessStatusStore, SqliteProcessStatusStore, ({ processStatus }) => processStatus),
    {
      provide: CandleCursor,
      inject: [HistoryStore],
      useFactory: (history: HistoryStore) => new StoredCandleCursor(history),
    },
    {
      provide: StoreCondition,
      inject: [KEEPER.name, DatabaseWatch],
      useFactory: (keeper: Keeper, watch: DatabaseWatch) => new KeptStoreCondition(keeper, watch),
    },
  ],
  exports: [EventSink, HistoryStore, StoreUpkeep, ProcessStatusStore, CandleCursor, StoreCondition],
})
export class StorageWriteModule implements OnApplicationShutdown {
  constructor(@Inject(KEEPER.name) private readonly keeper: Keeper) {}

  /** After every module that writes has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.keeper.close();
  }
}
