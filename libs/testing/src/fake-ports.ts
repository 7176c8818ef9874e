import { Module, type DynamicModule, type ValueProvider } from '@nestjs/common';
import type { AlignedClock } from '@app/clock';
import { APP_CONFIG, loadConfig, type AppConfig } from '@app/config';
import {
  BackfillJobs,
  CandleCursor,
  Clock,
  ClockAlignment,
  EventPublisher,
  Exchange,
  HistoryStore,
  KlineArchive,
  KlineFiles,
  LiveFlow,
  ProcessStatusStore,
  RebuildStore,
  StoreUpkeep,
  SymbolTracking,
  type EpochMicros,
} from '@app/domain';
import { createLogger, LOGGER, MetricsRegistry } from '@app/observability';
import { FakeBackfillJobs } from './fake-backfill-jobs';
import { alignedOver, FakeClock } from './fake-clock';
import { FakeEventPublisher } from './fake-event-publisher';
import { FakeExchange } from './fake-exchange';
import { FakeCandleCursor, FakeHistoryStore, FakeProcessStatusStore } from './fake-history-store';
import { FakeKlineArchive, FakeKlineFiles } from './fake-kline-archive';
import { FakeStoreUpkeep } from './fake-store-upkeep';
import { FakeLiveFlow, FakeSymbolTracking } from './fake-live-flow';

@Module({})
class FakePortsModule {}

/** Everything around capture, in memory: what is published is stored at once. */
export class FakePorts {
  /** The clock of the process, over {@link clock}, the local one. */
  readonly aligned: AlignedClock;
  readonly exchange: FakeExchange;
  readonly tracking: FakeSymbolTracking;
  readonly liveFlow = new FakeLiveFlow();
  readonly publisher = new FakeEventPublisher();
  readonly history = new FakeHistoryStore();
  readonly backfillJobs = new FakeBackfillJobs();
  readonly archive = new FakeKlineArchive();
  readonly files = new FakeKlineFiles();
  readonly cursor = new FakeCandleCursor();
  readonly processStatus = new FakeProcessStatusStore();
  readonly upkeep = new FakeStoreUpkeep();
  readonly metrics = new MetricsRegistry();
  /** Lines logged at level warn and above. */
  readonly logged: string[] = [];
  private readonly config: AppConfig;

  constructor(
    readonly clock: FakeClock,
    /** Environment variables of the process. */
    variables: Readonly<Record<string, string>>,
  ) {
    this.config = loadConfig(variables, '/');
    this.aligned = alignedOver(clock);
    this.exchange = new FakeExchange(clock, this.config.symbols, this.aligned);
    this.tracking = new FakeSymbolTracking(this.aligned);
    this.publisher.onPublish = (batch) => {
      this.history.take(batch);
    };
  }

  static at(time: EpochMicros, variables: Readonly<Record<string, string>> = {}): FakePorts {
    return new FakePorts(new FakeClock(time), variables);
  }

  /** A module that provides what both halves of capture need in one process. */
  module(): DynamicModule {
    return this.withPorts([
      { provide: EventPublisher, useValue: this.publisher },
      { provide: HistoryStore, useValue: this.history },
      { provide: KlineArchive, useValue: this.archive },
      { provide: CandleCursor, useValue: this.cursor },
      { provide: ProcessStatusStore, useValue: this.processStatus },
      { provide: StoreUpkeep, useValue: this.upkeep },
    ]);
  }

  /** A module for a process that captures without a store. */
  liveModule(): DynamicModule {
    return this.withPorts([
      { provide: EventPublisher, useValue: this.publisher },
      { provide: CandleCursor, useValue: this.cursor },
      { provide: SymbolTracking, useValue: this.tracking },
    ]);
  }

  /** A module for a process that does the history without capturing. */
  historyModule(): DynamicModule {
    return this.withPorts([
      { provide: HistoryStore, useValue: this.history },
      { provide: KlineArchive, useValue: this.archive },
      { provide: ProcessStatusStore, useValue: this.processStatus },
      { provide: StoreUpkeep, useValue: this.upkeep },
      { provide: LiveFlow, useValue: this.liveFlow },
    ]);
  }

  /** A module for a process in which work on history is done on demand. */
  onDemandModule(): DynamicModule {
    return this.withPorts([
      { provide: HistoryStore, useValue: this.history },
      { provide: BackfillJobs, useValue: this.backfillJobs },
      { provide: KlineArchive, useValue: this.archive },
      { provide: KlineFiles, useValue: this.files },
    ]);
  }

  /** A module for making a database anew, given the store of it. */
  rebuildModule(store: RebuildStore, history: HistoryStore): DynamicModule {
    return this.withPorts([
      { provide: RebuildStore, useValue: store },
      { provide: HistoryStore, useValue: history },
      { provide: KlineArchive, useValue: this.archive },
      { provide: KlineFiles, useValue: this.files },
    ]);
  }

  private withPorts(ports: readonly ValueProvider[]): DynamicModule {
    const { logged } = this;
    const destination = {
      write: (line: string) => {
        logged.push((JSON.parse(line) as { msg: string }).msg);
      },
    };
    const providers: ValueProvider[] = [
      { provide: APP_CONFIG, useValue: this.config },
      { provide: LOGGER, useValue: createLogger('warn', 'test', destination) },
      { provide: MetricsRegistry, useValue: this.metrics },
      { provide: Clock, useValue: this.aligned },
      { provide: ClockAlignment, useValue: this.aligned },
      { provide: Exchange, useValue: this.exchange },
      ...ports,
    ];
    // As clock, configuration, logger and metrics of a process are.
    return { module: FakePortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
