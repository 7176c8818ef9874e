import {
  DAY,
  HOUR,
  type DailyBarReader,
  type DailyMetricsReader,
  type DayQualityReader,
  type HourlyBarReader,
  type PriceEventReader,
  type SymbolReader,
  type TimeRange,
} from '@app/domain';
import { byBuckets, PAGE_ROWS } from '../tables/bucket-pages';
import type { CsvTable } from '../tables/csv-table';
import {
  DAILY_METRICS,
  DAILY_OHLC,
  DAILY_VOLUME,
  DATA_QUALITY,
  HOURLY_OHLCV,
  LATEST_PRICES,
  SYMBOLS,
} from '../tables/tables';

/** What the tables are read from. */
export interface TableReaders {
  readonly dailyBars: DailyBarReader;
  readonly hourlyBars: HourlyBarReader;
  readonly metrics: DailyMetricsReader;
  readonly quality: DayQualityReader;
  readonly events: PriceEventReader;
  readonly symbols: SymbolReader;
}

/** What a build is about. */
export interface BuildScope {
  /** By code points. */
  readonly symbols: readonly string[];
  /** The UTC dates that have anything to tell. */
  readonly dates: TimeRange;
}

/** A table of which all rows are read, in its order, page by page. */
export interface TableSource<Row = unknown> {
  readonly table: CsvTable<Row>;
  readonly pages: (scope: BuildScope) => AsyncIterable<readonly Row[]>;
}

/** Hides what the rows are: whoever writes a table asks its columns for the cells. */
function source<Row>(table: CsvTable<Row>, pages: TableSource<Row>['pages']): TableSource {
  return { table, pages } as unknown as TableSource;
}

async function* bySymbols<Row>(
  { symbols }: BuildScope,
  read: (symbols: readonly string[]) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  for (let first = 0; first < symbols.length; first += PAGE_ROWS) {
    yield await read(symbols.slice(first, first + PAGE_ROWS));
  }
}

/** Every table of the contract. */
export function tableSources(readers: TableReaders): TableSource[] {
  const { dailyBars, hourlyBars, metrics, quality, events, symbols } = readers;
  return [
    source(DAILY_OHLC, (scope) => byBuckets(DAY, scope, dailyBars.bars.bind(dailyBars))),
    source(DAILY_VOLUME, (scope) => byBuckets(DAY, scope, dailyBars.bars.bind(dailyBars))),
    source(HOURLY_OHLCV, (scope) => byBuckets(HOUR, scope, hourlyBars.bars.bind(hourlyBars))),
    source(LATEST_PRICES, (scope) => bySymbols(scope, events.newest.bind(events))),
    source(DAILY_METRICS, (scope) =>
      byBuckets(DAY, scope, (names, range) => metrics.range(names, range, Number.MAX_SAFE_INTEGER)),
    ),
    source(DATA_QUALITY, (scope) => byBuckets(DAY, scope, quality.days.bind(quality))),
    source(SYMBOLS, (scope) => bySymbols(scope, symbols.summaries.bind(symbols))),
  ];
}
