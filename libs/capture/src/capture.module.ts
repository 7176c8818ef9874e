import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { LiveFlow, SymbolTracking } from '@app/domain';
import { MinuteFill } from '@app/fill';
import { JobsModule, provideJob } from '@app/jobs';
import { CaptureJobs } from './capture-jobs';
import { CAPTURE_OPTIONS, type CaptureHalf, type CaptureOptions } from './capture-options';
import { ExchangeTime } from './candles/exchange-time';
import { SyncCandlesUseCase } from './candles/sync-candles.use-case';
import { BackfillHistoryUseCase } from './history/backfill-history.use-case';
import { BackfillUseCase } from './history/backfill.use-case';
import { CaptureLiveFlow } from './history/capture-live-flow';
import { ArchiveDayKeeper } from './history/archive-day.keeper';
import { ExchangeNow } from './history/exchange-now';
import { CorrectLedgersUseCase } from './history/correct-ledgers.use-case';
import { FirstMinuteFinder } from './history/first-minute.finder';
import { FirstMinutesUseCase } from './history/first-minutes.use-case';
import { FetchedPageKeeper } from './history/fetched-page.keeper';
import { HistoryFill } from './history/history-fill';
import { ImportArchiveDayUseCase } from './history/import-archive-day.use-case';
import { ImportFileUseCase } from './history/import-file.use-case';
import { LedgerKeeperUseCase } from './history/ledger-keeper.use-case';
import { RebuildHistoryUseCase } from './history/rebuild-history.use-case';
import { RepairGapsUseCase } from './history/repair-gaps.use-case';
import { StartLedgersUseCase } from './history/start-ledgers.use-case';
import { UnlistedHistory } from './history/unlisted-history';
import { LeftOutRegister } from './left-out/left-out-register';
import { Refusals } from './refusals/refusals';
import { Pauses } from './schedule/pauses';
import { CaptureFaults } from './status/capture-faults';
import { CaptureMetrics } from './status/capture-metrics';
import { CaptureStatus } from './status/capture-status';
import { WatchExchangeUseCase } from './status/watch-exchange.use-case';
import { WriteProcessStatusUseCase } from './status/write-process-status.use-case';
import { CapturedSymbols } from './symbols/captured-symbols';
import { ChosenSymbols } from './symbols/chosen-symbols';
import { RefreshSymbolsUseCase } from './symbols/refresh-symbols.use-case';
import { SymbolDirectory } from './symbols/symbol-directory';
import { SymbolTracker } from './symbols/symbol-tracker';
import { PollTickersUseCase } from './tickers/poll-tickers.use-case';
import { DailyBackup } from './upkeep/daily-backup';
import { SettleStampsUseCase } from './upkeep/settle-stamps.use-case';
import { UpkeepUseCase } from './upkeep/upkeep.use-case';

export interface CaptureModuleOptions {
  /** Name of the process, as its status row carries it. */
  readonly process: string;
  /** What of the market is captured. */
  readonly capture: CaptureOptions['capture'];
  /** The command line program, for what is done in a process of its own. */
  readonly commandScript?: string;
  /** Bring the ports that the half needs. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

const COMMON: Provider[] = [
  CaptureMetrics,
  CaptureFaults,
  Refusals,
  LeftOutRegister,
  CapturedSymbols,
  CaptureStatus,
  CaptureJobs,
  SymbolDirectory,
  Pauses,
  ExchangeTime,
];

const LIVE_JOBS: Provider[] = [
  WatchExchangeUseCase,
  provideJob('exchange-watch', WatchExchangeUseCase),
  provideJob('ticker-poll', PollTickersUseCase),
  provideJob('candle-sync', SyncCandlesUseCase),
];

const HISTORY: Provider[] = [
  SymbolTracker,
  { provide: SymbolTracking, useExisting: SymbolTracker },
  RefreshSymbolsUseCase,
  WriteProcessStatusUseCase,
  UpkeepUseCase,
  CorrectLedgersUseCase,
  SettleStampsUseCase,
  DailyBackup,
];
/** How minutes of the past come into the store. */
const FILL: Provider[] = [MinuteFill, FetchedPageKeeper, ArchiveDayKeeper, HistoryFill];
const HISTORY_CANDLES: Provider[] = [
  ...FILL,
  BackfillUseCase,
  LedgerKeeperUseCase,
  FirstMinuteFinder,
  FirstMinutesUseCase,
];
const HISTORY_JOBS: Provider[] = [
  provideJob('symbol-refresh', RefreshSymbolsUseCase),
  provideJob('process-status', WriteProcessStatusUseCase),
  provideJob('store-upkeep', UpkeepUseCase),
  provideJob('settle-stamps', SettleStampsUseCase),
  provideJob('first-backfill', BackfillUseCase),
  provideJob('ledger-keeper', LedgerKeeperUseCase),
  provideJob('first-minutes', FirstMinutesUseCase),
];

/** Captures the market: what happens now, what is done for the history in the store, or both in one process. */
@Module({})
export class CaptureModule {
  /**
   * Both halves, for as long as the application runs. `imports` bring Exchange, KlineArchive, EventPublisher,
   * HistoryStore, CandleCursor, StoreUpkeep and ProcessStatusStore.
   */
  static register(options: CaptureModuleOptions): DynamicModule {
    const candles: Provider[] = [
      SyncCandlesUseCase,
      ...HISTORY_CANDLES,
      { provide: LiveFlow, useClass: CaptureLiveFlow },
    ];
    return assemble('both', options, [
      ...HISTORY,
      ...(options.capture.includes('tickers') ? [PollTickersUseCase] : []),
      ...(options.capture.includes('candles') ? candles : []),
      ...LIVE_JOBS,
      ...HISTORY_JOBS,
    ]);
  }

