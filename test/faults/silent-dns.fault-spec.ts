import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { NOTICE_LIMIT_MS } from '../support/capture-load';
import { getJson } from '../support/http';
import { describeNameServer, NameServer } from '../support/name-server';
import { rawRequest } from '../support/raw-request';
import { Stack } from '../support/stack';

const HOST = 'exchange.test';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
}

describeNameServer('name servers that do not answer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-dns-'));
  const stack = new Stack({ SYMBOLS: 'BTCUSDT,ETHUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '0' });
  let names: NameServer;
  let url: string;

  beforeAll(async () => {
    names = await NameServer.start();
    writeFileSync(join(folder, 'resolv.conf'), names.resolvConf);
    await stack.startSimulator();
    url = await stack.urlOf('standalone-app');
  });

  afterAll(async () => {
    await stack.close();
    await names.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function launch(): Promise<AppProcess> {
    const mount = `mount --bind ${join(folder, 'resolv.conf')} ${realpathSync('/etc/resolv.conf')} && exec "$@"`;
    const wrapper = ['unshare', '-m', 'sh', '-c', mount, 'sh'];
    const exchange = `http://${HOST}:${await stack.port('exchange-simulator')}`;
    const app = await stack.launch('standalone-app', { BINANCE_REST_URLS: exchange }, [], { wrapper });
    await app.answers(`${url}/livez`);
    return app;
  }

  async function healthSays(reason: RegExp): Promise<void> {
    const probe = async (): Promise<true> => {
      const { reasons } = await getJson<Health>(`${url}/health`);
      if (reasons.some((said) => reason.test(said))) return true;
      throw new Error(reasons.join('\n'));
    };
    await eventually(`health says ${String(reason)}`, probe, NOTICE_LIMIT_MS);
  }

  async function pricesStored(): Promise<number> {
    return (await getJson<{ data: unknown[] }>(`${url}/trades/latest?limit=5000`)).data.length;
  }

  it('should be told of and waited out by a process that goes on serving', async () => {
    names.isSilent = true;
    const app = await launch();
    await healthSays(
      /^standalone: degraded, the exchange is unreachable \(.*exchange\.test.*\); capture goes on trying/,
    );
    expect(names.questions).toBeGreaterThan(0);
    expect((await rawRequest(`${url}/bi/symbols.csv`)).status).toBe(200);
    expect(app.isRunning).toBe(true);

    names.isSilent = false;
    await eventually('prices come in', async () => ((await pricesStored()) > 0 ? true : undefined));
    await eventually('health is well again', async () => {
      const { reasons } = await getJson<Health>(`${url}/health`);
      return reasons.some((reason) => reason.includes('exchange')) ? undefined : true;
    });
    expect(await app.stop()).toBe(0);
  });

  it('should not keep a process from ending', async () => {
    names.isSilent = true;
    const before = names.questions;
    const app = await launch();
    await eventually('it looks for the name', () => Promise.resolve(names.questions > before || undefined));
    expect(await app.stop()).toBe(0);
  });
});
