import { dirname, join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import {
  ApiKeyReader,
  CandleReader,
  ChangeFeedReader,
  CoverageReader,
  DailyBarReader,
  DailyMetricsReader,
  DayQualityReader,
  HourlyBarReader,
  MILLISECOND,
  MINUTE,
  PAGE_ROWS,
  PriceEventReader,
  StoreStatus,
  SymbolReader,
  type Clock,
  type PriceEvent,
  type PriceEventKey,
  type StoredCandle,
  type SymbolCoverage,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { RowFinder } from '@app/history';
import { createLogger, MetricsRegistry, ObservabilityModule, type Logger } from '@app/observability';
import { StorageReadModule } from '@app/storage';
import { FakeClock } from '@app/testing';

/** Every reading port of a store. */
export interface Readers {
  readonly events: PriceEventReader;
  readonly candles: CandleReader;
  readonly bars: DailyBarReader;
  readonly hourlyBars: HourlyBarReader;
  readonly metrics: DailyMetricsReader;
  readonly quality: DayQualityReader;
  readonly coverage: CoverageReader;
  readonly symbols: SymbolReader;
  readonly status: StoreStatus;
  readonly feed: ChangeFeedReader;
  readonly keys: ApiKeyReader;
  readonly rows: RowFinder;
}

/** The reading half of a store, on a connection of its own. */
export interface ReadingHalf {
  readonly readers: Readers;
  readonly close: () => Promise<void>;
}

export interface StorePlace {
  readonly databasePath: string;
  /** `raw` beside the database when absent. */
  readonly rawDir?: string;
}

/** Opens the reading half of a store as a process does that serves it; the store may be in use. */
export async function openReaders(
  { databasePath, rawDir = join(dirname(databasePath), 'raw') }: StorePlace,
  clock: Clock,
  logger: Logger,
): Promise<ReadingHalf> {
  const reading = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ STORAGE_PATH: databasePath, RAW_DIR: rawDir }, dirname(databasePath))),
      ClockModule.forRoot(clock),
      ObservabilityModule.forRoot(logger, new MetricsRegistry()),
      StorageReadModule,
    ],
  }).compile();
  await reading.init();
  return { readers: readersOf(reading), close: () => reading.close() };
}

function readersOf(reading: TestingModule): Readers {
  return {
    events: reading.get(PriceEventReader),
    candles: reading.get(CandleReader),
    bars: reading.get(DailyBarReader),
    hourlyBars: reading.get(HourlyBarReader),
    metrics: reading.get(DailyMetricsReader),
    quality: reading.get(DayQualityReader),
    coverage: reading.get(CoverageReader),
    symbols: reading.get(SymbolReader),
    status: reading.get(StoreStatus),
    feed: reading.get(ChangeFeedReader),
    keys: reading.get(ApiKeyReader),
    rows: reading.get(RowFinder),
  };
}

/** Later than whatever a test stores, so that nothing is left out as of the future. */
const LATER_THAN_ALL = Date.UTC(2100, 0, 1) * MILLISECOND;

/** Asks the reading ports of a store, which may be in use. */
export async function askStore<T>(place: StorePlace, question: (readers: Readers) => Promise<T>): Promise<T> {
  const { readers, close } = await openReaders(place, new FakeClock(LATER_THAN_ALL), createLogger('silent', 'test'));
  try {
    return await question(readers);
  } finally {
    await close();
  }
}

/** Rows of all pages, each of which begins after the last row of the one before. */
async function allPages<Row, Key>(
  page: (limit: number, after: Key | undefined) => Promise<Row[]>,
  keyOf: (row: Row) => Key,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: Key | undefined; ;) {
    const more = await page(PAGE_ROWS, after);
    rows.push(...more);
    const last = more.at(-1);
    if (!last || more.length < PAGE_ROWS) return rows;
    after = keyOf(last);
  }
}

/** Stored minutes of the symbols, or of every known one, ascending by time, then symbol; bounds that are absent are open. */
export function storedMinutes(
  place: StorePlace,
  symbols?: readonly string[],
  range: Partial<TimeRange> = {},
): Promise<StoredCandle[]> {
  return askStore(place, async (readers) => {
    const asked = symbols ?? (await readers.symbols.known());
    return allPages<StoredCandle, TimeKey>(
      (limit, after) => readers.candles.range(asked, '1m', range, limit, after),
      ({ openTime, symbol }) => ({ time: openTime, symbol }),
    );
  });
}

/** Stored minutes of a symbol in the form of the exchange's rows, without its last column. */
export async function storedKlines(place: StorePlace, symbol: string): Promise<(string | number)[][]> {
  return (await storedMinutes(place, [symbol])).map((minute) => [
    minute.openTime / MILLISECOND,
    minute.open,
    minute.high,
    minute.low,
    minute.close,
    minute.volume,
    minute.closeTime / MILLISECOND,
    minute.quoteVolume,
    minute.tradeCount,
    minute.takerBuyVolume,
    minute.takerBuyQuoteVolume,
  ]);
}

/** How many of the stored minutes come from where. */
export async function minutesBySource(...question: Parameters<typeof storedMinutes>): Promise<Record<string, number>> {
  const minutes: Record<string, number> = {};
  for (const { source } of await storedMinutes(...question)) minutes[source] = (minutes[source] ?? 0) + 1;
  return minutes;
}

/** Open time of the newest stored minute of each symbol that has one. */
export function newestMinutes(place: StorePlace): Promise<ReadonlyMap<string, number>> {
  return askStore(place, async ({ symbols }) => {
    const summaries = await symbols.summaries(await symbols.known());
    return new Map(summaries.flatMap(({ symbol, lastMinute }) => (lastMinute === null ? [] : [[symbol, lastMinute]])));
  });
}

/** Recorded minutes of a symbol in each state; what is missing is not recorded. */
export async function minutesByState(place: StorePlace, symbol: string): Promise<Record<string, number>> {
  const ranges = await askStore(place, ({ coverage }) =>
    allPages<SymbolCoverage, TimeKey>(
      (limit, after) => coverage.ranges([symbol], {}, limit, after),
      ({ start }) => ({ time: start, symbol }),
    ),
  );
  const minutes: Record<string, number> = {};
  for (const { state, start, end } of ranges) {
    if (state !== 'missing') minutes[state] = (minutes[state] ?? 0) + (end - start) / MINUTE;
  }
  return minutes;
}

/** Stored prices of every known symbol, ascending by time, then symbol, then source. */
export function storedPrices(place: StorePlace): Promise<PriceEvent[]> {
  return askStore(place, async ({ events, symbols }) => {
    const known = await symbols.known();
    const always = { start: 0, end: LATER_THAN_ALL };
    return allPages<PriceEvent, PriceEventKey>(
      (limit, after) => events.range(known, always, limit, after),
      ({ timestamp, symbol, source }) => ({ time: timestamp, symbol, source }),
    );
  });
}
