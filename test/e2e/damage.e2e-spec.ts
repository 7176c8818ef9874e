import {
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppName, type AppProcess } from '../support/app-process';
import { getJson, getText } from '../support/http';
import { runCli } from '../support/run-cli';
import { routesWithoutStore } from '../support/served-routes';
import { Stack, marketAt } from '../support/stack';
import { storedMinutes, storedPrices } from '../support/stored-history';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly storage: { readonly ready: boolean; readonly state: string; readonly reason: string };
  readonly processes: Record<string, { readonly state: string; readonly detail: string }>;
}

const TEXT = 'what somebody wrote to the place of the database, longer than a header of it is: '.repeat(50);

/** Commands that read or write the store, each in a form that needs nothing else. */
const COMMANDS: readonly (readonly string[])[] = [
  ['gaps'],
  ['export', '--format', 'csv'],
  ['bi-build'],
  ['verify-bi'],
  ['backfill', '--days', '1'],
  ['repair'],
  ['compact'],
  ['retain'],
];

describe('a damaged database', () => {
  let stack: Stack;

  beforeEach(async () => {
    stack = new Stack({ SYMBOLS: 'BTCUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '0', CLOCK: 'simulator' });
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T10:00:30Z')), '--clock-factor', '5']);
  });

  afterEach(async () => {
    await stack.close();
  });

  const events = async (): Promise<number> => (await storedPrices(stack)).length;

  async function health(name: AppName): Promise<Health> {
    return getJson<Health>(`${await stack.urlOf(name)}/health`);
  }

  async function spooled(name: AppName): Promise<number> {
    const metrics = await getText(`${await stack.urlOf(name)}/metrics`);
    return Number(/^csp_spool_events (\d+)$/m.exec(metrics)?.[1] ?? NaN);
  }

  /** Prices and minutes come in. */
  async function captured(name: AppName): Promise<void> {
    const url = await stack.urlOf(name);
    await eventually('prices and minutes are stored', async () => {
      if (!existsSync(stack.databasePath) || (await spooled(name)) > 0) return undefined;
      await getText(`${url}/readyz`);
      return (await events()) > 5 && (await storedMinutes(stack)).length > 1 ? true : undefined;
    });
  }

  async function saysSo(app: AppProcess, name: AppName, reason: RegExp): Promise<void> {
    const url = await stack.urlOf(name);
    await app.answers(`${url}/readyz`, 503);
    await app.answers(`${url}/livez`);
    await eventually('health says why', async () => {
      const { status, reasons } = await health(name);
      return status === 'degraded' && reasons.some((line) => reason.test(line)) ? true : undefined;
    });
    const answers = await Promise.all(['/health', '/readyz', '/livez'].map((path) => fetch(`${url}${path}`)));
    for (const answer of answers) expect(await answer.text()).not.toContain(stack.folder);
    expect(app.output).toContain(stack.databasePath);
  }

  /** Nothing that was captured meanwhile, or before, is missing. */
  async function mended(app: AppProcess, name: AppName): Promise<void> {
    const before = readFileSync(rawFile(), 'utf8').trimEnd().split('\n').length;
    await eventually('events wait in the spool', async () => ((await spooled(name)) > 2 ? true : undefined));
    const { code, output } = await runCli(stack, 'rebuild', '--accept-losses');
    expect(output).toMatch(/the database has been made anew\n$/);
    expect(code).toBe(0);
    await app.answers(`${await stack.urlOf(name)}/readyz`);
    await eventually('the spool is empty', async () => ((await spooled(name)) === 0 ? true : undefined));
    expect(await events()).toBeGreaterThan(before);
    const lines = readFileSync(rawFile(), 'utf8').trimEnd().split('\n');
    expect(new Set(lines).size).toBe(lines.length);
  }

  const rawFile = (): string => join(stack.rawDir, 'crypto_prices_2026-11-20.jsonl');

  it('should be said by a process that starts on it, by every route and every command, until it is made anew', async () => {
    await stack.start('standalone-app').then(async (first) => {
      await captured('standalone-app');
      await first.stop();
    });
    writeFileSync(stack.databasePath, TEXT);
    const app = await stack.start('standalone-app');
    await saysSo(app, 'standalone-app', /the database is damaged: its file is not one of SQLite; `cli rebuild`/);
    const url = await stack.urlOf('standalone-app');
    expect(await routesWithoutStore(url)).toEqual([]);
    expect((await health('standalone-app')).storage).toMatchObject({ ready: false, state: 'damaged' });
    await mended(app, 'standalone-app');
    expect(await routesWithoutStore(url)).not.toEqual([]);
    const [candles] = await Promise.all([getJson<{ data: unknown[] }>(`${url}/candles?symbol=BTCUSDT&interval=1m`)]);
    expect(candles.data.length).toBeGreaterThan(0);
    expect(await app.stop()).toBe(0);
    expect(app.output).not.toMatch(/"level":"error".*request failed/);
  });

  it('should be said by every command in one line with its path and what to do', async () => {
    const app = await stack.start('standalone-app');
    await captured('standalone-app');
    await app.stop();
    for (const damage of [
      (): void => {
        writeFileSync(stack.databasePath, TEXT);
      },
      (): void => {
        truncateSync(stack.databasePath, 0);
      },
    ]) {
      damage();
      for (const command of COMMANDS) {
        const { code, output } = await runCli(stack, ...command);
        expect([command, code]).toEqual([command, 1]);
        expect(output).toMatch(
          /^cli: STORAGE_PATH=".*app\.db": the database is damaged: .*; `cli rebuild` makes it anew.*\n$/,
        );
      }
    }
    expect(await runCli(stack, 'rebuild', '--accept-losses')).toMatchObject({ code: 0 });
    expect(await runCli(stack, 'gaps')).toMatchObject({ code: 0 });
  });

  it.each([
    [
      'replaced by a copy of it',
      /the database file was replaced while it was in use/,
      (path: string): void => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
    [
      'overwritten',
      /the database file was overwritten while it was in use/,
      (path: string): void => {
        writeFileSync(path, TEXT);
      },
    ],
    [
      'removed with what lies beside it',
      /the database cannot be used: its file was removed or renamed/,
      (path: string): void => {
        for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
      },
    ],
  ])(
    'should be noticed by a running standalone-app when it is %s, which goes on after a rebuild',
    async (_, reason, damage) => {
      const app = await stack.start('standalone-app');
      await captured('standalone-app');
      damage(stack.databasePath);
      await saysSo(app, 'standalone-app', reason);
      expect(await routesWithoutStore(await stack.urlOf('standalone-app'))).toEqual([]);
      await mended(app, 'standalone-app');
      expect(await app.stop()).toBe(0);
    },
  );

  it('should be noticed by ingest-app and api-app, each of which goes on after a rebuild', async () => {
    const ingest = await stack.start('ingest-app');
    await captured('ingest-app');
    const api = await stack.start('api-app');
    const url = await stack.urlOf('api-app');
    await api.answers(`${url}/readyz`);
    truncateSync(stack.databasePath, Math.floor(statSync(stack.databasePath).size / 2));
    await saysSo(ingest, 'ingest-app', /the database is damaged/);
    await saysSo(api, 'api-app', /store: the database is damaged/);
    expect(await routesWithoutStore(url)).toEqual([]);
    expect((await health('api-app')).processes['ingest']).toMatchObject({
      state: 'degraded',
      detail: expect.stringContaining('the database is damaged') as string,
    });
    await mended(ingest, 'ingest-app');
    await api.answers(`${url}/readyz`);
    expect(await getJson<{ data: unknown[] }>(`${url}/trades/latest?symbol=BTCUSDT`)).toMatchObject({
      data: expect.arrayContaining([expect.objectContaining({ symbol: 'BTCUSDT' })]) as unknown[],
    });
  });

  it('should keep a second capture out by any name, and refuse a hard link by name', async () => {
    await stack.start('standalone-app');
    await captured('standalone-app');
    const [link, hard] = [join(stack.folder, 'link.db'), join(stack.folder, 'hard.db')];
    symlinkSync(stack.databasePath, link);
    const elsewhere = (database: string): Record<string, string> => ({
      STORAGE_PATH: database,
      RAW_DIR: join(stack.folder, 'other-raw'),
      INGEST_STATE_DIR: join(stack.folder, 'other-ingest'),
      PORT: '0',
      INGEST_PORT: '0',
    });
    for (const [path, reason] of [
      [link, /another process captures into this store already/],
      [hard, /STORAGE_PATH=".*hard\.db": the database file has 2 names \(hard links\)/],
    ] as const) {
      if (path === hard) linkSync(stack.databasePath, hard);
      for (const name of ['standalone-app', 'ingest-app'] as const) {
        const second = await stack.launch(name, elsewhere(path));
        expect(await second.exited()).toBe(1);
        expect(second.output).toMatch(reason);
      }
    }
    rmSync(hard);
    rmSync(`${stack.databasePath}.owner`);
    const third = await stack.launch('standalone-app', elsewhere(stack.databasePath));
    expect(await third.exited()).toBe(1);
    expect(third.output).toMatch(/another process captures into this store already/);
  });
});
