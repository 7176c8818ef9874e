import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { exchangeKlines } from '../support/exchange-klines';
import { readTable, tablesHash } from '../support/history-tables';
import { getJson } from '../support/http';
import { describeRecordings, illiquidRows } from '../support/recordings';
import { runCli } from '../support/run-cli';
import { marketAt, Stack } from '../support/stack';
import { minutesBySource, minutesByState, storedKlines, storedMinutes, storedPrices } from '../support/stored-history';

const MINUTE_MS = 60_000;
const NOW = new Date('2026-03-18T13:37:43Z');
const STOP = { start: Date.parse('2026-03-16T10:00:00Z'), end: Date.parse('2026-03-16T11:00:00Z') };

const FAULTS = [
  { kind: 'absent', symbol: 'BTCUSDT', ...STOP },
  { kind: 'archive-truncated', symbol: 'ETHUSDT', end: '2026-03-17T07:36:00Z' },
];
/** One day is not in the archive, and the exchange does not answer for it either. */
const SILENCE = [
  { kind: 'archive-absent', symbol: 'ETHUSDT', date: '2026-01-12' },
  { kind: 'slow', route: '/api/v3/klines', symbol: 'ETHUSDT', delay_ms: 600_000 },
];

const jobStates = ({ databasePath }: Stack): string[] =>
  readTable<{ state: string }>(databasePath, 'backfill_jobs').map(({ state }) => state);
const doneJobs = (stack: Stack): number => jobStates(stack).filter((state) => state === 'done').length;

