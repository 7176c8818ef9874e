import { getCsv } from '../support/http';
import { describePython, runPython } from '../support/python';
import { SERVED_SYMBOLS, ServedMarket, SYMBOL_WITHOUT_DATA } from '../support/served-market';

interface Frame {
  /** Name and type of each column, in order. */
  readonly types: readonly (readonly [string, string])[];
  readonly rows: readonly (readonly string[])[];
}

type Frames = Readonly<Record<string, Readonly<Record<string, Frame>>>>;

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
