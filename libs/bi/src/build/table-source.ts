import {
  DAY,
  HOUR,
  type DailyBar,
  type DailyBarReader,
  type DailyMetricsReader,
  type DayQualityReader,
  type EpochMicros,
  type HourlyBarReader,
  type PriceEventReader,
  type SymbolReader,
  type TimeRange,
  PAGE_ROWS,
} from '@app/domain';
import { byBuckets } from '../tables/bucket-pages';
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
  /** The moment that the build speaks of. */
  readonly moment: EpochMicros;
}

/** A table of which all rows are read, in its order, page by page. */
export interface TableSource<Row = unknown> {
  readonly table: CsvTable<Row>;
  /** Whether its rows are ordered by time, the first column, and then by symbol; otherwise by symbol alone. */
  readonly hasTimes: boolean;
  readonly pages: (scope: BuildScope) => AsyncIterable<readonly Row[]>;
  /** Whether nothing of a row will change any more, but by a repair or a revision. */
  readonly isFinal: (row: Row, scope: BuildScope) => boolean;
}

/** Hides what the rows are: whoever writes a table asks its columns for the cells. */
function source<Row>(
  table: CsvTable<Row>,
  pages: TableSource<Row>['pages'],
  isFinal: TableSource<Row>['isFinal'],
): TableSource {
  const hasTimes = table.header[0] !== 'symbol';
  return { table, hasTimes, pages, isFinal } as unknown as TableSource;
}

/** Rows of the state that a symbol is in now: the next price makes them others. */
const isNeverFinal = (): boolean => false;

const isFinalBar = ({ isFinal }: Pick<DailyBar, 'isFinal'>): boolean => isFinal;

/** The days of bars that are not final. */
class OpenDays {
  private readonly keys = new Set<string>();

  has({ symbol, date }: Pick<DailyBar, 'symbol' | 'date'>): boolean {
    return this.keys.has(`${symbol} ${date}`);
  }

  async *noting(pages: AsyncIterable<readonly DailyBar[]>): AsyncGenerator<readonly DailyBar[]> {
    for await (const page of pages) {
      for (const { symbol, date, isFinal } of page) if (!isFinal) this.keys.add(`${symbol} ${date}`);
      yield page;
    }
  }
}

async function* bySymbols<Row>(
  { symbols }: BuildScope,
  read: (symbols: readonly string[]) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  for (let first = 0; first < symbols.length; first += PAGE_ROWS) {
    yield await read(symbols.slice(first, first + PAGE_ROWS));
  }
}

/** Every table of the contract, to be read in this order: the days' bars say which of their metrics are final. */
export function tableSources(readers: TableReaders): TableSource[] {
  const { dailyBars, hourlyBars, metrics, quality, events, symbols } = readers;
  const openDays = new OpenDays();
  return [
    source(DAILY_OHLC, (scope) => openDays.noting(byBuckets(DAY, scope, dailyBars.bars.bind(dailyBars))), isFinalBar),
    source(DAILY_VOLUME, (scope) => byBuckets(DAY, scope, dailyBars.bars.bind(dailyBars)), isFinalBar),
    source(HOURLY_OHLCV, (scope) => byBuckets(HOUR, scope, hourlyBars.bars.bind(hourlyBars)), isFinalBar),
    source(LATEST_PRICES, (scope) => bySymbols(scope, events.newest.bind(events)), isNeverFinal),
    source(
      DAILY_METRICS,
      (scope) => byBuckets(DAY, scope, (names, range) => metrics.range(names, range, Number.MAX_SAFE_INTEGER)),
      (row) => !openDays.has(row),
    ),
    source(
      DATA_QUALITY,
      (scope) => byBuckets(DAY, scope, quality.days.bind(quality)),
      ({ date, missing }, { moment }) => missing === 0 && date + DAY <= moment,
    ),
    source(SYMBOLS, (scope) => bySymbols(scope, symbols.summaries.bind(symbols)), isNeverFinal),
  ];
}
