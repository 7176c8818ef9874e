import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppProcess, eventually, HopelessError } from '../support/app-process';
import { getCsv, getJson } from '../support/http';
import { page, pages } from '../support/markdown';
import { PortSupply } from '../support/port-block';

/** Every address of a page that a reader may open in his browser, as printed; a sentence's end is no part of it. */
function addressesIn(path: string): string[] {
  const found = page(path).match(/http:\/\/localhost:8000[^\s)>"'`|]*/g) ?? [];
  return [...new Set(found.map((address) => address.replace(/[.,:;]$/, '')))];
}

/** `make demo` as its recipe runs it, in an empty folder and a process group like a terminal's. */
describe('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-demo-'));
  const TMPDIR = join(folder, 'tmp');
  const ports = new PortSupply();
  let demo: AppProcess;
  let port: number;

  beforeAll(async () => {
    mkdirSync(TMPDIR);
    port = await ports.next();
    demo = AppProcess.run('demo', [process.execPath, 'scripts/demo.mjs'], {
      args: ['--port', String(port), '--simulator-port', String(await ports.next())],
      env: { BACKFILL_DAYS: '2', POLL_INTERVAL_SECONDS: '1', TMPDIR },
      cwd: folder,
      group: true,
    });
    await eventually('the addresses are printed', () => {
      if (!demo.isRunning) throw new HopelessError(`the demo has ended:\n${demo.output.slice(-2_000)}`);
      return Promise.resolve(demo.output.includes('Ctrl-C ends it') ? true : undefined);
    });
  });

  afterAll(async () => {
    if (demo.groupIsAlive) demo.signalGroup('SIGKILL');
    await demo.exited();
    ports.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should print addresses that answer, and a line of status as data arrives', async () => {
    const printed = demo.output.match(/http:\/\/localhost:\d+\/\S*/g) ?? [];
    expect(printed.length).toBeGreaterThanOrEqual(7);
    for (const address of printed) expect([address, (await fetch(address)).status]).toEqual([address, 200]);
    await eventually('the status has a price and the backfill is done', () =>
      Promise.resolve(/ ok {2}\w+ \d+\.\d+ at [\d:]+ {2}backfill done/.test(demo.output) ? true : undefined),
    );
    // The demo runs on the real clock: a day that has just ended is final a few minutes later.
    await eventually(
      'two days are final and the third is open',
      async () => {
        const days = await getCsv(`http://localhost:${port}/bi/daily_ohlc.csv?symbol=BTCUSDT&days=3`);
        return days.map(({ is_final: isFinal }) => isFinal).join() === 'true,true,false' ? true : undefined;
      },
      600_000,
      500,
    );
  });

  it('should print the page first, and capture eight symbols, one of them halted for hours on every day', async () => {
    expect(/http:\/\/localhost:\d+\/\S*/.exec(demo.output.split('Open')[1] ?? '')?.[0]).toBe(
      `http://localhost:${port}/`,
    );
    expect(demo.output).toContain('ADAUSDT is halted from 02:00 to 05:00 UTC every day.');
    const symbols = (await getCsv(`http://localhost:${port}/bi/symbols.csv`)).map(({ symbol }) => symbol);
    expect(symbols).toHaveLength(8);
    const stops = await eventually('two days of all of them are accounted for', async () => {
      const days = await getCsv(`http://localhost:${port}/bi/data_quality.csv?symbols=${symbols.join(',')}&days=3`);
      const over = days.filter(({ date = '' }) => date < new Date().toISOString().slice(0, 10));
      const isComplete = over.length === 16 && over.every(({ missing_minutes: missing }) => missing === '0');
      return isComplete ? over.map((day) => [day['symbol'], day['exchange_stop_minutes']] as const) : undefined;
    });
    // The simulated exchange as a whole stands still once in a while too.
    expect(stops.filter(([symbol, stopped]) => symbol === 'ADAUSDT' && Number(stopped) >= 180)).toHaveLength(2);
    expect(stops.filter(([symbol, stopped]) => symbol === 'BTCUSDT' && Number(stopped) < 24 * 60)).toHaveLength(2);
  });

  it('should serve the tables as files, from its own folder, once the backfill is done', async () => {
    const file = await eventually('the build is told', () =>
      Promise.resolve(/The tables are there as files: (\S+)/.exec(demo.output)?.[1]),
    );
    const answer = await fetch(file);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, bytes.subarray(0, 4).toString()]).toEqual([200, 'PAR1']);
    const { data } = await getJson<{ data: { latest: boolean; files: { name: string; bytes: number }[] }[] }>(
      `http://localhost:${port}/data/`,
    );
    expect(data.map(({ latest }) => latest)).toEqual([true]);
    expect(data[0]?.files.find(({ name }) => name === 'daily_ohlc.parquet')?.bytes).toBe(bytes.length);
    expect(answer.url).toMatch(new RegExp(`^http://localhost:${port}/data/1-[0-9a-f]+/daily_ohlc\\.parquet$`));
  });

  it('should answer every address of the README and of docs/ as printed there', async () => {
    const documents = pages().filter((path) => path === 'README.md' || path.startsWith('docs/'));
    const addresses = [...new Set(documents.flatMap(addressesIn))];
    expect(addressesIn('README.md').length).toBeGreaterThan(9);
    expect(addressesIn('docs/api.md').length).toBeGreaterThan(20);
    for (const address of addresses) {
      const response = await fetch(address.replace('localhost:8000', `localhost:${port}`));
      // A stream has no end.
      if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) await response.body?.cancel();
      else await response.arrayBuffer();
      expect([address, response.status]).toEqual([address, 200]);
      expect(address).not.toMatch(/[{}<>]/);
    }
  });

  it('should end all of it cleanly on Ctrl-C', async () => {
    demo.signalGroup('SIGINT');
    expect(await demo.exited()).toBe(0);
    expect(demo.output).toContain('The demo has ended');
    expect(demo.output).not.toContain('ended by itself');
    await eventually('no process of it is left', () => Promise.resolve(demo.groupIsAlive ? undefined : true));
  });

  it('should leave nothing outside of data/demo', () => {
    const files = (path: string): string[] => readdirSync(join(folder, path)).sort();
    expect([files('.'), files('tmp'), files('data')]).toEqual([['data', 'tmp'], [], ['demo']]);
    const [run = ''] = files('data/demo');
    expect(files('data/demo')).toEqual([run]);
    expect(existsSync(join(folder, 'data/demo', run, 'bi/build/datapackage.json'))).toBe(true);
  });
});
