import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { ForwardProxy } from '../support/forward-proxy';
import { getJson } from '../support/http';
import { selfSigned } from '../support/self-signed';
import { Stack } from '../support/stack';
import { startTlsFront, type TlsFront } from '../support/tls-front';

const CREDENTIALS = 'capture:geheim';

/** The hosts exist for the proxy alone: whatever arrives went through it. */
describe('capture behind a proxy', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '2' });
  let front: TlsFront;
  let proxy: ForwardProxy;
  let variables: Record<string, string>;
  let hosts: Record<string, string>;

  beforeAll(async () => {
    const { url } = await stack.startSimulator();
    const identity = selfSigned(['exchange.test', 'archive.test']);
    const authority = join(stack.folder, 'authority.pem');
    writeFileSync(authority, identity.cert);
    front = await startTlsFront(url, identity);
    hosts = { 'exchange.test:443': front.address, 'archive.test:443': front.address };
    proxy = await ForwardProxy.start({ credentials: CREDENTIALS, hosts });
    variables = {
      BINANCE_REST_URLS: 'https://exchange.test',
      BINANCE_ARCHIVE_URL: 'https://archive.test',
      HTTPS_PROXY: `http://${CREDENTIALS}@${proxy.label}`,
      NODE_EXTRA_CA_CERTS: authority,
    };
  });

  afterAll(async () => {
    await stack.close();
    await proxy.close();
    await front.close();
  });

  it('should take prices and minutes through tunnels of a proxy that asks for a password, and name one that is down', async () => {
    const app = await stack.start('standalone-app', variables);
    const api = await stack.urlOf('standalone-app');
    await eventually('health is well, and the first backfill done', async () => {
      const { status, processes } = await getJson<{
        status: string;
        processes: { standalone?: { status?: { backfill: { state: string } } } };
      }>(`${api}/health`);
      return (status === 'ok' && processes.standalone?.status?.backfill.state === 'done') || undefined;
    });
    expect(proxy.asked[0]).toBe('CONNECT exchange.test:443');
    expect(proxy.asked.join()).not.toMatch(/407|GET/);
    expect(app.output).not.toContain('geheim');

    const { port } = proxy;
    await proxy.close();
    await eventually('health names the proxy that is down', async () => {
      const { reasons } = await getJson<{ reasons: string[] }>(`${api}/health`);
      return reasons.some((reason) => reason.includes(`the proxy 127.0.0.1:${port} cannot be reached`)) || undefined;
    });
    proxy = await ForwardProxy.start({ credentials: CREDENTIALS, hosts, port });
    await eventually('capture goes on when it is back', async () => {
      const { reasons } = await getJson<{ reasons: string[] }>(`${api}/health`);
      return reasons.length === 0 || undefined;
    });
    expect(await app.stop()).toBe(0);
  });

  it('should fetch files of the archive through it from the command line, and end when it is done', async () => {
    const process = await stack.launch('cli', variables, ['backfill', '--days', '4']);
    expect(await process.exited()).toBe(0);
    expect(process.output).toMatch(/filled/);
    expect(proxy.asked).toContain('CONNECT archive.test:443');
  });

  it('should ask a simulator on this machine directly, whatever the proxy variables say', async () => {
    const before = proxy.asked.length;
    const other = { ...variables, BINANCE_REST_URLS: stack.exchangeUrl, BINANCE_ARCHIVE_URL: '', CLOCK: 'simulator' };
    const app = await stack.start('standalone-app', { ...other, HTTP_PROXY: `http://${proxy.label}` });
    const api = await stack.urlOf('standalone-app');
    await eventually('health is well', async () => {
      const { status } = await getJson<{ status: string }>(`${api}/health`);
      return status === 'ok' || undefined;
    });
    expect(await app.stop()).toBe(0);
    expect(proxy.asked).toHaveLength(before);
  });
});