describe('cli backfill', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,ETHUSDT',
    CLOCK: 'simulator',
    BACKFILL_DAYS: '0',
    POLL_INTERVAL_SECONDS: '1',
  });
  let exchange: AppProcess;
  const startExchange = async (...args: string[]): Promise<void> => {
    const options = ['--clock-origin', marketAt(NOW), '--weight-limit', '100000', ...args];
    ({ process: exchange } = await stack.startSimulator(options));
  };
  const asked = async (): Promise<number> => {
    const stats = await getJson<{ requests: Record<string, number> }>(`${stack.exchangeUrl}/_simulator/stats`);
    return (stats.requests['/api/v3/klines'] ?? 0) + (stats.requests['/data/spot'] ?? 0);
  };

  afterAll(async () => {
    await stack.close();
  });

  it('should store what the exchange has, digit for digit, with its stops, and do nothing on a second run', async () => {
    await startExchange();
    await stack.setFaults(FAULTS);
    const { code, output } = await runCli(stack, 'backfill', '--days', '3');
    expect(output).toMatch(/^8 days filled, \d+ minutes new$/m);
    expect(output).toMatch(/^\[.*\] \d+\.\d% {2}1 of 8 days {2}\d+ rows\/s {2}.+ {2}BTCUSDT 2026-03-15$/m);
    expect(code).toBe(0);
    const start = Date.parse('2026-03-15');
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const stored = await storedKlines(stack, symbol);
      const newest = Number(stored.at(-1)?.[0]);
      const klines = await exchangeKlines(stack.exchangeUrl, symbol, '1m', start, newest + 1);
      expect(stored).toEqual(klines.map((row) => row.slice(0, 11)));
      // Minutes that are not in the account are missing: there are none.
      const { captured = 0, quiet = 0, stopped = 0 } = await minutesByState(stack, symbol);
      expect(captured + quiet).toBe(klines.length);
      expect(stopped).toBe((newest - start) / MINUTE_MS + 1 - klines.length);
      expect(newest).toBeGreaterThan(NOW.getTime() - 5 * MINUTE_MS);
    }
    expect((await minutesByState(stack, 'BTCUSDT'))['stopped']).toBe(60);
    expect(Object.keys(await minutesBySource(stack)).sort()).toEqual([
      'binance_api_v3_klines',
      'binance_archive_klines',
    ]);

    const before = { tables: tablesHash(stack.databasePath), asked: await asked() };
    const again = await runCli(stack, 'backfill', '--days', '3', '--to', NOW.toISOString().slice(0, 10));
    expect(again.code).toBe(2);
    const second = await runCli(stack, 'backfill', '--from', '2026-03-15', '--to', '2026-03-18');
    expect(second).toEqual({ code: 0, output: 'nothing to do: no minute is missing\n' });
    expect({ tables: tablesHash(stack.databasePath), asked: await asked() }).toEqual(before);
  });

  it.each([
    ['SIGINT', '2026-01'],
    ['SIGHUP', '2025-12'],
    ['SIGTERM', '2025-11'],
  ] as const)('should end at %s with what is done, and go on from there', async (signal, month) => {
    const range = ['--symbols', 'ethusdt', '--from', `${month}-01`, '--to', `${month}-25`];
    await stack.setFaults([...FAULTS, ...SILENCE]);
    const [doneBefore, process] = [doneJobs(stack), await stack.launch('cli', {}, ['backfill', ...range])];
    await eventually('some days are done', () => Promise.resolve(doneJobs(stack) > doneBefore + 2 || undefined));
    process.signal(signal);
    expect(await process.exited()).toBe(130);
    expect(process.output).toContain('cli: interrupted; what was done is kept');
    const doneThen = doneJobs(stack);
    expect(doneThen).toBeLessThan(doneBefore + 24);
    await stack.setFaults(FAULTS);

    const { code, output } = await runCli(stack, 'backfill', ...range);
    expect(output).toMatch(new RegExp(`^${doneBefore + 24 - doneThen} days filled`, 'm'));
    expect(code).toBe(0);
    expect(jobStates(stack).filter((state) => state !== 'done')).toEqual([]);
  });

  it('should name the option, the value and what is allowed, and the symbol that the exchange does not know', async () => {
    const days = await runCli(stack, 'backfill', '--days', '1.5');
    expect(days).toEqual({
      code: 2,
      output: 'cli: --days="1.5" is not allowed; expected a whole number from 0 to 3650\n',
    });
    const symbol = await runCli(stack, 'backfill', '--symbols', 'NOPEUSDT', '--days', '1');
    expect(symbol.output).toMatch(
      /^NOPEUSDT {2}the exchange does not know it, and the archive has no file of it for these days$/m,
    );
    expect(symbol.output).toMatch(/^cli: 1 symbol could not be filled; the same command tries them again$/m);
    expect(symbol.code).toBe(1);
  });

  it.each<[string, string]>([
    ['is not there', '/nonexistent'],
    ['is no folder', '/dev/null'],
    ['cannot be written', '/proc'],
  ])('should say in one line that TMPDIR %s, and fill the days from the archive all the same', async (_, path) => {
    const folder = join(stack.folder, `without-${basename(path)}`);
    const databasePath = join(folder, 'app.db');
    const settings = { TMPDIR: path, STORAGE_PATH: databasePath, RAW_DIR: join(folder, 'raw') };
    const day = ['--symbols', 'BTCUSDT', '--from', '2025-12-01', '--to', '2025-12-02'];
    const process = await stack.launch('cli', settings, ['backfill', ...day]);
    expect(await process.exited()).toBe(0);
    const said = process.output.split('\n').filter((line) => line.includes('TMPDIR'));
    expect(said).toEqual([expect.stringContaining(`TMPDIR: ${path} cannot be used (E`)]);
    expect(process.output).toMatch(/^1 days filled, \d+ minutes new$/m);
    expect(Object.keys(await minutesBySource({ databasePath }))).toEqual(['binance_archive_klines']);
    expect(readdirSync(folder).filter((name) => name.startsWith('.csp-'))).toEqual([]);
  });

  it('should fill a symbol that the exchange does not list any more from its archive, and others beside it', async () => {
    const info = await getJson<{ symbols: { symbol: string }[] }>(`${stack.exchangeUrl}/api/v3/exchangeInfo`);
    const symbols = info.symbols.filter(({ symbol }) => ['BTCUSDT', 'ETHUSDT'].includes(symbol));
    const unknown = { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } };
    await stack.setFaults([
      { kind: 'status', route: '/api/v3/exchangeInfo', status: 200, body: { ...info, symbols } },
      { kind: 'status', route: '/api/v3/klines', symbol: 'SOLUSDT', ...unknown },
      ...['2025-06-01', '2025-06-04', '2025-06'].map((date) => ({ kind: 'archive-absent', symbol: 'SOLUSDT', date })),
    ]);
    const range = ['--from', '2025-06-01', '--to', '2025-06-05'];
    const { code, output } = await runCli(stack, 'backfill', '--symbols', 'SOLUSDT,BTCUSDT,NOPEUSDT', ...range);
    expect(output).toContain('NOPEUSDT  the exchange does not know it, and the archive has no file of it');
    expect(output).toMatch(/^SOLUSDT is not listed by the exchange: 2 days from its archive alone$/m);
    expect(output).toMatch(/^6 days filled, \d+ minutes new$/m);
    expect(code).toBe(1);
    const alone = await runCli(stack, 'backfill', '--symbols', 'SOLUSDT', '--from', '2025-05-31', '--to', '2025-06-03');
    expect(alone.output).toMatch(/^SOLUSDT {2}2025-06-01 {2}1440 minutes are missing: the archive has no row of them/m);
    expect(alone.code).toBe(1);
    const again = await runCli(stack, 'backfill', '--symbols', 'SOLUSDT', '--from', '2025-06-02', '--to', '2025-06-05');
    expect(again.output).toMatch(/^SOLUSDT is not listed by the exchange: 0 days/m);
    expect(again.code).toBe(0);
    const [start, end] = [Date.parse('2025-05-31'), Date.parse('2025-06-04')];
    await stack.setFaults(FAULTS);
    const klines = await exchangeKlines(stack.exchangeUrl, 'SOLUSDT', '1m', start, end);
    const inArchive = klines.filter(([openTime]) => !new Date(openTime).toISOString().startsWith('2025-06-01'));
    expect(await storedKlines(stack, 'SOLUSDT')).toEqual(inArchive.map((row) => row.slice(0, 11)));
  });

  it('should fill the past beside a process that captures into the same store', async () => {
    const app = await stack.start('standalone-app');
    await app.answers(`${await stack.urlOf('standalone-app')}/readyz`);
    const { code, output } = await runCli(
      stack,
      'backfill',
      '--symbols',
      'BTCUSDT',
      '--from',
      '2026-02-01',
      '--to',
      '2026-02-10',
    );
    expect(output).toMatch(/^9 days filled, \d+ minutes new$/m);
    expect(code).toBe(0);
    const events = async (): Promise<number> => (await storedPrices(stack)).length;
    const before = await events();
    await eventually('capture goes on', async () => ((await events()) > before ? true : undefined));
    const metrics = await (await fetch(`${await stack.urlOf('standalone-app')}/metrics`)).text();
    expect(metrics).toMatch(/^csp_events_lost_total(?:\{[^}]*\})? 0$/m);
    expect(await app.stop()).toBe(0);
  });

  it('should refuse an exchange of another origin, and leave the store as it is', async () => {
    const before = tablesHash(stack.databasePath);
    await exchange.stop();
    await startExchange('--seed', '2');
    const { code, output } = await runCli(stack, 'backfill', '--days', '5');
    expect(output).toMatch(/^cli: .*simulator:1.*simulator:2/m);
    expect(code).toBe(1);
    expect(tablesHash(stack.databasePath)).toEqual(before);
  });
});

