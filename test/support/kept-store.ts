import { renameSync } from 'node:fs';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import {
  CandleCursor,
  CandleReader,
  EventSink,
  HistoryStore,
  PriceEventReader,
  ProcessStatusStore,
  STORE_READY,
  StoreCondition,
  StoreNotReadyError,
  StoreStatus,
  StoreUpkeep,
  SymbolReader,
  type OutgoingEvent,
  type PriceEvent,
  type StoreFault,
} from '@app/domain';
import { MetricsRegistry, ObservabilityModule, createLogger } from '@app/observability';
import { DatabaseWatch, SqliteRebuildStore, StorageReadModule, StorageWriteModule } from '@app/storage';
import { eventually } from './app-process';
import { TestStore, batchOf } from './test-store';

/** Both halves of a store in one process, as the standalone app has them, with the watch that both go by. */
export class KeptStore {
  readonly metrics = new MetricsRegistry();
  /** What was logged at warn and above, as JSON lines. */
  readonly logged: string[] = [];
  private readonly module: TestingModule;

  private constructor(
    readonly files: TestStore,
    module: TestingModule,
    logged: string[],
  ) {
    this.module = module;
    this.logged = logged;
  }

  /** `halves` other than both: of a process that only reads. */
  static async start(files: TestStore, halves: 'both' | 'reader' = 'both'): Promise<KeptStore> {
    const logged: string[] = [];
    const logger = createLogger('warn', 'test', { write: (line: string) => logged.push(line) });
    const config = loadConfig({ STORAGE_PATH: files.databasePath, RAW_DIR: files.rawDir }, files.folder);
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(files.clock),
        ObservabilityModule.forRoot(logger, new MetricsRegistry()),
        StorageReadModule,
        ...(halves === 'both' ? [StorageWriteModule] : []),
      ],
    }).compile();
    await module.init();
    module.get(DatabaseWatch, { strict: false }).watchFiles();
    return new KeptStore(files, module, logged);
  }

  get sink(): EventSink {
    return this.module.get(EventSink, { strict: false });
  }

  get history(): HistoryStore {
    return this.module.get(HistoryStore, { strict: false });
  }

  get cursor(): CandleCursor {
    return this.module.get(CandleCursor, { strict: false });
  }

  get processStatus(): ProcessStatusStore {
    return this.module.get(ProcessStatusStore, { strict: false });
  }

  get upkeep(): StoreUpkeep {
    return this.module.get(StoreUpkeep, { strict: false });
  }

  get status(): StoreStatus {
    return this.module.get(StoreStatus, { strict: false });
  }

  get watch(): DatabaseWatch {
    return this.module.get(DatabaseWatch, { strict: false });
  }

  /** Of the half that writes. */
  get condition(): StoreCondition {
    return this.module.select(StorageWriteModule).get(StoreCondition, { strict: true });
  }

  get symbols(): SymbolReader {
    return this.module.get(SymbolReader, { strict: false });
  }

  get candles(): CandleReader {
    return this.module.get(CandleReader, { strict: false });
  }

  take(...events: OutgoingEvent[]): Promise<unknown> {
    return this.sink.take(batchOf(...events));
  }

  prices(limit = 1_000): Promise<PriceEvent[]> {
    return this.module.get(PriceEventReader, { strict: false }).latest(['BTCUSDT'], limit);
  }

  /** Neither half does anything, both say why, without a path, and the log has the path. */
  async expectFault(state: StoreFault, reason: RegExp): Promise<void> {
    await eventually(`the database is ${state}`, () =>
      Promise.resolve(this.status.readiness().state === state || undefined),
    );
    for (const readiness of [this.status.readiness(), this.condition.readiness()]) {
      expect(readiness).toEqual({ ready: false, state, reason: expect.stringMatching(reason) as string });
      expect(readiness.reason).toMatch(/^the database .*`cli rebuild`/);
      expect(readiness.reason).not.toContain(this.files.folder);
    }
    await expect(this.prices()).rejects.toThrow(StoreNotReadyError);
    await expect(this.status.version()).rejects.toThrow(StoreNotReadyError);
    await expect(this.history.lastMinute('BTCUSDT')).rejects.toThrow(reason);
    const said = this.logged.map((line) => JSON.parse(line) as { msg: string; state?: string });
    expect(said.filter((line) => line.state === state).map(({ msg }) => msg)).toEqual([
      expect.stringContaining(this.files.databasePath),
    ]);
  }

  /** Moves the database to another name, as somebody might while it is open. */
  async moveAway(): Promise<void> {
    renameSync(this.files.databasePath, this.elsewhere);
    await this.watch.look();
  }

  async moveBack(): Promise<void> {
    renameSync(this.elsewhere, this.files.databasePath);
    await this.expectWhole();
  }

  private get elsewhere(): string {
    return `${this.files.databasePath}.elsewhere`;
  }

  async expectWhole(): Promise<void> {
    await eventually('both halves have the database open', () =>
      Promise.resolve((this.status.readiness().ready && this.condition.readiness().ready) || undefined),
    );
    expect(this.status.readiness()).toEqual(STORE_READY);
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

/** Makes the database of a store anew from its raw files, as `cli rebuild` does where nothing had been fetched. */
export async function rebuild(files: Pick<TestStore, 'options'>): Promise<SqliteRebuildStore> {
  // Those who have let go of the database may still be at it.
  const store = await eventually('the store is free', () => SqliteRebuildStore.open(files.options()));
  await store.takeUpLines(new AbortController().signal, () => undefined);
  expect(await store.finish(true)).toBe(true);
  return store;
}
