import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DAY,
  MILLISECOND,
  TICKER_SOURCE,
  serializeCandle,
  serializePriceEvent,
  type EventBatch,
  type MinuteCandle,
  type OutgoingEvent,
  type PriceEvent,
  type SinkResult,
} from '@app/domain';
import { historyKinds } from '@app/history';
import { MetricsRegistry, createLogger } from '@app/observability';
import { ConsumerStore, WriteStore, type StoreOptions } from '@app/storage';
import { FakeClock } from '@app/testing';
import { queryTables } from './history-tables';
import { openReaders, type Readers, type ReadingHalf } from './stored-history';

export const ORIGIN = 'simulator:test';
/** Noon of a day: what tests store lies around it. */
export const NOON = Date.UTC(2026, 0, 15, 12) * MILLISECOND;

export function priceEvent(symbol: string, timestamp: number, changes: Partial<PriceEvent> = {}): OutgoingEvent {
  const event = {
    timestamp,
    symbol,
    lastPrice: '68001.20',
    priceChangePercent: '-1.250',
    volume: '24567.123',
    source: TICKER_SOURCE,
    ...changes,
  };
  return { kind: 'price', symbol, capturedAt: timestamp, value: serializePriceEvent(event) };
}

export function candleEvent(candle: MinuteCandle): OutgoingEvent {
  return { kind: 'candle', symbol: candle.symbol, capturedAt: candle.capturedAt, value: serializeCandle(candle) };
}

export function batchOf(...events: OutgoingEvent[]): EventBatch {
  return { origin: ORIGIN, events };
}

/** A store in a temporary folder: real SQLite file, real bronze folder, opened and closed as often as a test likes. */
export class TestStore {
  readonly databasePath: string;
  readonly rawDir: string;
  readonly clock = new FakeClock(NOON + DAY);
  /** Messages logged at warn and above. */
  readonly logged: string[] = [];
  private readonly logger = createLogger('warn', 'test', {
    write: (line: string) => {
      this.logged.push((JSON.parse(line) as { msg: string }).msg);
    },
  });
  private store: WriteStore | undefined;
  private reading: ReadingHalf | undefined;

  constructor(
    readonly folder = mkdtempSync(join(tmpdir(), 'csp-store-')),
    private readonly kinds = historyKinds('crypto_prices'),
  ) {
    this.databasePath = join(folder, 'app.db');
    this.rawDir = join(folder, 'raw');
  }

  /** Opens the writing half, as the capturing process does at its start. */
  async open(paths: { readonly rawDir?: string; readonly databasePath?: string } = {}): Promise<WriteStore> {
    this.store = await WriteStore.open({ ...this.options(), ...paths });
    return this.store;
  }

  /** The writing half as a consumer has it that keeps bronze files only; the test closes it. */
  openBronzeOnly(): Promise<ConsumerStore> {
    return ConsumerStore.open(this.options(), false);
  }

  /** What every part of the store is opened with. */
  options(): StoreOptions {
    return {
      databasePath: this.databasePath,
      rawDir: this.rawDir,
      kinds: this.kinds,
      clock: this.clock,
      logger: this.logger,
      metrics: new MetricsRegistry(),
    };
  }

  /** The writing half as it is open. */
  get opened(): WriteStore {
    if (!this.store) throw new Error('the store is not open');
    return this.store;
  }

  async close(): Promise<void> {
    await this.store?.close();
    this.store = undefined;
  }

  async reopen(): Promise<WriteStore> {
    await this.close();
    return this.open();
  }

  async take(...events: OutgoingEvent[]): Promise<SinkResult> {
    return this.opened.sink.take(batchOf(...events));
  }

  /** What a killed process leaves behind: the files as they are at this moment, in a folder of their own. */
  killed(folder?: string): TestStore {
    const copy = new TestStore(folder);
    cpSync(this.folder, copy.folder, { recursive: true });
    return copy;
  }

  /** The reading half, on a connection of its own. */
  async readers(): Promise<Readers> {
    await this.reading?.close();
    this.reading = await this.freshReaders();
    return this.reading.readers;
  }

  /** Another reading half, which has answered nothing yet. */
  freshReaders(): Promise<ReadingHalf> {
    return openReaders(this, this.clock, this.logger);
  }

  /** Closes the reading half, which would keep the database from being replaced. */
  async closeReaders(): Promise<void> {
    await this.reading?.close();
    this.reading = undefined;
  }

  /** Rows as any SQLite tool finds them: through a connection of another owner. */
  rows<Row>(sql: string, ...parameters: unknown[]): Row[] {
    return queryTables(this.databasePath, sql, ...parameters);
  }

  /** The only column of the rows. */
  column<Value>(sql: string, ...parameters: unknown[]): Value[] {
    return this.rows<Record<string, Value>>(sql, ...parameters).flatMap((row) => Object.values(row));
  }

  bronzePath(file: string): string {
    return join(this.rawDir, file);
  }

  /** Files of events, by name. */
  bronzeFiles(): string[] {
    if (!existsSync(this.rawDir)) return [];
    return readdirSync(this.rawDir)
      .filter((name) => /^crypto_.*\.jsonl$/.test(name))
      .sort();
  }

  /** Lines of a bronze file without their line feeds; fails when the last one is torn. */
  bronzeLines(file: string): string[] {
    const lines = readFileSync(this.bronzePath(file), 'utf8').split('\n');
    if (lines.pop() !== '') throw new Error(`the last line of ${file} is torn`);
    return lines;
  }

  /** Lines of all files of a topic. */
  linesOf(topic: string): string[] {
    return this.bronzeFiles()
      .filter((name) => name.startsWith(`${topic}_`))
      .flatMap((name) => this.bronzeLines(name));
  }

  async dispose(): Promise<void> {
    await this.closeReaders();
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
