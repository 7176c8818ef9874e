import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { runCli } from '../support/run-cli';
import { tamperWith } from '../support/history-tables';
import { getCsv } from '../support/http';
import { marketAt, Stack } from '../support/stack';

/** Tables in which nothing moves with the clock while no row comes. */
const TABLES = ['daily_ohlc', 'daily_volume', 'hourly_ohlcv', 'latest_prices'];

/** The tables of a captured history, built and proved by commands while nobody captures. */
describe('cli bi-build and verify-bi', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,PEPEUSDT',
    BACKFILL_DAYS: '2',
    CLOCK: 'simulator',
    BI_BUILD_DIR: 'bi/build',
  });
  const folder = join(stack.folder, 'build');

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z'))]);
    const capture = await stack.start('standalone-app');
    const url = await stack.urlOf('api-app');
    await eventually('yesterday is complete for both symbols', async () => {
      const days = await getCsv(`${url}/bi/daily_ohlc.csv?days=2`);
      return days.filter(({ is_final: isFinal }) => isFinal === 'true').length === 2 ? true : undefined;
    });
    expect(await capture.stop()).toBe(0);
  });

  afterAll(async () => {
    await stack.close();
  });

  it.each([
    ['there is no folder yet', () => undefined],
    ['the folder is empty', (cwd: string) => mkdirSync(join(cwd, 'bi/build'), { recursive: true })],
  ])('should not take it for a mismatch that nothing was built: %s', async (_what, prepare) => {
    const cwd = mkdtempSync(join(stack.folder, 'cwd-'));
    prepare(cwd);
    const process = await stack.launch('cli', {}, ['verify-bi'], { cwd });
    expect(await process.exited()).toBe(0);
    expect(process.output).toContain(
      'nothing was built in bi/build yet, so no table was proved: `bi-build` makes them',
    );
    expect(process.output).toMatch(/^BTCUSDT +\d+ +\d+ +0 +0 /m);
    expect(process.output).not.toContain('mismatch:');
  });

  it('should take a build that went for a mismatch', async () => {
    const cwd = mkdtempSync(join(stack.folder, 'cwd-'));
    mkdirSync(join(cwd, 'bi'));
    symlinkSync('.build.builds/1', join(cwd, 'bi/build'));
    const process = await stack.launch('cli', {}, ['verify-bi'], { cwd });
    expect(await process.exited()).toBe(1);
    expect(process.output).toMatch(/^mismatch: datapackage.json in bi\/build: not there/m);
  });

  it('should build what the API serves, and the same again', async () => {
    expect(await runCli(stack, 'bi-build', '--out', folder)).toMatchObject({ code: 0 });
    const read = (): Record<string, string> =>
      Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'base64')]));
    const before = read();
    expect(Object.keys(before)).toHaveLength(15);
    expect(await runCli(stack, 'bi-build', '--out', folder)).toMatchObject({ code: 0 });
    expect(read()).toEqual(before);

    const api = await stack.start('api-app');
    const url = await stack.urlOf('api-app');
    for (const name of TABLES) {
      const answer = await fetch(`${url}/bi/${name}.csv?${name === 'latest_prices' ? '' : 'days=5'}`);
      const built = readFileSync(join(folder, `${name}.csv`), 'utf8');
      expect([name, answer.status, built === (await answer.text())]).toEqual([name, 200, true]);
    }
    expect(await api.stop()).toBe(0);
  });

  it('should prove them, and end with 1 where something is not as it has to be', async () => {
    const proved = await runCli(stack, 'verify-bi', '--build', folder);
    expect(proved.output).toMatch(/^symbol +days checked +equal +known differences +mismatches +recomputed from$/m);
    expect(proved.output).toMatch(/^PEPEUSDT +\d+ +\d+ +0 +0 +\d{4}-\d\d-\d\d$/m);
    expect(proved.code).toBe(0);
    const elsewhere = await stack.launch('cli', { TMPDIR: '/nonexistent' }, ['verify-bi', '--build', folder]);
    expect(await elsewhere.exited()).toBe(0);
    expect(elsewhere.output).toContain('TMPDIR: /nonexistent cannot be used (ENOENT');

    tamperWith(stack.databasePath, "UPDATE candles_1h SET close = '1.00' WHERE symbol = 'BTCUSDT'");
    const refuted = await runCli(stack, 'verify-bi', '--build', folder, '--symbols', 'BTCUSDT');
    expect(refuted.output).toMatch(
      /^mismatch: BTCUSDT 1h candle of \S+Z, stored and recomputed from minutes: close 1.00 and /m,
    );
    expect(refuted.output).toMatch(/^cli: there are \d+ mismatches$/m);
    expect(refuted.code).toBe(1);
  });

  it.each(['/proc/nowhere/build', '/proc/build'])('should say that no build can be at %s', async (out) => {
    const { code, output } = await runCli(stack, 'bi-build', '--out', out);
    expect(output).toMatch(new RegExp(`^cli: --out="${out}": E[A-Z]+: .*/proc/`));
    expect(code).toBe(1);
  });

  it('should say that no file can be exported to /proc', async () => {
    const { code, output } = await runCli(stack, 'export', '--interval', '1d', '--out', '/proc/candles.csv');
    expect(output).toMatch(/^cli: --out="\/proc\/candles.csv": E[A-Z]+: /m);
    expect(code).toBe(1);
  });

  it('should say that raw files cannot be compressed where their folder cannot be', async () => {
    const process = await stack.launch('cli', { RAW_DIR: '/proc/nowhere/raw' }, ['compact']);
    expect(await process.exited(60_000)).toBe(1);
    expect(process.output).toMatch(/^cli: RAW_DIR="\/proc\/nowhere\/raw": the folder cannot be made \(E/);
  });

  it('should say that there is no build', async () => {
    const { code, output } = await runCli(
      stack,
      'verify-bi',
      '--build',
      join(stack.folder, 'none'),
      '--symbols',
      'PEPEUSDT',
    );
    expect(output).toMatch(/^mismatch: datapackage.json in .*none: not there; `bi-build` makes it$/m);
    expect(code).toBe(1);
  });
});
