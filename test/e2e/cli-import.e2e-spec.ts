import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exchangeKlines } from '../support/exchange-klines';
import { tablesHash } from '../support/history-tables';
import { getJson } from '../support/http';
import { archiveMinutes, describeRecordings, RECORDINGS_DIR } from '../support/recordings';
import { runCli } from '../support/run-cli';
import { marketAt, Stack } from '../support/stack';
import { minutesByState, storedKlines, storedMinutes } from '../support/stored-history';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const FEBRUARY = { start: Date.parse('2026-02-01'), end: Date.parse('2026-03-01') };
const STOP = { start: Date.parse('2026-02-10T10:00:00Z'), end: Date.parse('2026-02-10T11:00:00Z') };

describe('cli import', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', CLOCK: 'simulator' });
  const folder = join(stack.folder, 'files');
  const path = (name: string): string => join(folder, name);
  let origin: string;
  /** Minutes that the exchange has in February. */
  let inFebruary: number;

  /** Takes a file of the archive, with its checksum. */
  async function download(target: string): Promise<string> {
    const name = basename(target);
    for (const suffix of ['', '.CHECKSUM']) {
      const answer = await fetch(`${stack.exchangeUrl}/data/spot/${target}${suffix}`);
      expect(answer.status).toBe(200);
      writeFileSync(path(`${name}${suffix}`), Buffer.from(await answer.arrayBuffer()));
    }
    return path(name);
  }

  beforeAll(async () => {
    mkdirSync(folder);
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-03-18T13:37:43Z'))]);
    ({ origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`));
    await stack.setFaults([{ kind: 'absent', symbol: 'BTCUSDT', ...STOP }]);
    const { start, end } = FEBRUARY;
    inFebruary = (await exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', start, end)).length;
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should take good files, name bad ones with the reason, and fail', async () => {
    const month = await download('monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2026-02.zip');
    const cut = await download('daily/klines/BTCUSDT/1m/BTCUSDT-1m-2026-03-01.zip');
    writeFileSync(cut, readFileSync(cut).subarray(0, 20_000));
    const hours = await download('daily/klines/BTCUSDT/1h/BTCUSDT-1h-2026-03-01.zip');
    writeFileSync(path('notes.txt'), 'not a row\n');
    const day = await download('daily/klines/BTCUSDT/1m/BTCUSDT-1m-2026-03-02.zip');
    const files = [month, cut, hours, path('notes.txt'), path('BTCUSDT-1m-2026-03-09.zip'), day];
    const { code, output } = await runCli(stack, 'import', '--origin', origin, ...files);
    expect(output).toMatch(/^\[.*\] \d+\.\d% {2}\d+ of \d+ kB {2}\d+ rows\/s /m);
    const lines = output.split('\n').filter((line) => line.startsWith(folder));
    expect(lines.map((line) => line.slice(folder.length + 1).replaceAll(/ +/g, ' '))).toEqual([
      `BTCUSDT-1m-2026-02.zip ${inFebruary} ${inFebruary} 0 imported`,
      expect.stringMatching(/^BTCUSDT-1m-2026-03-01\.zip BTCUSDT-1m-2026-03-01\.zip has SHA-256 \w+, but its checksum/),
      'BTCUSDT-1h-2026-03-01.zip BTCUSDT-1h-2026-03-01.zip holds 1h candles; only 1m can be read',
      'notes.txt notes.txt does not say its symbol: name it SYMBOL-1m-DATE, or give the symbol',
      'BTCUSDT-1m-2026-03-09.zip there is no file BTCUSDT-1m-2026-03-09.zip',
      'BTCUSDT-1m-2026-03-02.zip 1440 1440 0 imported',
    ]);
    expect(output).toContain('cli: 4 of 6 files could not be imported');
    expect(code).toBe(1);
    const klines = await Promise.all([
      exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', FEBRUARY.start, FEBRUARY.end),
      exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', FEBRUARY.end + DAY_MS, FEBRUARY.end + 2 * DAY_MS),
    ]);
    expect(await storedKlines(stack, 'BTCUSDT')).toEqual(klines.flat().map((row) => row.slice(0, 11)));
  });

  it('should change nothing when a file comes again', async () => {
    const before = tablesHash(stack.databasePath);
    const { code, output } = await runCli(stack, 'import', '--origin', origin, path('BTCUSDT-1m-2026-02.zip'));
    expect(output).toMatch(new RegExp(` ${inFebruary} +0 +0 +imported$`, 'm'));
    expect(code).toBe(0);
    expect(tablesHash(stack.databasePath)).toBe(before);
  });

  it('should leave minutes missing that the file lacks, until the exchange says that it stopped', async () => {
    expect((await minutesByState(stack, 'BTCUSDT'))['stopped']).toBeUndefined();
    const { code } = await runCli(stack, 'backfill', '--from', '2026-02-01', '--to', '2026-03-01');
    expect(code).toBe(0);
    expect((await minutesByState(stack, 'BTCUSDT'))['stopped']).toBe(
      (FEBRUARY.end - FEBRUARY.start) / MINUTE_MS - inFebruary,
    );
    const stop = { start: STOP.start * 1_000, end: STOP.end * 1_000 };
    expect(await storedMinutes(stack, undefined, stop)).toEqual([]);
  });

  it("should not mix the exchange's own files with those of a simulator", async () => {
    const before = tablesHash(stack.databasePath);
    const { code, output } = await runCli(stack, 'import', path('BTCUSDT-1m-2026-03-02.zip'));
    expect(output).toMatch(/^cli: .*simulator:1.*binance/m);
    expect(code).toBe(1);
    expect(tablesHash(stack.databasePath)).toBe(before);
  });
});

describeRecordings('cli import of recorded files (needs RECORDINGS_DIR)', () => {
  const stack = new Stack();

  afterAll(async () => {
    await stack.close();
  });

  it('should store every row of the official archive files and no other', async () => {
    const folder = join(RECORDINGS_DIR, 'archive-1m');
    const files = readdirSync(folder).filter((name) => name.endsWith('.zip'));
    const { code } = await runCli(stack, 'import', ...files.map((name) => join(folder, name)));
    expect(code).toBe(0);
    const recorded = ['2020-01-01', '2020-01-02'].flatMap(archiveMinutes);
    expect(await storedMinutes(stack)).toMatchObject(recorded);
    expect(await minutesByState(stack, 'BTCUSDT')).toEqual({ captured: 2_880 });
  });
});
