import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { HttpModule, PublicAddress, type HttpOptions, type WrittenPlace } from '@app/http';
import { BiController } from './bi/bi.controller';
import { BiHistoryController } from './bi/bi-history.controller';
import { CsvCache } from './bi/csv-cache';
import { CsvResponder } from './bi/csv-responder';
import { DatasetsController } from './bi/datasets.controller';
import { TableFreshness } from './bi/table-freshness';
import { WindowedTables } from './bi/windowed-tables';
import { CandlesController } from './candles/candles.controller';
import { CoverageController } from './coverage/coverage.controller';
import { BuildsModule } from './data/builds.module';
import { DataController } from './data/data.controller';
import { DailyMetricsController } from './daily-metrics/daily-metrics.controller';
import { CaptureTime } from './health/capture-time';
import { OldData } from './health/old-data';
import { PlatformHealthReport } from './health/platform-health.report';
import { ProcessWatch } from './health/process-watch';
import { REMOTE_PROCESSES, type RemoteProcess } from './health/remote-processes';
import { StoreReadinessCheck } from './health/store-readiness';
import { SymbolFreshnessReader } from './health/symbol-freshness';
import { StoredKeys } from './keys/stored-keys';
import { ListFiles } from './lists/list-files';
import { ListResponder } from './lists/list-responder';
import { PageController } from './page/page.controller';
import { PAGE_FOLDER } from './page/page-files';
import { FeedEvents } from './stream/feed-events';
import { FeedFollower } from './stream/feed-follower';
import { StreamMetrics } from './stream/stream-metrics';
import { StreamStarts } from './stream/stream-start';
import { Streams } from './stream/streams';
import { StreamsController } from './stream/streams.controller';
import { ServedSymbols } from './symbols/served-symbols';
import { SymbolSelection } from './symbols/symbol-selection';
import { SymbolSummaries } from './symbols/symbol-summaries';
import { SymbolsController } from './symbols/symbols.controller';
import { TradesController } from './trades/trades.controller';

export interface ApiModuleOptions {
  readonly http: HttpOptions;
  /** Where the process keeps its data. */
  readonly places?: readonly WrittenPlace[];
  /** The module that exports the read ports of the store. */
  readonly storage: Type | DynamicModule;
  /** The module that exports the port for Parquet files. */
  readonly parquet: Type | DynamicModule;
  /** The folder that the page was built into. */
  readonly pageFolder: string;
  /** The command line program, which makes the daily build. */
  readonly buildScript: string;
  /** Processes that `/health` asks; none where this process captures itself. */
  readonly remotes: readonly RemoteProcess[];
  /** The module that exports a {@link LocalProcess}, where this process does more than serve. */
  readonly local?: DynamicModule;
}

/** What `/health` of the API is made of. */
@Module({})
class HealthSourcesModule {
  static forRoot({ storage, remotes, local }: ApiModuleOptions, builds: DynamicModule): DynamicModule {
    const modules = [storage, builds, ...(local ? [local] : [])];
    return {
      module: HealthSourcesModule,
      imports: modules,
      providers: [
        ServedSymbols,
        SymbolFreshnessReader,
        OldData,
        ProcessWatch,
        CaptureTime,
        { provide: REMOTE_PROCESSES, useValue: remotes },
      ],
      exports: [...modules, ServedSymbols, SymbolFreshnessReader, OldData, ProcessWatch, CaptureTime, REMOTE_PROCESSES],
    };
  }
}

/** The public API: the same routes in the API's own process and in the standalone one. */
@Module({})
export class ApiModule {
  static forRoot(options: ApiModuleOptions): DynamicModule {
    const builds = BuildsModule.forRoot(options.storage, options.buildScript);
    return {
      module: ApiModule,
      imports: [
        options.storage,
        options.parquet,
        builds,
        ...(options.local ? [options.local] : []),
        HttpModule.forRoot({
          http: options.http,
          ...(options.places ? { places: options.places } : {}),
          healthReport: PlatformHealthReport,
          takesKeys: true,
          imports: [HealthSourcesModule.forRoot(options, builds)],
        }),
      ],
      controllers: [
        PageController,
        SymbolsController,
        TradesController,
        CandlesController,
        CoverageController,
        DailyMetricsController,
        BiController,
        BiHistoryController,
        DatasetsController,
        DataController,
        StreamsController,
      ],
      providers: [
        { provide: PAGE_FOLDER, useValue: options.pageFolder },
        { provide: PublicAddress, useValue: new PublicAddress(options.http) },
        FeedEvents,
        ListFiles,
        ListResponder,
        FeedFollower,
        StreamMetrics,
        StreamStarts,
        Streams,
        ServedSymbols,
        SymbolSelection,
        SymbolSummaries,
        TableFreshness,
        WindowedTables,
        CsvCache,
        CsvResponder,
        SymbolFreshnessReader,
        OldData,
        StoreReadinessCheck,
        StoredKeys,
      ],
    };
  }
}
