import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { CAPTURE_OPTIONS, type CaptureOptions } from './capture-options';
import { CandleSyncScheduler } from './candles/candle-sync.scheduler';
import { ExchangeTime } from './candles/exchange-time';
import { SyncCandlesUseCase } from './candles/sync-candles.use-case';
import { BackfillRunner } from './history/backfill.runner';
import { BackfillUseCase } from './history/backfill.use-case';
import { GentlePace } from './history/gentle-pace';
import { ImportArchiveDayUseCase } from './history/import-archive-day.use-case';
import { ImportFileUseCase } from './history/import-file.use-case';
import { LedgerKeeperUseCase } from './history/ledger-keeper.use-case';
import { LedgerScheduler } from './history/ledger.scheduler';
import { MinuteFetcher } from './history/minute-fetcher';
import { ClockAlignedScheduler } from './schedule/clock-aligned.scheduler';
import { LivePriority } from './schedule/live-priority';
import { CaptureFaults } from './status/capture-faults';
import { CaptureMetrics } from './status/capture-metrics';
import { CaptureStatus } from './status/capture-status';
import { ProcessStatusScheduler } from './status/process-status.scheduler';
import { SymbolDirectory } from './symbols/symbol-directory';
import { SymbolRefreshScheduler } from './symbols/symbol-refresh.scheduler';
import { SymbolTracker } from './symbols/symbol-tracker';
import { PollTickersUseCase } from './tickers/poll-tickers.use-case';
import { TickerPollScheduler } from './tickers/ticker-poll.scheduler';

export interface CaptureModuleOptions {
  /** Name of the process, as its status row carries it. */
  readonly process: string;
  /** What of the market is captured. */
  readonly capture: CaptureOptions['capture'];
  /** Bring Exchange, KlineArchive, KlineFiles, EventPublisher, HistoryStore, CandleCursor and ProcessStatusStore. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

const TICKERS: Provider[] = [PollTickersUseCase, TickerPollScheduler];

const CANDLES: Provider[] = [
  SyncCandlesUseCase,
  CandleSyncScheduler,
  GentlePace,
  MinuteFetcher,
  ImportArchiveDayUseCase,
  ImportFileUseCase,
  BackfillUseCase,
  BackfillRunner,
  LedgerKeeperUseCase,
  LedgerScheduler,
];

/** Captures the market for as long as the application runs. */
@Module({})
export class CaptureModule {
  static register({ process, capture, imports }: CaptureModuleOptions): DynamicModule {
    return {
      module: CaptureModule,
      imports: [ScheduleModule.forRoot(), ...imports],
      providers: [
        {
          provide: CAPTURE_OPTIONS,
          inject: [APP_CONFIG],
          useFactory: ({ symbols, ingest }: AppConfig): CaptureOptions => ({
            process,
            capture,
            symbols,
            pollIntervalSeconds: ingest.pollIntervalSeconds,
            backfillDays: ingest.backfillDays,
          }),
        },
        CaptureMetrics,
        CaptureFaults,
        CaptureStatus,
        ClockAlignedScheduler,
        LivePriority,
        ExchangeTime,
        SymbolDirectory,
        SymbolTracker,
        SymbolRefreshScheduler,
        ProcessStatusScheduler,
        ...(capture.includes('tickers') ? TICKERS : []),
        ...(capture.includes('candles') ? CANDLES : []),
      ],
      exports: [CaptureStatus, ...(capture.includes('candles') ? [ImportArchiveDayUseCase, ImportFileUseCase] : [])],
    };
  }
}
