import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { LiveFlow, SymbolTracking } from '@app/domain';
import { CAPTURE_OPTIONS, type CaptureHalf, type CaptureOptions } from './capture-options';
import { CandleSyncScheduler } from './candles/candle-sync.scheduler';
import { ExchangeTime } from './candles/exchange-time';
import { SyncCandlesUseCase } from './candles/sync-candles.use-case';
import { BackfillHistoryUseCase } from './history/backfill-history.use-case';
import { BackfillRunner } from './history/backfill.runner';
import { BackfillUseCase } from './history/backfill.use-case';
import { CaptureLiveFlow } from './history/capture-live-flow';
import { ExchangeNow } from './history/exchange-now';
import { CorrectLedgersUseCase } from './history/correct-ledgers.use-case';
import { FirstMinuteFinder } from './history/first-minute.finder';
import { FirstMinutesScheduler } from './history/first-minutes.scheduler';
import { FirstMinutesUseCase } from './history/first-minutes.use-case';
import { GapFiller } from './history/gap-filler';
import { GentlePace } from './history/gentle-pace';
import { HistoryDuties } from './history/history-duties';
import { ImportArchiveDayUseCase } from './history/import-archive-day.use-case';
import { ImportFileUseCase } from './history/import-file.use-case';
import { LedgerKeeperUseCase } from './history/ledger-keeper.use-case';
import { LedgerScheduler } from './history/ledger.scheduler';
import { MinuteFetcher } from './history/minute-fetcher';
import { RebuildHistoryUseCase } from './history/rebuild-history.use-case';
import { RepairGapsUseCase } from './history/repair-gaps.use-case';
import { StartLedgersUseCase } from './history/start-ledgers.use-case';
import { UnlistedHistory } from './history/unlisted-history';
import { ClockAlignedScheduler } from './schedule/clock-aligned.scheduler';
import { LeftOutRegister } from './left-out/left-out-register';
import { Refusals } from './refusals/refusals';
import { LivePriority } from './schedule/live-priority';
import { Pauses } from './schedule/pauses';
import { CaptureFaults } from './status/capture-faults';
import { CaptureMetrics } from './status/capture-metrics';
import { CaptureStatus } from './status/capture-status';
import { ProcessStatusScheduler } from './status/process-status.scheduler';
import { SymbolDirectory } from './symbols/symbol-directory';
import { SymbolRefreshScheduler } from './symbols/symbol-refresh.scheduler';
import { SymbolTracker } from './symbols/symbol-tracker';
import { PollTickersUseCase } from './tickers/poll-tickers.use-case';
import { TickerPollScheduler } from './tickers/ticker-poll.scheduler';
import { SettleStampsUseCase } from './upkeep/settle-stamps.use-case';
import { StampsScheduler } from './upkeep/stamps.scheduler';
import { UpkeepScheduler } from './upkeep/upkeep.scheduler';
import { UpkeepUseCase } from './upkeep/upkeep.use-case';

export interface CaptureModuleOptions {
  /** Name of the process, as its status row carries it. */
  readonly process: string;
  /** What of the market is captured. */
  readonly capture: CaptureOptions['capture'];
  /** Bring the ports that the half needs. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

const COMMON: Provider[] = [
  CaptureMetrics,
  CaptureFaults,
  Refusals,
  LeftOutRegister,
  CaptureStatus,
  ClockAlignedScheduler,
  LivePriority,
  Pauses,
  ExchangeTime,
];

const LIVE_TICKERS: Provider[] = [PollTickersUseCase, TickerPollScheduler];
const LIVE_CANDLES: Provider[] = [SyncCandlesUseCase, CandleSyncScheduler];

const HISTORY: Provider[] = [
  SymbolDirectory,
  SymbolTracker,
  SymbolRefreshScheduler,
  ProcessStatusScheduler,
  UpkeepUseCase,
  UpkeepScheduler,
  CorrectLedgersUseCase,
  SettleStampsUseCase,
  StampsScheduler,
  HistoryDuties,
];
const HISTORY_CANDLES: Provider[] = [
  GentlePace,
  MinuteFetcher,
  GapFiller,
  BackfillUseCase,
  BackfillRunner,
  LedgerKeeperUseCase,
  LedgerScheduler,
  FirstMinuteFinder,
  FirstMinutesUseCase,
  FirstMinutesScheduler,
];

/** Captures the market: what happens now, what is done for the history in the store, or both in one process. */
@Module({})
export class CaptureModule {
  /**
   * Both halves, for as long as the application runs. `imports` bring Exchange, EventPublisher, HistoryStore,
   * CandleCursor, StoreUpkeep and ProcessStatusStore.
   */
  static register(options: CaptureModuleOptions): DynamicModule {
    const candles: Provider[] = [...LIVE_CANDLES, ...HISTORY_CANDLES, { provide: LiveFlow, useClass: CaptureLiveFlow }];
    return assemble('both', options, [
      ...HISTORY,
      { provide: SymbolTracking, useExisting: SymbolTracker },
      ...(options.capture.includes('tickers') ? LIVE_TICKERS : []),
      ...(options.capture.includes('candles') ? candles : []),
    ]);
  }

