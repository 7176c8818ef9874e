import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BI_TABLE_HEADERS, BI_TABLES, type BiTableName } from '@app/domain';
import { freePort } from '../support/app-process';
import { getAll, getCsv } from '../support/http';
import { infinity, type InfinityTarget } from '../support/infinity';
import { looker, type LookerStudio } from '../support/looker';
import { powerQuery } from '../support/power-query';
import { describePython, runPython } from '../support/python';
import { rawRequest } from '../support/raw-request';
import { SERVED_SYMBOLS, ServedMarket } from '../support/served-market';

const KITS = join(__dirname, '../../bi');
const kit = (file: string): string => readFileSync(join(KITS, file), 'utf8');

/** Those that the recipes name are among them. */
const SYMBOLS = [...SERVED_SYMBOLS, 'ETHUSDT'];
const DATE_RANGE = { startDate: '2026-11-18', endDate: '2026-11-20' };
const DATED: ReadonlySet<string> = new Set(['date', 'open_time']);

type Row = Readonly<Record<string, string>>;
type FieldType = 'string' | 'date' | 'datetime' | 'decimal' | 'statistic' | 'integer' | 'boolean';

const tables = Object.keys(BI_TABLES) as BiTableName[];
const fieldsOf = (table: BiTableName): [string, { readonly type: FieldType }][] =>
  Object.entries<{ readonly type: FieldType }>(BI_TABLES[table].fields);

