import { eventually } from '../support/app-process';
import { getJson } from '../support/http';
import { Stack } from '../support/stack';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly storage: { readonly ready: boolean; readonly reason: string };
  readonly jobs: readonly {
    readonly name: string;
    readonly state: string;
    readonly last_run_at: string | null;
    readonly last_result: string | null;
    readonly next_run_at: string | null;
  }[];
  readonly processes: Readonly<Record<string, { readonly state: string; readonly detail: string }>>;
}

const MINUTE_MS = 60_000;

/** `/health` as an operator reads it. */
describe('health', () => {
  // Ten minutes of the market are ten seconds: a poll is late, in real time, after thirty.
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT',
    CLOCK: 'simulator',
    BACKFILL_DAYS: '0',
    POLL_INTERVAL_SECONDS: '600',
    LOG_LEVEL: 'warn',
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should name a store that is not there and a process that is silent', async () => {
    await stack.startSimulator(['--clock-factor', '60']);
    const api = await stack.start('api-app');
    const url = await stack.urlOf('api-app');
    const health = await getJson<Health>(`${url}/health`);
    expect(health.status).toBe('degraded');
    expect(health.storage).toMatchObject({ ready: false });
    expect(health.reasons).toContain('store: there is no database yet: nothing has been captured');
    expect(health.reasons.join('\n')).toMatch(/^ingest: unknown, gave no readable answer/m);

    // Ten seconds between two heartbeats are ten minutes of this market: what counts is real time.
    const port = await stack.port('capture');
    const capture = await stack.launch('standalone-app', { PORT: String(port) });
    await capture.answers(`http://127.0.0.1:${port}/livez`);
    const state = async (): Promise<string | undefined> =>
      (await getJson<Health>(`${url}/health`)).processes['standalone']?.state;
    await eventually('the heartbeat is seen', async () => ((await state()) === 'ok' ? true : undefined));
    const since = await stack.marketTime();
    const seen = new Set<string | undefined>();
    await eventually('five minutes of the market have passed', async () => {
      seen.add(await state());
      return (await stack.marketTime()) > since + 5 * MINUTE_MS ? true : undefined;
    });
    expect([...seen]).toEqual(['ok']);

    // The process that captures says of itself how it does.
    const own = await getJson<Health>(`http://127.0.0.1:${port}/health`);
    expect(own.processes['standalone']).toMatchObject({ state: 'ok', detail: '' });

    // So it does of what it does without being asked, and another process of its own.
    expect(own.jobs.map(({ name }) => name).sort()).toEqual([
      'backup',
      'bi-build',
      'candle-sync',
      'exchange-watch',
      'first-backfill',
      'first-minutes',
      'ledger-keeper',
      'process-status',
      'settle-stamps',
      'store-upkeep',
      'symbol-refresh',
      'ticker-poll',
    ]);
    const job = (name: string) => own.jobs.find((one) => one.name === name);
    expect(job('candle-sync')).toMatchObject({ last_result: 'ok' });
    const { last_run_at: last, next_run_at: next } = job('candle-sync') ?? {};
    expect(Date.parse(next ?? '') - Date.parse(last ?? '')).toBeGreaterThan(0);
    expect(job('first-backfill')).toMatchObject({ state: 'done', last_result: 'ok', next_run_at: null });
    expect(job('backup')).toMatchObject({ state: 'off', next_run_at: null });
    const asked = await getJson<Health>(`${url}/health`);
    expect(asked.jobs.map(({ name, state: how }) => [name, how])).toEqual([['bi-build', 'off']]);
    expect(asked.processes['standalone']).toMatchObject({ status: { jobs: expect.any(Array) as object[] } });
    expect(await capture.stop()).toBe(0);
    expect(await api.stop()).toBe(0);
  });
});
