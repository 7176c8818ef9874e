import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { childrenOf } from '../support/child-processes';
import { getAll, getJson, getText } from '../support/http';
import { marketAt, Stack } from '../support/stack';

interface Build {
  readonly build: string;
  readonly made_at: string;
  readonly latest: boolean;
}

interface Candle {
  readonly close_time: string;
}

interface Health {
  readonly reasons: readonly string[];
  readonly builds: {
    readonly newest: { readonly build: string; readonly made_at: string } | null;
    readonly is_building: boolean;
    readonly last_failure: { readonly at: string; readonly reason: string } | null;
  };
}

/** A market that runs ten times as fast as time does, and builds that are due in it. */
describe('daily build', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT',
    BACKFILL_DAYS: '1',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '10',
    LOG_LEVEL: 'warn',
    BI_BUILD_AT: '12:00',
  });
  let url: string;

  const builds = async (): Promise<Build[]> => (await getJson<{ data: Build[] }>(`${url}/data/`)).data;
  const health = (of = url): Promise<Health> => getJson<Health>(`${of}/health`);
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await getText(`${url}/metrics`))?.[1] ?? NaN);
  const becomes = (what: string, probe: () => Promise<boolean>): Promise<unknown> =>
    eventually(what, async () => ((await probe()) ? true : undefined));

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z')), '--clock-factor', '10']);
    url = await stack.urlOf('api-app');
  });

  afterEach(async () => {
    await stack.stopApps();
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should be made up for when its time has passed, once there is a store', async () => {
    const process = await stack.start('standalone-app');
    // It is there a moment before it is the latest one.
    await becomes('there is a latest build', async () => (await builds())[0]?.latest === true);
    const [build] = await builds();
    expect(await builds()).toHaveLength(1);
    expect((await health()).builds).toMatchObject({ newest: { build: build?.build, made_at: build?.made_at } });
    expect(await metric('csp_bi_build_last_made_timestamp_seconds')).toBe(Date.parse(build?.made_at ?? '') / 1_000);
    expect(await metric('csp_bi_build_failures_total')).toBe(0);
    expect(await getText(`${url}/data/${build?.build ?? ''}/symbols.csv`)).toContain('BTCUSDT');
    expect(await process.stop()).toBe(0);
  });

  it('should not be made again by a restart, but at its next time', async () => {
    // Far enough ahead for the process to be up by then.
    const due = Math.ceil((await stack.marketTime()) / 60_000) * 60_000 + 120_000;
    const time = new Date(due).toISOString().slice(11, 16);
    const process = await stack.start('api-app', { BI_BUILD_AT: time });
    await becomes('the build of the next time is there', async () => {
      const [newest] = await builds();
      return Date.parse(newest?.made_at ?? '') >= due;
    });
    expect(await builds()).toHaveLength(2);
    expect(await process.stop()).toBe(0);
  });

  it('should be made by one of several processes', async () => {
    const BI_BUILD_DIR = join(stack.folder, 'shared/build');
    const urls = [url];
    const processes: AppProcess[] = [];
    for (let number = 0; number < 3; number += 1) {
      const PORT = String(await stack.port(`api ${number}`));
      urls[number] = `http://127.0.0.1:${PORT}`;
      processes.push(await stack.launch('api-app', { BI_BUILD_DIR, PORT }));
    }
    for (const [number, process] of processes.entries()) await process.answers(`${urls[number] ?? ''}/livez`);
    for (const of of urls) {
      await becomes('no process is at it any more', async () => {
        const { newest, is_building: isBuilding } = (await health(of)).builds;
        return newest !== null && !isBuilding;
      });
      expect((await health(of)).builds.last_failure).toBeNull();
    }
    expect(readdirSync(join(stack.folder, 'shared/.build.builds')).sort()).toEqual(['1', 'lock']);
    for (const process of processes) expect(await process.stop()).toBe(0);
  });

  /** The process that builds, once it has begun to write. */
  const builderOf = (server: AppProcess, folder: string): Promise<number> =>
    eventually(
      'it is being built',
      () => {
        const isBegun = existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('next-'));
        return Promise.resolve(isBegun ? childrenOf(server.pid)[0] : undefined);
      },
      60_000,
      1,
    );

  it('should keep neither capture nor readers waiting, and be told and tried again when what hung is killed', async () => {
    const BI_BUILD_DIR = join(stack.folder, 'hung/build');
    const folder = join(dirname(BI_BUILD_DIR), '.build.builds');
    const process = await stack.start('standalone-app', { BI_BUILD_DIR });
    const child = await builderOf(process, folder);
    globalThis.process.kill(child, 'SIGSTOP');
    const begun = new Date(await stack.marketTime());
    const minutes = (): Promise<Candle[]> =>
      getAll<Candle>(url, `/candles?symbol=BTCUSDT&start=${begun.toISOString()}`);
    const events = (): Promise<object[]> =>
      getAll<object>(url, `/trades/range?symbol=BTCUSDT&start=${begun.toISOString()}&end=now`);
    await becomes(
      'a minute and polls come meanwhile',
      async () => (await minutes()).length > 0 && (await events()).length > 3,
    );
    for (const path of ['/candles?last=5', '/bi/daily_ohlc.csv', '/symbols', '/coverage', '/data/'])
      await getText(url + path);
    expect((await health()).builds).toMatchObject({ newest: null, is_building: true, last_failure: null });
    expect(await metric('csp_bi_build_last_made_timestamp_seconds')).toBe(0);

    globalThis.process.kill(child, 'SIGKILL');
    await becomes('that is told', async () => {
      const { reasons } = await health();
      return reasons.some((reason) => /the last try at .*Z, SIGKILL ended it/.test(reason));
    });
    expect(existsSync(`/proc/${child}`)).toBe(false);
    expect(await metric('csp_bi_build_failures_total')).toBe(1);
    await becomes('it is built', async () => (await builds()).length === 1);
    await becomes('the failure is over', async () => (await health()).builds.last_failure === null);
    const end = (await minutes()).at(-1)?.close_time ?? '';
    const ranges = await getAll<{ state: string; repaired: boolean }>(
      url,
      `/coverage?symbol=BTCUSDT&start=${begun.toISOString()}&end=${end}`,
    );
    // Every minute came when it was over, and none had to be asked for again.
    expect(ranges.map(({ state, repaired }) => [state, repaired])).toEqual([['captured', false]]);
    expect(await process.stop()).toBe(0);
  });

  it('should leave nothing half and be tried again when its process is killed', async () => {
    const BI_BUILD_DIR = join(stack.folder, 'killed/build');
    const folder = join(dirname(BI_BUILD_DIR), '.build.builds');
    const process = await stack.launch('api-app', { BI_BUILD_DIR });
    const child = await builderOf(process, folder);
    globalThis.process.kill(child, 'SIGKILL');
    await process.answers(`${url}/livez`);
    await becomes('the failure is told', async () => {
      const { reasons } = await health();
      return reasons.some((reason) => /the daily build failed: the last try at .*Z, SIGKILL ended it/.test(reason));
    });
    expect((await health()).builds).toMatchObject({ newest: null, last_failure: { reason: 'SIGKILL ended it' } });
    expect(await metric('csp_bi_build_failures_total')).toBe(1);
    expect(await builds()).toEqual([]);
    await becomes('it is built', async () => (await builds()).length === 1);
    await becomes('the failure is over', async () => (await health()).builds.last_failure === null);
    expect(readdirSync(folder).sort()).toEqual(['1', 'lock']);
    expect(await process.stop()).toBe(0);
  });

  it('should end in order with the process that makes it', async () => {
    const BI_BUILD_DIR = join(stack.folder, 'ended/build');
    const process = await stack.launch('api-app', { BI_BUILD_DIR });
    const child = await eventually('it is being built', () => Promise.resolve(childrenOf(process.pid)[0]), 60_000, 1);
    expect(await process.stop()).toBe(0);
    expect(existsSync(`/proc/${child}`)).toBe(false);
    const folder = join(stack.folder, 'ended/.build.builds');
    if (existsSync(folder)) expect(readdirSync(folder).filter((name) => name.startsWith('next-'))).toEqual([]);
  });
});
