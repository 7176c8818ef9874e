import { isDeepStrictEqual } from 'node:util';
import { BI_TABLE_HEADERS, parseIsoTime, type BiTableName } from '@app/domain';
import { getCsv, getJson, type ListPage } from '../support/http';
import { describePython, runPython } from '../support/python';
import { SERVED_SYMBOLS, ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

interface Frame {
  /** Name and type of each column, in order. */
  readonly types: readonly (readonly [string, string])[];
  readonly rows: readonly (readonly string[])[];
}

type Frames = Readonly<Record<string, Readonly<Record<string, Frame>>>>;

type Item = Readonly<Record<string, string | number | boolean | null>>;

/** What each reader makes of a column that holds this, without being told. */
const TYPES = {
  pandas: { text: 'str', decimal: 'float64', whole: 'int64', flag: 'bool', date: 'str', time: 'str' },
  polars: { text: 'String', decimal: 'Float64', whole: 'Int64', flag: 'Boolean', date: 'String', time: 'String' },
  duckdb: {
    text: 'VARCHAR',
    decimal: 'DOUBLE',
    whole: 'BIGINT',
    flag: 'BOOLEAN',
    date: 'DATE',
    time: 'TIMESTAMP WITH TIME ZONE',
  },
} as const;

const TABLES = {
  '/bi/daily_ohlc.csv': {
    date: 'date',
    symbol: 'text',
    open: 'decimal',
    high: 'decimal',
    low: 'decimal',
    close: 'decimal',
    is_final: 'flag',
    source: 'text',
  },
  '/bi/daily_volume.csv': {
    date: 'date',
    symbol: 'text',
    volume: 'decimal',
    quote_volume: 'decimal',
    trade_count: 'whole',
    is_final: 'flag',
    source: 'text',
  },
  '/bi/latest_prices.csv': {
    symbol: 'text',
    timestamp_utc: 'time',
    last_price: 'decimal',
    price_change_percent: 'decimal',
    volume_24h: 'decimal',
    source: 'text',
  },
} as const satisfies Record<string, Record<string, keyof (typeof TYPES)['pandas']>>;

const LISTS = [
  '/candles?interval=1h&end=2026-11-20T12:00:00Z&limit=1000',
  '/candles?symbol=PEPEUSDT&interval=1m&last=300',
  '/trades/latest?limit=100',
  '/trades/range?last=200',
  '/coverage?end=2026-11-20T12:00:00Z&limit=1000',
  '/daily-metrics?limit=1000',
  '/symbols?limit=1000',
] as const;

const LIST_FORMATS = ['csv', 'ndjson', 'json', 'parquet'] as const;

/** What each reader made of one address. */
type Readings = Readonly<Record<string, { readonly columns: readonly string[]; readonly rows: readonly string[][] }>>;

const READERS = ['pandas', 'polars', 'pyarrow', 'duckdb'];

/** Cells that mean the same look the same: instants in microseconds, numbers without zeros at their end, nothing as ''. */
function canonical(cell: string): string {
  // DuckDB writes an offset without its minutes.
  const instant = parseIsoTime(cell.replace(/\+00$/, '+00:00'));
  if (instant !== undefined) return `at ${instant}`;
  return /^-?\d+\.\d+$/.test(cell) ? cell.replace(/\.?0+$/, '') : cell;
}

/** The tables as pandas, polars and DuckDB read them from their addresses. */
describePython('data frames read from addresses', () => {
  let market: ServedMarket;

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    await market.close();
  });

  it('should have the same rows, digit for digit, and the same kinds of columns with every reader', async () => {
    const query = `?symbols=${encodeURIComponent(SERVED_SYMBOLS.join(','))}`;
    const urls = Object.keys(TABLES).map((path) => `${market.url}${path}${query}`);
    const frames = await runPython<Frames>('read_tables.py', ['once', ...urls]);
    for (const [path, kinds] of Object.entries(TABLES)) {
      const url = `${market.url}${path}${query}`;
      const columns = Object.keys(kinds);
      const rows = (await getCsv(url)).map((row) => columns.map((name) => row[name]));
      expect(rows.length).toBeGreaterThan(0);
      for (const [reader, names] of Object.entries(TYPES)) {
        const frame = frames[reader]?.[url];
        expect([reader, path, frame?.rows]).toEqual([reader, path, rows]);
        const types = Object.entries(kinds).map(([name, kind]) => [name, names[kind]]);
        expect([reader, path, frame?.types]).toEqual([reader, path, types]);
      }
    }
  });

  /** What one script reads while nothing changes: how complete a history is moves on with the minute. */
  async function readUnchanged<T>(
    format: string,
    urls: readonly string[],
    expected: () => Promise<T>,
  ): Promise<{ readonly read: readonly Readings[]; readonly expected: T }> {
    for (;;) {
      const before = await expected();
      const read = await runPython<Readings[]>(
        'read_lists.py',
        urls.map((url) => `${format}=${url}`),
      );
      if (isDeepStrictEqual(await expected(), before)) return { read, expected: before };
    }
  }

  it.each(LIST_FORMATS)(
    'should have the same rows of every list as %s with every reader, exact decimals included',
    async (format) => {
      const { read, expected } = await readUnchanged(
        format,
        LISTS.map((path) => `${market.url}${path}&format=${format}`),
        () => Promise.all(LISTS.map(async (path) => (await getJson<ListPage<Item>>(`${market.url}${path}`)).data)),
      );
      for (const [index, path] of LISTS.entries()) {
        const data = expected[index] ?? [];
        expect([path, data.length > 0]).toEqual([path, true]);
        const columns = Object.keys(data[0] ?? {});
        const rows = data.map((item) => columns.map((name) => canonical(String(item[name] ?? ''))));
        for (const reader of READERS) {
          const found = read[index]?.[reader];
          expect([path, reader, found?.columns]).toEqual([path, reader, columns]);
          expect([path, reader, found?.rows.map((row) => row.map(canonical))]).toEqual([path, reader, rows]);
        }
      }
    },
  );

  it('should have the same rows of every table with every reader, exact decimals included (13)', async () => {
    const names = Object.keys(BI_TABLE_HEADERS) as BiTableName[];
    const urls = names.map((name) => `${market.url}/bi/${name}.csv`);
    const { read, expected } = await readUnchanged('csv', urls, () => Promise.all(urls.map(getCsv)));
    for (const [index, name] of names.entries()) {
      const rows = (expected[index] ?? []).map((row) => Object.values(row));
      expect([name, rows.length > 0]).toEqual([name, true]);
      for (const reader of READERS) {
        const found = read[index]?.[reader];
        expect([name, reader, found]).toEqual([name, reader, { columns: BI_TABLE_HEADERS[name], rows }]);
      }
    }
  });

  it('should have columns and no rows for a symbol without data', async () => {
    const urls = Object.keys(TABLES).map((path) => `${market.url}${path}?symbol=${SYMBOL_WITHOUT_DATA}`);
    const frames = await runPython<Frames>('read_tables.py', ['once', ...urls]);
    for (const [reader, tables] of Object.entries(frames)) {
      for (const [path, kinds] of Object.entries(TABLES)) {
        const frame = tables[`${market.url}${path}?symbol=${SYMBOL_WITHOUT_DATA}`];
        const columns = frame?.types.map(([name]) => name);
        expect([reader, path, columns, frame?.rows]).toEqual([reader, path, Object.keys(kinds), []]);
      }
    }
    expect(Object.keys(frames)).toEqual(Object.keys(TYPES));
  });

  it('should be read without error while every poll changes them', async () => {
    const capture = await market.resumeCapture();
    const count = 10;
    const urls = Object.keys(TABLES).map((path) => `${market.url}${path}`);
    const read = await runPython<Record<string, number>>('read_tables.py', ['often', String(count), ...urls]);
    expect(read).toEqual(Object.fromEntries(Object.keys(TYPES).map((name) => [name, count * urls.length])));
    expect(await capture.stop()).toBe(0);
  });
});