/** Apps Script fetches while everything waits, and so does this. */
function fetchNow(url: string): { status: number; text: string } {
  const script = `fetch(process.argv[1]).then(async (answer) => {
      process.stdout.write(JSON.stringify({ status: answer.status, text: await answer.text() }));
    }, ({ message }) => { process.stderr.write(message); process.exitCode = 1; });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, url], {
    encoding: 'utf8',
    maxBuffer: 256 * 1_048_576,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { status: number; text: string };
}

/** A decimal without the zeros behind that a column of fixed scale adds. */
const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Every kit as it is, against a server that runs; only the host is put in its place. */
describe('BI kits', () => {
  let market: ServedMarket;

  beforeAll(async () => {
    market = await ServedMarket.start({ SYMBOLS: SYMBOLS.join(',') });
  });

  afterAll(async () => {
    await market.close();
  });

  const table = (name: BiTableName, query = ''): Promise<Row[]> => getCsv(`${market.url}/bi/${name}.csv${query}`);

  describe('the Looker Studio connector', () => {
    let studio: LookerStudio;

    beforeEach(() => {
      studio = looker(fetchNow);
    });

    const config = (name: string, symbols = SYMBOLS): object => ({
      baseUrl: market.url,
      table: name,
      symbols: symbols.join(', '),
    });
    const valueOf = (type: FieldType, text: string): unknown => {
      if (text === '') return null;
      if (['decimal', 'statistic', 'integer'].includes(type)) return Number(text);
      if (type === 'boolean') return text === 'true';
      return type === 'string' ? text : text.replace(/\D/g, '').slice(0, 14);
    };

    it.each(tables)('should describe %s and give its rows', async (name) => {
      const fields = fieldsOf(name);
      const configParams = config(name);
      const { schema } = studio.call('getSchema', { configParams }) as { schema: { Id: string }[] };
      expect(schema.map(({ Id: id }) => id)).toEqual(BI_TABLE_HEADERS[name]);
      const { rows } = studio.call('getData', {
        configParams,
        dateRange: DATE_RANGE,
        fields: fields.map(([field]) => ({ name: field })),
      });
      const isDated = fields.some(([field]) => DATED.has(field));
      const query = `?symbols=${encodeURIComponent(SYMBOLS.join(','))}`;
      const wanted = await table(name, isDated ? `${query}&start=2026-11-18&end=2026-11-21` : query);
      expect(wanted.length).toBeGreaterThanOrEqual(SYMBOLS.length);
      expect(rows).toEqual(
        wanted.map((row) => ({ values: fields.map(([field, { type }]) => valueOf(type, row[field] ?? '')) })),
      );
    });

    it('should give every hour of a chart that shows more dates than the server gives at once', async () => {
      const { rows } = studio.call('getData', {
        configParams: config('hourly_ohlcv'),
        dateRange: { startDate: '2001-01-01', endDate: '2026-11-20' },
        fields: ['open_time', 'symbol', 'close'].map((name) => ({ name })),
      }) as { rows: { values: unknown[] }[] };
      expect(studio.asked.at(-1)).toMatch(/&start=2016-11-23&end=2026-11-21$/);
      const wanted = await table('hourly_ohlcv', `?symbols=${encodeURIComponent(SYMBOLS.join(','))}&days=10`);
      const keys = rows.map(({ values }) => values.join(' '));
      expect([...keys].sort()).toEqual(
        wanted
          .map(
            (row) =>
              `${(row['open_time'] ?? '').replace(/\D/g, '').slice(0, 14)} ${row['symbol']} ${Number(row['close'])}`,
          )
          .sort(),
      );
    });

    it('should say what the server says of a symbol that it does not know, and that a server is down', async () => {
      const request = { dateRange: DATE_RANGE, fields: [{ name: 'date' }] };
      expect(() => studio.call('getData', { ...request, configParams: config('daily_ohlc', ['NOPE']) })).toThrow(
        /NOPE/,
      );
      const baseUrl = `http://127.0.0.1:${await freePort()}`;
      expect(() => studio.call('getData', { ...request, configParams: { baseUrl, table: 'daily_ohlc' } })).toThrow(
        'The server does not answer',
      );
    });
  });

  describe('the Grafana dashboard', () => {
    const dashboard = JSON.parse(kit('grafana/crypto-market-history.json')) as {
      readonly panels: readonly { readonly title: string; readonly targets: readonly InfinityTarget[] }[];
    };
    const targets = dashboard.panels.flatMap((panel) => panel.targets.map((target) => [panel.title, target] as const));
    /** From within an hour to within another one, over two midnights. */
    const FROM = Date.parse('2026-11-18T21:20:00Z');
    const TO = Date.parse('2026-11-20T02:10:00Z');

    it.each(targets)(
      'should draw %s with every value of the range, whatever the zone of the viewer',
      async (_, target) => {
        for (const symbol of ['BTCUSDT', '币安人生USDT']) {
          const frame = await infinity(target, {
            base_url: market.url,
            symbol,
            __from: String(FROM),
            __to: String(TO),
          });
          const name = (/\/bi\/(\w+)\.csv/.exec(target.url)?.[1] ?? '') as BiTableName;
          const query = `?symbol=${encodeURIComponent(symbol)}&start=2026-11-18T21:20:00Z&end=2026-11-20T02:10:00Z`;
          const rows = await table(name, query);
          const time = 'open_time' in BI_TABLES[name].fields ? 'open_time' : 'date';
          expect(rows).toHaveLength(time === 'date' ? 3 : 30);
          for (const { selector, text } of target.columns) {
            const cells = rows.map((row) => row[selector] ?? '');
            const read = (cell: string): number => (selector === time ? Date.parse(cell) : Number(cell));
            expect([text, frame[text]]).toEqual([text, cells.map((cell) => (cell === '' ? null : read(cell)))]);
          }
          const times = frame[time] as number[];
          expect([...new Set(times)].sort((a, b) => a - b)).toEqual(times);
        }
      },
    );
  });

  describe('the queries for Excel and Power BI', () => {
    it('should read the metrics with the types that they name', async () => {
      const { columns, rows } = await powerQuery(kit('recipes/daily_metrics.pq'), market.url);
      const wanted = await table('daily_metrics', '?symbols=BTCUSDT,ETHUSDT&days=365');
      expect(wanted.length).toBeGreaterThanOrEqual(4);
      expect(rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))).toEqual(wanted);
    });

    it('should read the newest candles with the types that they name', async () => {
      const { columns, rows } = await powerQuery(kit('recipes/candles.pq'), market.url);
      const candles = await getAll<Record<string, unknown>>(market.url, '/candles?symbol=BTCUSDT&interval=1h');
      expect(candles.length).toBeGreaterThan(48);
      expect(rows).toEqual(candles.map((candle) => columns.map((name) => String(candle[name]))));
    });
  });

  describe('the formulas for Google Sheets', () => {
    const formulas = [...kit('README.md').matchAll(/IMPORTDATA\("(https:\/\/your-host[^"]*)"(?:; "(.)")?\)/g)].map(
      ([, address = '', separator = ',']) => [address, separator] as const,
    );

    it.each(formulas)('should fill cells from %s', async (address, separator) => {
      const { status, headers, body } = await rawRequest(
        new URL(address.replace('https://your-host', market.url)).href,
      );
      expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/csv/) as string]);
      const [header = [], ...rows] = body
        .toString()
        .replace(/\r\n$/, '')
        .split('\r\n')
        .map((line) => line.split(separator));
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(header.length);
      const closes = rows.map((row) => row[header.findIndex((name) => /^(close|lastPrice|BTCUSDT)$/.test(name))] ?? '');
      // Where decimals have a comma, a point would make a text or a date of it.
      const number = address.includes('decimal=,') ? /^\d+,\d+$/ : /^\d+\.\d+$/;
      for (const close of closes) expect(close).toMatch(number);
      // DATEVALUE(LEFT(A2; 10)) + TIMEVALUE(MID(A2; 12; 8))
      for (const time of rows.flatMap((row) => row[header.indexOf('open_time')] ?? [])) {
        expect(`${time.slice(0, 10)} ${time.slice(11, 19)}`).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      }
    });

    it('should be there', () => {
      expect(formulas.length).toBeGreaterThanOrEqual(6);
    });
  });

  describePython('the recipes for pandas and DuckDB', () => {
    interface Frame {
      readonly kinds: Readonly<Record<string, readonly string[]>>;
      readonly rows: readonly (readonly (string | null)[])[];
    }
    interface Read {
      readonly pandas: Readonly<Record<string, Frame>>;
      readonly duckdb: Readonly<Record<string, Frame>>;
      readonly answer: readonly (readonly (string | null)[])[];
    }
    /** Types of pandas' cells, and of DuckDB's columns. */
    const KINDS: Readonly<Record<'pandas' | 'duckdb', Readonly<Record<FieldType, RegExp>>>> = {
      pandas: {
        string: /^str$/,
        date: /^Timestamp$/,
        datetime: /^Timestamp$/,
        decimal: /^Decimal$/,
        statistic: /^float$/,
        integer: /^int$/,
        boolean: /^bool$/,
      },
      duckdb: {
        string: /^VARCHAR$/,
        date: /^DATE$/,
        datetime: /^TIMESTAMP WITH TIME ZONE$/,
        decimal: /^DECIMAL\(\d+,\s?\d+\)$/,
        statistic: /^DOUBLE$/,
        integer: /^BIGINT$/,
        boolean: /^BOOLEAN$/,
      },
    };
    let read: Read;

    beforeAll(async () => {
      read = await runPython<Read>('read_recipes.py', [join(KITS, 'recipes'), market.url, ...tables]);
    });

    async function expectSame(reader: 'pandas' | 'duckdb', name: BiTableName, query = ''): Promise<void> {
      const frame = read[reader][name];
      const fields = fieldsOf(name);
      const rows = await table(name, query);
      expect(rows.length).toBeGreaterThan(0);
      expect(Object.keys(frame?.kinds ?? {})).toEqual(BI_TABLE_HEADERS[name]);
      for (const [column, [field, { type }]] of fields.entries()) {
        const cells = rows.map((row) => row[field] ?? '');
        const kinds = frame?.kinds[field] ?? [];
        // A column of nothing but empty cells has no type of a cell.
        if (reader === 'duckdb' || cells.some((cell) => cell !== '')) {
          expect([reader, name, field, ...kinds]).toEqual([
            ...[reader, name, field],
            expect.stringMatching(KINDS[reader][type]),
          ]);
        }
        if (type !== 'decimal') continue;
        expect([field, frame?.rows.map((row) => plain(row[column] ?? ''))]).toEqual([field, cells.map(plain)]);
      }
    }

    it.each(tables)('should read %s with pandas, every decimal exact', async (name) => {
      await expectSame('pandas', name);
    });

    it('should read every view with DuckDB, every decimal exact, and answer the question at the end', async () => {
      const views = Object.keys(read.duckdb) as BiTableName[];
      expect(views).toEqual(['daily_metrics', 'daily_ohlc', 'latest_prices']);
      for (const view of views) await expectSame('duckdb', view, view === 'latest_prices' ? '' : '?days=365');
      expect(read.answer.map(([symbol]) => symbol)).toEqual([...SYMBOLS].sort());
    });
  });
});
