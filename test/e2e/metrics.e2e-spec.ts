import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AppName } from '../support/app-process';
import { describePromtool, promtool } from '../support/promtool';
import { Stack } from '../support/stack';

const DEPLOY = resolve(__dirname, '../../deploy');
const USED_IN = ['prometheus/alerts.yml', 'grafana/operations.json'];
/** What a histogram is asked by. */
const PARTS = /_(?:bucket|count|sum)$/;

async function metricsOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

/** What each kind of process tells Prometheus. None of them needs a broker, or Redis, to say how it does. */
describePromtool('metrics', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', CLOCK: 'simulator', BACKFILL_DAYS: '0', LOG_LEVEL: 'error' });
  const served = new Map<AppName, string>();

  beforeAll(async () => {
    await stack.startSimulator();
    const kafka = { BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };
    const settings: readonly [AppName, Record<string, string>][] = [
      ['standalone-app', { BACKUP_AT: '00:00', BACKUP_DIR: join(stack.folder, 'backups') }],
      ['ingest-app', kafka],
      ['consumer-app', kafka],
      ['api-app', { ...kafka, THROTTLE_REDIS_URL: 'redis://127.0.0.1:1' }],
    ];
    for (const [name, overrides] of settings) {
      const app = await stack.launch(name, overrides);
      const url = await stack.urlOf(name);
      await app.answers(`${url}/livez`);
      // An answer that is counted.
      await fetch(`${url}/health`);
      served.set(name, await metricsOf(url));
      await app.stop();
    }
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should be what `promtool check metrics` accepts (40)', async () => {
    for (const text of served.values()) {
      expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, output: '' });
    }
  });

  it.each(USED_IN)('should be there where %s asks for them (40)', (file) => {
    const text = readFileSync(resolve(DEPLOY, file), 'utf8');
    const known = new Set(
      [...served.values()].flatMap((metrics) => [...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)),
    );
    const used = new Set(text.match(/\b(?:csp|nodejs|process)_[a-z0-9_]+\b/g));
    expect(used.size).toBeGreaterThan(15);
    const missing = [...used].filter((name) => !known.has(name) && !known.has(name.replace(PARTS, '')));
    expect(missing).toEqual([]);
  });
});
