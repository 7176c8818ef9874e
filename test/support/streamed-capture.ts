import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName, AppProcess } from './app-process';
import { CaptureLoad } from './capture-load';
import { rawRequest } from './raw-request';
import { StreamCrowd, type CrowdReader, type ReaderReport } from './stream-crowd';

/** No date changes under a test: bronze has a file for each, and its lines are the order of commits only within one. */
const MARKET_START = Date.parse('2026-11-20T06:00:00Z');
/** Real time from one poll to the next is a sixtieth of it: a hundred events a second, of ten symbols. */
const SETTINGS = {
  SYMBOLS: 'BTCUSDT,ETHUSDT,BNBUSDT,LTCUSDT,XRPUSDT,ADAUSDT,TRXUSDT,LINKUSDT,DOGEUSDT,币安人生USDT',
  POLL_INTERVAL_SECONDS: '6',
  MAX_STREAMS: '100000',
  MAX_STREAMS_PER_CLIENT: '100000',
};
const SOME_SYMBOLS = ['ETHUSDT', 'DOGEUSDT', '币安人生USDT'];
/** Of so many readers one asks for some of the symbols alone. */
const ONE_IN = 5;

export interface CrowdOptions {
  readonly count: number;
  /** Readers whose events are compared one by one. */
  readonly compared: number;
  readonly processes: number;
  readonly cutEveryMs: number;
  readonly seed: number;
}

/**
 * ingest-app and api-app on one store, and readers of `/stream/prices` who begin where the store stands before anything
 * more is captured. What the sink has appended to bronze is the witness of what each of them must have had.
 */
export class StreamedCapture {
  readonly load = new CaptureLoad('ingest-app', SETTINGS);
  private ingest: AppProcess | undefined;
  private served: AppProcess | undefined;
  private crowd: StreamCrowd | undefined;
  private stored = 0;
  private readers: readonly CrowdReader[] = [];

  /** A store with a few polls that nobody writes to, and api-app on it. */
  async start(): Promise<void> {
    await this.load.startExchange(MARKET_START);
    await this.startIngest();
    await this.load.morePolls(3);
    await this.app('ingest-app').stop();
    await this.startApi();
    this.stored = this.priceLines().length;
  }

  get readerCrowd(): StreamCrowd {
    if (!this.crowd) throw new Error('there are no readers');
    return this.crowd;
  }

  app(name: Extract<AppName, 'ingest-app' | 'api-app'>): AppProcess {
    const app = name === 'ingest-app' ? this.ingest : this.served;
    if (!app) throw new Error(`${name} was never started`);
    return app;
  }

  async startIngest(): Promise<void> {
    this.ingest = await this.load.start();
  }

  async startApi(): Promise<void> {
    this.served = await this.load.stack.start('api-app');
  }

  /** The end of the store's change feed. */
  async position(): Promise<string> {
    const { headers } = await rawRequest(`${await this.load.stack.urlOf('api-app')}/trades/latest?limit=1`);
    return String(headers['x-feed-position']);
  }

  /** Opens the readers; resolves when all of them are connected. */
  async openReaders({ count, compared, processes, cutEveryMs, seed }: CrowdOptions): Promise<void> {
    const from = await this.position();
    this.readers = Array.from({ length: count }, (_, reader) => ({
      path: `/stream/prices?${new URLSearchParams({
        last_event_id: from,
        ...(hasAll(reader) ? {} : { symbols: SOME_SYMBOLS.join(',') }),
      }).toString()}`,
      ...(reader < compared ? { keepIn: this.fileOf(reader) } : {}),
    }));
    const url = await this.load.stack.urlOf('api-app');
    this.crowd = StreamCrowd.open(url, this.readers, { processes, cutEveryMs, seed });
    await this.crowd.until('all readers are connected', ({ isOpen, cuts }) => isOpen || cuts > 0);
  }

  /**
   * Lets every reader come again once more, stores a few more polls and stops: a repeat behind the last event would be
   * seen. Returns what the readers have had once each has as much as was stored.
   */
  async settle(): Promise<ReaderReport[]> {
    await this.readerCrowd.rejoin();
    await this.load.morePolls(3);
    if ((await this.load.finish(this.app('ingest-app'))).some((code) => code !== 0))
      throw new Error('ingest-app failed');
    const expected = this.expected();
    return this.readerCrowd.until('all readers have all events', ({ count }, reader) => {
      const { length } = hasAll(reader) ? expected.all : expected.some;
      return count >= length;
    });
  }

  /** What is wrong with what the readers have had, in words; nobody may write to the store. */
  problems(reports: readonly ReaderReport[]): string[] {
    const expected = this.expected();
    const [all, some] = [hashOf(expected.all), hashOf(expected.some)];
    return reports.flatMap(({ count, hash, gaps, torn }, reader) => {
      const wanted = hasAll(reader) ? expected.all : expected.some;
      const told = [
        ...(count === wanted.length ? [] : [`${count} events, not ${wanted.length}`]),
        ...(hash === (hasAll(reader) ? all : some) ? [] : ['other events than were stored, or in another order']),
        ...(gaps === 0 ? [] : [`${gaps} gaps`]),
        ...(torn === 0 ? [] : [`${torn} streams ended within an event`]),
        ...this.differences(reader, wanted),
      ];
      return told.map((problem) => `reader ${reader}: ${problem}`);
    });
  }

  /** Price events that were stored since the readers began. */
  get eventsStored(): number {
    return this.priceLines().length - this.stored;
  }

  async close(): Promise<void> {
    await this.crowd?.close();
    await this.load.close();
  }

  private differences(reader: number, wanted: readonly string[]): string[] {
    if (this.readers[reader]?.keepIn === undefined) return [];
    const had = readFileSync(this.fileOf(reader), 'utf8').split('\n').slice(0, -1);
    const differing = wanted.findIndex((line, index) => had[index] !== `price ${line}`);
    return differing === -1
      ? []
      : [`event ${differing} is ${String(had[differing])}, not ${String(wanted[differing])}`];
  }

  private fileOf(reader: number): string {
    return join(this.load.stack.folder, `reader-${reader}.txt`);
  }

  /** Lines of bronze that were appended since the readers began: an event's data has the bytes of its line. */
  private expected(): { readonly all: readonly string[]; readonly some: readonly string[] } {
    const all = this.priceLines().slice(this.stored);
    const some = all.filter((line) => SOME_SYMBOLS.includes((JSON.parse(line) as { symbol: string }).symbol));
    return { all, some };
  }

  private priceLines(): readonly string[] {
    const books = this.load.books();
    try {
      return books.priceLines;
    } finally {
      books.close();
    }
  }
}

function hasAll(reader: number): boolean {
  return reader % ONE_IN !== ONE_IN - 1;
}

function hashOf(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
}
