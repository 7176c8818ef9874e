import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CellDoesNotFitError, DAY, MILLISECOND, type FileCell, type FileColumn, type ParquetFiles } from '@app/domain';
import { ThreadParquetFiles, ZstdParquetFiles } from '@app/parquet';
import { describePython, runPython } from '../../support/python';

interface Frame {
  readonly types: readonly (readonly [string, string])[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly count: number;
}

type Row = Readonly<Record<string, FileCell>>;

const column = (name: string, type: FileColumn<Row>['type'], nullable = false): FileColumn<Row> => ({
  name,
  type,
  nullable,
  cell: (row) => row[name] ?? null,
});

const COLUMNS: readonly FileColumn<Row>[] = [
  column('date', { kind: 'date' }),
  column('time', { kind: 'timestamp' }),
  column('symbol', { kind: 'string' }),
  column('price', { kind: 'decimal', scale: 8 }),
  column('change', { kind: 'decimal', scale: 2 }, true),
  column('trades', { kind: 'integer' }, true),
  column('volatility', { kind: 'double' }, true),
  column('final', { kind: 'boolean' }, true),
  column('last', { kind: 'timestamp' }, true),
  column('first', { kind: 'date' }, true),
  column('note', { kind: 'string' }, true),
];

const MIDNIGHT = Date.UTC(2026, 0, 15) * MILLISECOND;

const ROWS: readonly Row[] = [
  {
    date: MIDNIGHT,
    time: MIDNIGHT + 123_456,
    symbol: 'BTCUSDT',
    price: '68001.20000000',
    change: '-1.87',
    trades: 9_007_199_254_740_991,
    volatility: 0.01332914806,
    final: true,
    last: MIDNIGHT - 1,
    first: 0,
    note: 'one',
  },
  { date: MIDNIGHT + DAY, time: 0, symbol: '币安人生USDT', price: '0.00000001', final: false },
  {
    date: 0,
    time: -1,
    symbol: '',
    // The longest numbers that fit, and one with zeros that mean nothing.
    price: '-999999999999999999999999999999.99999999',
    change: '5.2500',
    trades: -1,
    volatility: -1e-7,
    note: '',
  },
];

const TYPES: Readonly<Record<string, readonly string[]>> = {
  pyarrow: [
    'date32[day]',
    'timestamp[us, tz=UTC]',
    'string',
    'decimal128(38, 8)',
    'decimal128(38, 2)',
    'int64',
    'double',
    'bool',
    'timestamp[us, tz=UTC]',
    'date32[day]',
    'string',
  ],
  polars: [
    'Date',
    "Datetime(time_unit='us', time_zone='UTC')",
    'String',
    'Decimal(precision=38, scale=8)',
    'Decimal(precision=38, scale=2)',
    'Int64',
    'Float64',
    'Boolean',
    "Datetime(time_unit='us', time_zone='UTC')",
    'Date',
    'String',
  ],
  duckdb: [
    'DATE',
    'TIMESTAMP WITH TIME ZONE',
    'VARCHAR',
    'DECIMAL(38,8)',
    'DECIMAL(38,2)',
    'BIGINT',
    'DOUBLE',
    'BOOLEAN',
    'TIMESTAMP WITH TIME ZONE',
    'DATE',
    'VARCHAR',
  ],
};

/** What all readers agree on once their ways of writing times, flags and small numbers are the same. */
function plain(cell: string | null): string | null {
  if (cell === null) return null;
  return cell
    .replace(/\+00(:00)?$/, '')
    .replace(/^1E-8$/, '0.00000001')
    .replace('-1e-07', '-1e-7')
    .toLowerCase();
}

const EXPECTED = [
  [
    '2026-01-15',
    '2026-01-15 00:00:00.123456',
    'btcusdt',
    '68001.20000000',
    '-1.87',
    '9007199254740991',
    '0.01332914806',
    'true',
    '2026-01-14 23:59:59.999999',
    '1970-01-01',
    'one',
  ],
  ['2026-01-16', '1970-01-01 00:00:00', '币安人生usdt', '0.00000001', null, null, null, 'false', null, null, null],
  [
    '1970-01-01',
    '1969-12-31 23:59:59.999999',
    '',
    '-999999999999999999999999999999.99999999',
    '5.25',
    '-1',
    '-1e-7',
    null,
    null,
    null,
    '',
  ],
];

describe.each<[string, ParquetFiles]>([
  ['written here', new ZstdParquetFiles()],
  ['written by a thread', new ThreadParquetFiles()],
])('Parquet files %s', (_, files) => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-parquet-'));
  let count = 0;

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function written(portions: Iterable<Iterable<Row>>): Promise<string> {
    const path = join(folder, `${(count += 1)}.parquet`);
    const file = await files.create(path, COLUMNS);
    for (const portion of portions) await file.write(portion);
    await file.finish();
    return path;
  }

  const read = (path: string, step = 1): Promise<Readonly<Record<string, Frame>>> =>
    runPython('read_parquet.py', [path, String(step)]);

  function* many(start: number, end: number): Generator<Row> {
    for (let index = start; index < end; index += 1) {
      yield {
        date: 0,
        time: index,
        symbol: 'BTCUSDT',
        price: `${index}.5`,
        ...(index % 3 === 0 ? { trades: index } : {}),
      };
    }
  }

  it('should give the same bytes whatever portions the rows come in', async () => {
    const rows = 50_001;
    const whole = readFileSync(await written([many(0, rows)]));
    const parts = readFileSync(await written([many(0, 1), [], many(1, 49_999), many(49_999, rows)]));
    expect(parts.equals(whole)).toBe(true);
    expect(whole.subarray(0, 4).toString()).toBe('PAR1');
  });

  it('should refuse what a column does not hold, rather than round it', async () => {
    const refused = async (change: Row): Promise<string> => {
      const file = await files.create(join(folder, `${(count += 1)}.parquet`), COLUMNS);
      try {
        await file.write([{ ...ROWS[0], ...change }]);
      } catch (error) {
        if (error instanceof CellDoesNotFitError) return error.message;
        throw error;
      } finally {
        await file.abort();
      }
      throw new Error('not refused');
    };
    expect(await refused({ price: '0.000000001' })).toBe(
      'price: "0.000000001" does not fit; the column holds decimal text of at most 30 digits before and 8 behind the point',
    );
    expect(await refused({ price: '1000000000000000000000000000000' })).toMatch(/^price/);
    expect(await refused({ price: '1e5' })).toMatch(/^price/);
    expect(await refused({ price: null })).toMatch(/^price: null/);
    expect(await refused({ price: 1 })).toMatch(/^price: 1 does/);
    expect(await refused({ date: MIDNIGHT + 1 })).toMatch(/^date: .*starts of UTC days/);
    expect(await refused({ trades: 0.5 })).toMatch(/^trades: 0.5 .*, or null$/);
    expect(await refused({ volatility: Number.NaN })).toMatch(/^volatility/);
    expect(await refused({ final: 'true' })).toMatch(/^final: "true"/);
    expect(await refused({ note: 1 })).toMatch(/^note: 1/);
  });

  it('should be a file that has no end when it is given up', async () => {
    const path = join(folder, `${(count += 1)}.parquet`);
    const file = await files.create(path, COLUMNS);
    await file.write(ROWS);
    await file.abort();
    expect(readFileSync(path).toString('latin1')).not.toMatch(/PAR1$/);
  });

  it('should not write over a file', async () => {
    const path = await written([ROWS]);
    await expect(files.create(path, COLUMNS)).rejects.toThrow(/EEXIST/);
  });

  describePython('with the readers of analysts', () => {
    it('should be read with exact types and values', async () => {
      const frames = await read(await written([ROWS]));
      for (const [reader, types] of Object.entries(TYPES)) {
        const frame = frames[reader];
        expect([reader, frame?.types]).toEqual([reader, types.map((type, index) => [COLUMNS[index]?.name, type])]);
        expect([reader, frame?.rows.map((row) => row.map(plain))]).toEqual([reader, EXPECTED]);
      }
    });

    it('should be read without rows', async () => {
      const frames = await read(await written([]));
      for (const [reader, types] of Object.entries(TYPES)) {
        expect([reader, frames[reader]?.types.map(([, type]) => type), frames[reader]?.rows]).toEqual([
          reader,
          types,
          [],
        ]);
      }
    });

    it('should be read over several groups of rows', async () => {
      const step = 12_500;
      const frames = await read(await written([many(0, 100_001)]), step);
      for (const reader of Object.keys(TYPES)) {
        const { rows = [], count } = frames[reader] ?? {};
        expect([reader, count, rows.length]).toEqual([reader, 100_001, 9]);
        rows.forEach((row, index) => {
          const trades = (index * step) % 3 === 0 ? String(index * step) : null;
          expect(row.slice(3, 6)).toEqual([`${index * step}.50000000`, null, trades]);
        });
      }
    });
  });
});