  /**
   * What happens now, without a store, for as long as the application runs. `imports` bring Exchange, EventPublisher,
   * CandleCursor and SymbolTracking.
   */
  static live(options: CaptureModuleOptions): DynamicModule {
    return assemble('live', options, [
      ...(options.capture.includes('tickers') ? LIVE_TICKERS : []),
      ...(options.capture.includes('candles') ? LIVE_CANDLES : []),
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
      exports: [BackfillHistoryUseCase, ImportArchiveDayUseCase, ImportFileUseCase, RepairGapsUseCase],
    };
  }

  /** Making the database anew. `imports` bring Exchange, and RebuildStore with the HistoryStore of the new database. */
  static rebuild(options: CaptureModuleOptions): DynamicModule {
    return {
      module: CaptureModule,
      imports: [...options.imports],
      providers: [optionsProvider(options, 'history'), LivePriority, GentlePace, RebuildHistoryUseCase],
      exports: [RebuildHistoryUseCase],
    };
  }

  /**
   * What is done for the history in the store, while its {@link HistoryDuties} are started. `imports` bring Exchange,
   * HistoryStore, ProcessStatusStore, StoreUpkeep and LiveFlow.
   */
  static history(options: CaptureModuleOptions): DynamicModule {
    return assemble('history', options, [
      ...HISTORY,
      ...(options.capture.includes('candles') ? [...HISTORY_CANDLES, StartLedgersUseCase] : []),
    ]);
  }
}

/** Without schedules and duties: work on history that is done once, when somebody asks for it. */
const ON_DEMAND: Provider[] = [
  CaptureMetrics,
  CaptureFaults,
  Refusals,
  LeftOutRegister,
  CaptureStatus,
  LivePriority,
  Pauses,
  ExchangeTime,
  SymbolDirectory,
  GentlePace,
  MinuteFetcher,
  GapFiller,
  FirstMinuteFinder,
  ImportArchiveDayUseCase,
  ExchangeNow,
  ImportFileUseCase,
  UnlistedHistory,
  BackfillHistoryUseCase,
  RepairGapsUseCase,
];

function optionsProvider({ process, capture }: CaptureModuleOptions, half: CaptureHalf): Provider {
  return {
    provide: CAPTURE_OPTIONS,
    inject: [APP_CONFIG],
    useFactory: ({ symbols, ingest }: AppConfig): CaptureOptions => ({
      process,
      half,
      capture,
      symbols,
      pollIntervalSeconds: ingest.pollIntervalSeconds,
      backfillDays: ingest.backfillDays,
    }),
  };
}

function assemble(half: CaptureHalf, options: CaptureModuleOptions, providers: Provider[]): DynamicModule {
  return {
    module: CaptureModule,
    imports: [ScheduleModule.forRoot(), ...options.imports],
    providers: [optionsProvider(options, half), ...COMMON, ...providers],
    exports: [CaptureStatus, ...(half === 'live' ? [] : [HistoryDuties])],
  };
}
