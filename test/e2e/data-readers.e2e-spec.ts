import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BI_TABLES, compareCodePoints } from '@app/domain';
import { eventually } from '../support/app-process';
import { childrenOf } from '../support/child-processes';
import { CountingProxy } from '../support/counting-proxy';
import { fillHours } from '../support/hour-store';
import { getJson } from '../support/http';
import { describePython, runPython } from '../support/python';
import { ResidentMemory } from '../support/resident-memory';
import { Stack } from '../support/stack';

const SYMBOLS = Array.from({ length: 20 }, (_, index) => `S${String(index).padStart(2, '0')}USDT`).sort(
  compareCodePoints,
);
/** Whole days: the tables begin with the first day that is stored. */
const HOURS = 50_016;
const SQL_FILE = resolve(__dirname, '../../bi/recipes/data_views.sql');

/** Bounds how long a failure takes. */
const BUILD_MS = 500_000;

/** Megabytes; 0 of a process that has just ended. */
function peakOf(pid: number): number {
  try {
    return new ResidentMemory(pid).peak;
  } catch {
    return 0;
  }
}

interface Answer {
  readonly rows: number;
  readonly sum: string;
}

/** A build of a million hours, as it lies on the disk and as it is read from its address. */
describe('files of a large build', () => {
  const stack = new Stack();
  const path = join(stack.folder, 'bi/build/hourly_ohlcv.parquet');
  let proxy: CountingProxy;
  /** The most that server and build took together, at most. */
  let megabytes = 0;

  beforeAll(async () => {
    await fillHours(stack.folder, SYMBOLS, HOURS);
    const server = await stack.start('api-app', { BI_BUILD_AT: '00:00' });
    proxy = await CountingProxy.start(await stack.urlOf('api-app'));
    await eventually(
      'the daily build is there',
      async () => {
        const peaks = [server.pid, ...childrenOf(server.pid)].map(peakOf);
        megabytes = Math.max(
          megabytes,
          peaks.reduce((sum, peak) => sum + peak, 0),
        );
        return (await getJson<{ data: unknown[] }>(`${proxy.url}/data/`)).data.length > 0 || undefined;
      },
      BUILD_MS,
    );
  });

  afterAll(async () => {
    await proxy.close();
    await stack.close();
  });

  it('should have been made in less memory than a small host has, that of the server included', () => {
    expect(megabytes).toBeGreaterThan(0);
    expect(megabytes).toBeLessThan(512);
  });

  it('should have row groups of at most 50,000 rows, in order of symbol and time', async () => {
    const { parquetMetadata } = await import('hyparquet');
    const bytes = readFileSync(path);
    const { row_groups: groups } = parquetMetadata(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    );
    expect(groups.reduce((rows, group) => rows + Number(group.num_rows), 0)).toBe(SYMBOLS.length * HOURS);
    for (const group of groups) expect(Number(group.num_rows)).toBeLessThanOrEqual(50_000);
    const bounds = groups.map(({ columns }) => {
      const column = columns.find(({ meta_data: data }) => data?.path_in_schema[0] === 'symbol');
      const { min_value: min, max_value: max } = column?.meta_data?.statistics ?? {};
      return [String(min), String(max)] as const;
    });
    for (const [at, [min, max]] of bounds.entries()) {
      expect(compareCodePoints(min, max)).toBeLessThanOrEqual(0);
      expect(compareCodePoints(bounds[at - 1]?.[1] ?? '', min)).toBeLessThanOrEqual(0);
    }
  });

  it('should have the CSV in order of time and symbol, with the same rows', () => {
    const lines = readFileSync(path.replace('.parquet', '.csv'), 'utf8').slice(0, -2).split('\r\n').slice(1);
    expect(lines).toHaveLength(SYMBOLS.length * HOURS);
    let before = '';
    for (const line of lines) {
      const key = line.slice(0, line.indexOf(',', line.indexOf(',') + 1));
      if (key <= before) throw new Error(`${key} stands behind ${before}`);
      before = key;
    }
  });

  describePython('read from the address', () => {
    /** The sum of a column of a symbol, exactly, from the CSV. */
    const expected = (symbol: string): Answer => {
      const lines = readFileSync(path.replace('.parquet', '.csv'), 'utf8').split('\r\n');
      const cells = lines.map((line) => line.split(',')).filter((row) => row[1] === symbol);
      const hundredths = cells.reduce((sum, row) => sum + BigInt(row[5]?.replace('.', '') ?? 0), 0n);
      const text = String(hundredths);
      return { rows: cells.length, sum: `${text.slice(0, -2)}.${text.slice(-2)}000000` };
    };

    it.each(['duckdb', 'pyarrow', 'polars'])(
      'should give %s one column of one symbol for less than a fifth of the file',
      async (reader) => {
        const { data } = await getJson<{ data: { files: { name: string; url: string; bytes: number }[] }[] }>(
          `${proxy.url}/data/`,
        );
        const file = data[0]?.files.find(({ name }) => name === 'hourly_ohlcv.parquet');
        proxy.reset();
        const url = `${proxy.url}${file?.url ?? ''}`;
        const answer = await runPython<Answer>('read_files.py', ['column', reader, url, 'S07USDT', 'close']);
        expect(answer).toEqual(expected('S07USDT'));
        const share = proxy.bytes / (file?.bytes ?? 0);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThan(0.2);
      },
    );

    it.each(['duckdb', 'pyarrow', 'polars'])('should be found by %s through /data/latest/', async (reader) => {
      const url = `${proxy.url}/data/latest/hourly_ohlcv.parquet`;
      const answer = await runPython<Answer>('read_files.py', ['column', reader, url, 'S19USDT', 'close']);
      expect(answer).toEqual(expected('S19USDT'));
    });

    it('should have a view for each table, by the SQL file of the recipes', async () => {
      const rows = await runPython<Record<string, number>>('read_files.py', ['views', SQL_FILE, proxy.url]);
      expect(Object.keys(rows).sort()).toEqual(Object.keys(BI_TABLES).sort());
      expect(rows).toMatchObject({ hourly_ohlcv: SYMBOLS.length * HOURS, symbols: SYMBOLS.length });
    });
  });
});
