import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { runCli } from '../support/run-cli';
import { readTable, readTables } from '../support/history-tables';
import { getAll } from '../support/http';
import { Stack, marketAt } from '../support/stack';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-20T10:00:30Z');
/** The exchange stands still meanwhile, within what the first backfill fetches. */
const STOP = { kind: 'stop', start: '2026-11-19T12:00:00.000Z', end: '2026-11-19T13:00:00.000Z' };
/** Until the begin of the day in hand, so that the answers do not depend on when they are asked for. */
const RANGE = 'start=2026-11-19&end=2026-11-20';
const TABLES = ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'daily_metrics', 'data_quality'];

interface CoverageItem {
  readonly end: string;
  readonly state: string;
}

/** A captured store, made anew by the command against the same exchange, and the commands on what is in it. */
describe('cli rebuild, export, compact and retain', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT,SOLUSDT', CLOCK: 'simulator', BACKFILL_DAYS: '1' });

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(START)), '--clock-factor', '20']);
    await stack.setFaults([STOP]);
    const app = await stack.start('standalone-app');
    const url = await stack.urlOf('standalone-app');
    for (const symbol of ['BTCUSDT', 'SOLUSDT']) {
      await eventually(`${symbol} has its history and live minutes`, async () => {
        const ranges = await getAll<CoverageItem>(url, `/coverage?symbol=${symbol}&limit=5000`);
        const end = Date.parse(ranges.at(-1)?.end ?? '1970-01-01');
        return ranges.every(({ state }) => state !== 'missing') && end > START + 4 * MINUTE_MS ? true : undefined;
      });
    }
    await app.stop();
  });

  afterAll(async () => {
    await stack.close();
  });

  function rows(): Record<string, unknown[]> {
    const { databasePath } = stack;
    const events = ['price_events', 'ticker_days'].map((table) => [table, readTable(databasePath, table)] as const);
    return { ...readTables(databasePath), ...Object.fromEntries(events) };
  }

  async function tablesOfApi(): Promise<string[]> {
    const api = await stack.start('api-app');
    const url = await stack.urlOf('api-app');
    await api.answers(`${url}/readyz`);
    const bodies: string[] = [];
    for (const table of TABLES) {
      const response = await fetch(`${url}/bi/${table}.csv?${RANGE}`);
      expect(response.status).toBe(200);
      bodies.push(await response.text());
    }
    await api.stop();
    return bodies;
  }

  it('should leave the same rows and the same bytes of the tables, and what is known of the days', async () => {
    const build = join(stack.folder, 'build');
    expect((await runCli(stack, 'bi-build', '--out', build)).code).toBe(0);
    expect(await runCli(stack, 'verify-bi', '--build', build)).toMatchObject({ code: 0 });
    const [before, bytes] = [rows(), await tablesOfApi()];
    expect(before['candles_1m']?.length).toBeGreaterThan(2 * 33 * 60);
    const { code, output } = await runCli(stack, 'rebuild');
    expect(output).toMatch(/the database has been made anew\n$/);
    expect(code).toBe(0);
    expect(rows()).toEqual(before);
    const again = await tablesOfApi();
    expect(again).toEqual(bytes);
    expect(again[4]).toMatch(/^2026-11-19,BTCUSDT,1440,\d+,\d+,60,0,0,100\.00,(?:equal|differs)\r$/m);
  });

  it('should list a range whose source gives other rows, keep the old database and end non-zero', async () => {
    const manifest = join(stack.rawDir, 'fetches.jsonl');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace(/"sha256":"\w{8}/, '"sha256":"00000000'));
    const before = rows();
    const { code, output } = await runCli(stack, 'rebuild');
    expect(output).toMatch(
      /^(BTC|SOL)USDT {2}\S+Z {2}\S+Z {2}archive: the source gives other rows than it gave then$/m,
    );
    expect(output).toContain('1 ranges or files could not be made again; the old database stays');
    expect(code).toBe(1);
    expect(rows()).toEqual(before);

    writeFileSync(manifest, text);
    rmSync(stack.databasePath);
    const { code: done, output: told } = await runCli(stack, 'rebuild');
    expect(told).toMatch(/^not in the new database: .*: there was no old database\nthe database has been made anew$/m);
    expect(done).toBe(0);
    expect(rows()).toEqual(before);
  });

  it('should export what the API serves, and find nothing to compress or to remove', async () => {
    const api = await stack.start('api-app');
    const url = await stack.urlOf('api-app');
    await api.answers(`${url}/readyz`);
    const items = await getAll(url, `/candles?symbols=BTCUSDT,SOLUSDT&interval=1h&${RANGE}`);
    await api.stop();
    const question = ['export', '--interval', '1h', '--from', '2026-11-19', '--to', '2026-11-20'];
    const { code, output } = await runCli(stack, ...question, '--format', 'jsonl');
    expect(output.trimEnd().split('\n')).toEqual(items.map((item) => JSON.stringify(item)));
    expect(code).toBe(0);
    const path = join(stack.folder, 'hours.parquet');
    expect((await runCli(stack, ...question, '--format', 'parquet', '--out', path)).output).toBe(
      `${items.length} candles are in ${path}\n`,
    );
    expect((await runCli(stack, 'export', '--format', 'xlsx')).output).toBe(
      'cli: --format="xlsx" is not allowed; expected csv, jsonl, parquet\n',
    );
    expect(await runCli(stack, 'compact')).toEqual({ code: 0, output: '0 raw files were compressed\n' });
    expect(await runCli(stack, 'retain')).toEqual({
      code: 0,
      output: 'removed: 0 raw files, 0 minutes, 0 price events\n',
    });
  });

  it('should end an export at Ctrl-C with 130, and without a word when its reader has enough', async () => {
    const exporting = async (): Promise<AppProcess> => {
      const process = await stack.launch('cli', {}, ['export', '--format', 'jsonl'], { slowReader: true });
      await eventually('candles come', () => Promise.resolve(process.output === '' ? undefined : true));
      return process;
    };
    const interrupted = await exporting();
    interrupted.signal('SIGINT');
    expect(await interrupted.exited()).toBe(130);
    expect(interrupted.output).toMatch(/cli: interrupted; not all candles were written\n/);
    const piped = await exporting();
    piped.closeOutput();
    expect(await piped.exited()).toBe(141);
    expect(piped.output).not.toMatch(/cli: |Error/);
  });
});