describeRecordings('cli backfill of a recorded market (needs RECORDINGS_DIR)', () => {
  const stack = new Stack({ SYMBOLS: 'AIONBTC', CLOCK: 'simulator' });

  afterAll(async () => {
    await stack.close();
  });

  it("should call the exchange's own stops stopped, quiet minutes quiet, and invent no row", async () => {
    const recorded = illiquidRows('1m');
    const folder = join(stack.folder, 'recordings');
    mkdirSync(folder);
    const lines = recorded.map(([time, open, high, low, close, volume]) => {
      const trades = Number(volume) === 0 ? 0 : 1;
      return [time, open, high, low, close, volume, Number(time) + MINUTE_MS - 1, '0', trades, '0', '0', '0'].join(',');
    });
    writeFileSync(join(folder, 'AIONBTC-1m-2020-02.csv'), lines.join('\n'));
    await stack.startSimulator(['--recordings', folder, '--place', 'past', '--weight-limit', '100000']);
    const { origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`);
    const shift = Number(origin.split(':').at(-1)) * 86_400_000;
    const [first, last] = [Number(recorded[0]?.[0]) + shift, Number(recorded.at(-1)?.[0]) + shift];

    const { code, output } = await runCli(
      stack,
      'backfill',
      '--from',
      new Date(first - 3 * 86_400_000).toISOString(),
      '--to',
      new Date(last).toISOString(),
    );
    expect(output).toContain(`${recorded.length} minutes new`);
    expect(code).toBe(0);
    const minutes = await storedMinutes(stack);
    expect(minutes.map(({ openTime }) => openTime / 1_000)).toEqual(recorded.map(([time]) => Number(time) + shift));
    const quiet = recorded.filter(([, , , , , volume]) => Number(volume) === 0).length;
    const { stopped = 0, ...stored } = await minutesByState(stack, 'AIONBTC');
    expect(stored).toEqual({ captured: recorded.length - quiet, quiet });
    // Within the recording, and from its last minute to the end of that day.
    const endOfDay = Math.ceil(last / 86_400_000) * 86_400_000;
    expect(stopped).toBe(542 + (endOfDay - last) / MINUTE_MS - 1);
    expect(quiet).toBe(2_101);
  });
});