  /**
   * What happens now, without a store, for as long as the application runs. `imports` bring Exchange, EventPublisher,
   * CandleCursor and SymbolTracking.
   */
  static live(options: CaptureModuleOptions): DynamicModule {
    return assemble('live', options, [
      RefreshSymbolsUseCase,
      ...(options.capture.includes('tickers') ? [PollTickersUseCase] : []),
      ...(options.capture.includes('candles') ? [SyncCandlesUseCase] : []),
      ...LIVE_JOBS,
      provideJob('listings', RefreshSymbolsUseCase),
    ]);
  }

  /**
   * Use cases of history that run once, on demand, beside whichever process captures. `imports` bring Exchange,
   * KlineArchive, KlineFiles, HistoryStore and BackfillJobs.
   */
  static onDemand(options: CaptureModuleOptions): DynamicModule {
    return {
      module: CaptureModule,
      imports: [...options.imports],
      providers: [optionsProvider(options, 'history'), ...ON_DEMAND],
      exports: [ChosenSymbols, BackfillHistoryUseCase, ImportArchiveDayUseCase, ImportFileUseCase, RepairGapsUseCase],
    };
  }

  /** Making the database anew. `imports` bring Exchange, and RebuildStore with the HistoryStore of the new database. */
  static rebuild(options: CaptureModuleOptions): DynamicModule {
    return {
      module: CaptureModule,
      imports: [...options.imports],
      providers: [optionsProvider(options, 'history'), RebuildHistoryUseCase],
      exports: [RebuildHistoryUseCase],
    };
  }

  /**
   * What is done for the history in the store, while its jobs are started by {@link CaptureJobs}. `imports` bring Exchange,
   * KlineArchive, HistoryStore, ProcessStatusStore, StoreUpkeep and LiveFlow.
   */
  static history(options: CaptureModuleOptions): DynamicModule {
    return assemble('history', options, [
      ...HISTORY,
      ...(options.capture.includes('candles') ? [...HISTORY_CANDLES, StartLedgersUseCase] : []),
      ...HISTORY_JOBS,
    ]);
  }
}

/** Without background jobs: work on history that is done once, when somebody asks for it. */
const ON_DEMAND: Provider[] = [
  CaptureMetrics,
  CaptureFaults,
  Refusals,
  LeftOutRegister,
  CapturedSymbols,
  ChosenSymbols,
  CaptureStatus,
  Pauses,
  ExchangeTime,
  SymbolDirectory,
  ...FILL,
  FirstMinuteFinder,
  ImportArchiveDayUseCase,
  ExchangeNow,
  ImportFileUseCase,
  UnlistedHistory,
  BackfillHistoryUseCase,
  RepairGapsUseCase,
];

function optionsProvider({ process, capture, commandScript }: CaptureModuleOptions, half: CaptureHalf): Provider {
  return {
    provide: CAPTURE_OPTIONS,
    inject: [APP_CONFIG],
    useFactory: ({ symbolChoice: choice, ingest }: AppConfig): CaptureOptions => ({
      process,
      half,
      capture,
      choice,
      pollIntervalSeconds: ingest.pollIntervalSeconds,
      backfillDays: ingest.backfillDays,
      ...(commandScript === undefined ? {} : { commandScript }),
    }),
  };
}

function assemble(half: CaptureHalf, options: CaptureModuleOptions, providers: Provider[]): DynamicModule {
  return {
    module: CaptureModule,
    imports: [JobsModule, ...options.imports],
    providers: [optionsProvider(options, half), ...COMMON, ...providers],
    exports: [CaptureStatus, ...(half === 'live' ? [] : [CaptureJobs])],
  };
}
