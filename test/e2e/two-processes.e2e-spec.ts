import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { copyDotEnv } from '../support/dot-env';
import { getJson, type ListPage } from '../support/http';
import { Stack } from '../support/stack';

interface Health {
  readonly status: string;
  readonly processes: Record<string, { readonly state: string }>;
}

/** The walk of docs/running.md with two processes: `.env` made from the example, capture and API started in either order. */
describe.each([
  ['the producer first', ['ingest-app', 'api-app']],
  ['the API first', ['api-app', 'ingest-app']],
] as const)('two processes, %s', (_, order) => {
  const stack = new Stack();
  const folder = mkdtempSync(join(tmpdir(), 'csp-walk-'));

  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should capture and serve from one .env', async () => {
    await stack.startSimulator();
    const [apiPort, ingestPort] = [await stack.port('api'), await stack.port('ingest')];
    copyDotEnv(folder, {
      BROKER_MODE: 'direct',
      BINANCE_REST_URLS: stack.exchangeUrl,
      PORT: String(apiPort),
      INGEST_PORT: String(ingestPort),
      INGEST_URL: `http://127.0.0.1:${ingestPort}`,
      BACKFILL_DAYS: '1',
    });

    const running: AppProcess[] = [];
    for (const name of order) running.push(stack.launchIn(folder, name));
    const api = await stack.urlOf('api-app');
    const health = await eventually('the API reports all well', async () => {
      const answer = await getJson<Health>(`${api}/health`);
      return answer.status === 'ok' ? answer : undefined;
    });
    expect(health.processes['ingest']?.state).toBe('ok');
    await eventually('prices are served', async () => {
      const { data } = await getJson<ListPage<{ symbol: string }>>(`${api}/trades/latest?symbol=BTCUSDT`);
      return data[0];
    });

    // A silent process is said to be so.
    const ingest = running[order.indexOf('ingest-app')];
    expect(await ingest?.stop()).toBe(0);
    const { processes } = await getJson<Health>(`${api}/health`);
    expect(Object.keys(processes)).toContain('ingest');
    for (const process of running) if (process.isRunning) expect(await process.stop()).toBe(0);
  });
});
