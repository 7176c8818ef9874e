import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Module, type DynamicModule, type INestApplicationContext, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiModule } from '@app/api';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig, type AppConfig } from '@app/config';
import { serializeCandle, type EpochMicros, type MinuteCandle } from '@app/domain';
import { historyKinds } from '@app/history';
import { ADMISSION_LIMITS, createHttpApp, type AdmissionLimits } from '@app/http';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { ParquetThreadModule } from '@app/parquet';
import { StorageReadModule, WriteStore, type StoreOptions } from '@app/storage';
import { FakeClock } from '@app/testing';
import { queryTables, tamperWith, tellOfChange } from './history-tables';
import { emptyPageFolder } from './page-folder';

@Module({})
class RecorderModule {}

type Imports = NonNullable<DynamicModule['imports']>;
type Answer = Awaited<ReturnType<NestFastifyApplication['inject']>>;
type Method = 'GET' | 'HEAD';

async function ask(
  api: NestFastifyApplication,
  url: string,
  method: Method = 'GET',
  headers: Record<string, string> = {},
): Promise<Answer> {
  await nextTurn();
  return api.inject({ method, url, headers });
}

/** A store in a folder of its own, written as capture writes it, and the API on top of it, in this process. */
export class Recorder {
  static readonly ORIGIN = 'simulator:test';
  readonly clock: FakeClock;
  readonly folder = mkdtempSync(join(tmpdir(), 'csp-recorder-'));
  readonly databasePath = join(this.folder, 'app.db');
  readonly rawDir = join(this.folder, 'raw');
  private readonly logger = createLogger('error', 'test');
  private writing: WriteStore | undefined;
  private api: NestFastifyApplication | undefined;
  private readonly others: NestFastifyApplication[] = [];

  constructor(
    now: EpochMicros,
    private readonly symbols: string,
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {
    this.clock = new FakeClock(now);
  }

  get store(): WriteStore {
    if (!this.writing) throw new Error('the store is not open');
    return this.writing;
  }

  async open(): Promise<void> {
    this.writing = await WriteStore.open(this.options());
  }

  /** What every part of the store is opened with. */
  options(): StoreOptions {
    return {
      databasePath: this.databasePath,
      rawDir: this.rawDir,
      kinds: historyKinds('crypto_prices'),
      clock: this.clock,
      logger: this.logger,
      metrics: new MetricsRegistry(),
    };
  }

  /** Takes the candles as one batch. */
  async take(candles: readonly MinuteCandle[]): Promise<void> {
    const events = candles.map((candle) => ({
      kind: 'candle' as const,
      symbol: candle.symbol,
      capturedAt: candle.capturedAt,
      value: serializeCandle(candle),
    }));
    await this.store.sink.take({ origin: Recorder.ORIGIN, events });
  }

  /** Rows as any SQLite tool finds them. */
  rows<Row>(sql: string, ...parameters: unknown[]): Row[] {
    return queryTables(this.databasePath, sql, ...parameters);
  }

  /** Changes the file and tells of it, as every write unit does. */
  change(sql: string, ...parameters: unknown[]): void {
    tamperWith(this.databasePath, sql, ...parameters);
    tellOfChange(this.databasePath);
  }

  /** `prepare` adds what a process has besides: the description of the API, and Swagger UI. */
  async serve(
    prepare: (api: NestFastifyApplication) => void = () => undefined,
    limits: Partial<AdmissionLimits> = {},
  ): Promise<void> {
    this.api = await this.start(prepare, limits);
  }

  /** What the served application has for a port. */
  part<Part>(port: abstract new (...parameters: never[]) => Part): Part {
    if (!this.api) throw new Error('the API is not up');
    return this.api.get<Part>(port, { strict: false });
  }

  /** The same on a port of this machine; returns the address. */
  async listen(limits: Partial<AdmissionLimits> = {}): Promise<string> {
    await this.serve(undefined, limits);
    await this.api?.listen(0, '127.0.0.1');
    return (await this.api?.getUrl()) ?? '';
  }

  /** Another process that serves the same store, as far as can be seen from outside, and has served nothing so far. */
  async beside(): Promise<Pick<Recorder, 'ask'>> {
    const api = await this.start();
    this.others.push(api);
    return { ask: (url, method, headers) => ask(api, url, method, headers) };
  }

  private async start(
    prepare: (api: NestFastifyApplication) => void = () => undefined,
    limits: Partial<AdmissionLimits> = {},
  ): Promise<NestFastifyApplication> {
    const { http } = this.config();
    const metrics = new MetricsRegistry();
    const module = this.root(metrics, [
      ApiModule.forRoot({
        http,
        storage: StorageReadModule,
        parquet: ParquetThreadModule,
        pageFolder: emptyPageFolder(),
        buildScript: '/nowhere',
        remotes: [],
      }),
    ]);
    const context = { logger: this.logger, metrics, http };
    const api = await createHttpApp(module, context, { ...ADMISSION_LIMITS, ...limits });
    prepare(api);
    await api.init();
    await api.getHttpAdapter().getInstance().ready();
    return api;
  }

  /** Does work as a command does it: in a context of its own. */
  async run<T>(imports: Imports, work: (context: INestApplicationContext) => Promise<T>): Promise<T> {
    const root = this.root(new MetricsRegistry(), imports);
    const quiet: Pick<NestApplicationOptions, 'logger'> = { logger: false };
    const context = await NestFactory.createApplicationContext(root, quiet);
    try {
      return await work(context);
    } finally {
      await context.close();
    }
  }

  private config(): AppConfig {
    const variables = {
      STORAGE_PATH: this.databasePath,
      RAW_DIR: this.rawDir,
      SYMBOLS: this.symbols,
      ...this.variables,
    };
    return loadConfig(variables, this.folder);
  }

  private root(metrics: MetricsRegistry, imports: Imports): DynamicModule {
    return {
      module: RecorderModule,
      imports: [
        ConfigModule.forRoot(this.config()),
        ClockModule.forRoot(this.clock),
        ObservabilityModule.forRoot(this.logger, metrics),
        ...imports,
      ],
    };
  }

  /** Asks the API without a socket; in a turn of its own, as a request that comes through one. */
  async ask(url: string, method?: Method, headers?: Record<string, string>): Promise<Answer> {
    if (!this.api) throw new Error('the API is not up');
    return ask(this.api, url, method, headers);
  }

  async close(): Promise<void> {
    await this.writing?.close();
    this.writing = undefined;
  }

  /** Ends everything that uses the store, which stays. */
  async rest(): Promise<void> {
    for (const api of this.others.splice(0)) await api.close();
    await this.api?.close();
    this.api = undefined;
    await this.close();
  }

  async dispose(): Promise<void> {
    await this.rest();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
