import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { getJson } from '../support/http';
import { describeNameServer, NameServer } from '../support/name-server';
import { NetworkLink } from '../support/network-link';
import { rawRequest } from '../support/raw-request';
import { NOTICE_LIMIT_MS, readiness } from '../support/readiness';
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
  let link: NetworkLink;
  let url: string;

  beforeAll(async () => {
    names = await NameServer.start();
    writeFileSync(join(folder, 'resolv.conf'), names.resolvConf);
    await stack.startSimulator();
    link = await NetworkLink.start(await stack.port('exchange-simulator'));
    url = await stack.urlOf('standalone-app');
  });

  afterAll(async () => {
    await stack.close();
    await link.close();
    await names.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function launch(settings: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const mount = `mount --bind ${join(folder, 'resolv.conf')} ${realpathSync('/etc/resolv.conf')} && exec "$@"`;
    const wrapper = ['unshare', '-m', 'sh', '-c', mount, 'sh'];
    const exchange = `http://${HOST}:${link.port}`;
    const app = await stack.launch('standalone-app', { BINANCE_REST_URLS: exchange, ...settings }, [], { wrapper });
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

  /** Both routes say in time that the exchange is away; what is stored is served. */
  async function expectTold(): Promise<void> {
    await Promise.all([
      healthSays(/^standalone: degraded, the exchange is unreachable \(.*exchange\.test.*\); capture goes on trying/),
      readiness(
        url,
        true,
        /"exchange":\{"ok":true,"detail":"the exchange is unreachable \(.*exchange\.test.*\); capture goes on trying/,
        NOTICE_LIMIT_MS,
      ),
    ]);
    expect((await rawRequest(`${url}/bi/symbols.csv`)).status).toBe(200);
  }

  async function pricesStored(): Promise<number> {
    return (await getJson<{ data: unknown[] }>(`${url}/trades/latest?limit=5000`)).data.length;
  }

  async function morePrices(): Promise<void> {
    const before = await pricesStored();
    await eventually('prices come in', async () => ((await pricesStored()) > before ? true : undefined));
  }

  async function exchangeIsBack(): Promise<void> {
    await morePrices();
    await exchangeIsWell();
  }

  async function exchangeIsWell(trouble = /exchange/, limitMs?: number): Promise<void> {
    const probe = async (): Promise<true> => {
      const { reasons } = await getJson<Health>(`${url}/health`);
      if (!reasons.some((reason) => trouble.test(reason))) return true;
      throw new Error(reasons.join('\n'));
    };
    await eventually('health is well again', probe, limitMs);
  }

  it('should be told of and waited out by a process that goes on serving', async () => {
    names.isSilent = true;
    const app = await launch();
    await expectTold();
    expect(names.questions).toBeGreaterThan(0);
    expect(app.isRunning).toBe(true);

    names.isSilent = false;
    await exchangeIsBack();
    expect(await app.stop()).toBe(0);
  });

  it('should be told of and waited out when they fall silent while it captures', async () => {
    names.isSilent = false;
    const app = await launch();
    await morePrices();
    names.isSilent = true;
    const before = names.questions;
    // A connection that is there needs no name; the next one does.
    link.set('cut');
    link.set('up');
    await expectTold();
    expect(names.questions).toBeGreaterThan(before);
    expect(app.isRunning).toBe(true);

    names.isSilent = false;
    await exchangeIsBack();
    expect(await app.stop()).toBe(0);
  });

  it('should be told of, and be over, within seconds between two polls of the default interval', async () => {
    names.isSilent = false;
    const app = await launch({ POLL_INTERVAL_SECONDS: '60' });
    await exchangeIsWell();
    names.isSilent = true;
    link.set('cut');
    link.set('up');
    await expectTold();

    names.isSilent = false;
    // A poll that fell into the silence has failed, and is said to have until the next one.
    await exchangeIsWell(/the exchange is/, NOTICE_LIMIT_MS);
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
