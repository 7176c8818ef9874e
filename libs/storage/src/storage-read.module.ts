import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  ApiKeyReader,
  CandleReader,
  ChangeFeedReader,
  Clock,
  CoverageReader,
  DailyBarReader,
  DailyMetricsReader,
  DayQualityReader,
  HourlyBarReader,
  PriceEventReader,
  StoreStatus,
  SymbolReader,
} from '@app/domain';
import {
  Candles,
  ChangeFeed,
  DailyBars,
  DayQualities,
  HourlyBars,
  LedgerRanges,
  PriceEvents,
  RowFinder,
  StoredMetrics,
} from '@app/history';
import { MetricsRegistry } from '@app/observability';
import { DatabaseWatch } from './condition/database-watch';
import { meterWal } from './database/wal-bound';
import { ReadStore } from './readers/read-store';
import { SqliteApiKeyReader } from './readers/sqlite-api-key.reader';
import { SqliteAccountRows } from './readers/sqlite-account-rows';
import { SqliteCandleRows } from './readers/sqlite-candle-rows';
import { SqliteFeedRows } from './readers/sqlite-feed-rows';
import { SqlitePriceRows } from './readers/sqlite-price-rows';
import { SqliteRowFinder } from './readers/sqlite-row-finder';
import { SqliteStoreStatus } from './readers/sqlite-store.status';
import { SqliteSymbolReader } from './readers/sqlite-symbol.reader';
import { StorageWatchModule } from './storage-watch.module';

/** Provides the ports of the reading half of the store: a read-only connection that migrates nothing. */
@Module({
  imports: [StorageWatchModule],
  providers: [
    {
      provide: ReadStore,
      inject: [APP_CONFIG, MetricsRegistry, DatabaseWatch],
      useFactory: async (
        { storage }: AppConfig,
        metrics: MetricsRegistry,
        watch: DatabaseWatch,
      ): Promise<ReadStore> => {
        meterWal(storage.databasePath, metrics);
        const store = new ReadStore(watch);
        await store.open();
        return store;
      },
    },
    { provide: RowFinder, inject: [ReadStore], useFactory: (store: ReadStore) => new SqliteRowFinder(store) },
    { provide: SqliteAccountRows, inject: [ReadStore], useFactory: (store: ReadStore) => new SqliteAccountRows(store) },
    {
      provide: PriceEventReader,
      inject: [ReadStore, Clock],
      useFactory: (store: ReadStore, clock: Clock) => new PriceEvents(new SqlitePriceRows(store), clock),
    },
    {
      provide: CandleReader,
      inject: [ReadStore, SqliteAccountRows],
      useFactory: (store: ReadStore, accounts: SqliteAccountRows) => new Candles(new SqliteCandleRows(store), accounts),
    },
    {
      provide: DailyBarReader,
      inject: [RowFinder, SqliteAccountRows, Clock],
      useFactory: (rows: RowFinder, accounts: SqliteAccountRows, clock: Clock) => new DailyBars(rows, accounts, clock),
    },
    {
      provide: HourlyBarReader,
      inject: [RowFinder, SqliteAccountRows, Clock],
      useFactory: (rows: RowFinder, accounts: SqliteAccountRows, clock: Clock) => new HourlyBars(rows, accounts, clock),
    },
    {
      provide: DailyMetricsReader,
      inject: [RowFinder, Clock],
      useFactory: (rows: RowFinder, clock: Clock) => new StoredMetrics(rows, clock),
    },
    {
      provide: DayQualityReader,
      inject: [RowFinder, Clock],
      useFactory: (rows: RowFinder, clock: Clock) => new DayQualities(rows, clock),
    },
    {
      provide: CoverageReader,
      inject: [RowFinder, Clock],
      useFactory: (rows: RowFinder, clock: Clock) => new LedgerRanges(rows, clock),
    },
    {
      provide: SymbolReader,
      inject: [ReadStore, Clock],
      useFactory: (store: ReadStore, clock: Clock) => new SqliteSymbolReader(store, clock),
    },
    {
      provide: ChangeFeedReader,
      inject: [ReadStore],
      useFactory: (store: ReadStore) => new ChangeFeed(new SqliteFeedRows(store)),
    },
    { provide: ApiKeyReader, inject: [ReadStore], useFactory: (store: ReadStore) => new SqliteApiKeyReader(store) },
    { provide: StoreStatus, inject: [ReadStore], useFactory: (store: ReadStore) => new SqliteStoreStatus(store) },
  ],
  exports: [
    ApiKeyReader,
    PriceEventReader,
    CandleReader,
    DailyBarReader,
    HourlyBarReader,
    DailyMetricsReader,
    DayQualityReader,
    CoverageReader,
    SymbolReader,
    ChangeFeedReader,
    StoreStatus,
    StorageWatchModule,
  ],
})
export class StorageReadModule implements OnApplicationShutdown {
  constructor(@Inject(ReadStore) private readonly store: ReadStore) {}

  /** The same ports on a clock of their own, in place of the one of the process. */
  static on(clock: Clock): DynamicModule {
    return { module: StorageReadModule, providers: [{ provide: Clock, useValue: clock }] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
