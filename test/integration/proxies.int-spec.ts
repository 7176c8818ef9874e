import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBinanceArchive, createBinanceExchange, ProxyGate, type BinanceOptions } from '@app/binance';
import { SystemClock } from '@app/clock';
import { loadConfig } from '@app/config';
import { ScratchFolders } from '@app/files';
import { createLogger, MetricsRegistry } from '@app/observability';
import { eventually } from '../support/app-process';
import { ForwardProxy, type ForwardProxyOptions } from '../support/forward-proxy';

const FAST: Partial<BinanceOptions> = { attemptsPerHost: 1, requestTimeoutMs: 60_000 };

describe('requests through a proxy', () => {
  let exchangeServer: Server;
  let hosts: Record<string, string>;
  const open: { close(): Promise<void> }[] = [];
  const gates: ProxyGate[] = [];

  beforeAll(async () => {
    exchangeServer = createServer((incoming, outgoing) => {
      if (incoming.url === '/api/v3/time') outgoing.end('{"serverTime":1767225600000}');
      else outgoing.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(exchangeServer, 'listening');
    const address = `127.0.0.1:${(exchangeServer.address() as AddressInfo).port}`;
    hosts = { 'relay.test:80': address, 'relay.test:9100': address, '[fd00::1]:9100': address };
  });

  afterEach(async () => {
    await Promise.all(gates.splice(0).map((gate) => gate.onModuleDestroy()));
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  afterAll(async () => {
    exchangeServer.closeAllConnections();
    exchangeServer.close();
    await once(exchangeServer, 'close');
  });

  async function startProxy(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = await ForwardProxy.start({ hosts, ...options });
    open.push(proxy);
    return proxy;
  }

  function gateOf(variables: Record<string, string>): ProxyGate {
    const gate = new ProxyGate(loadConfig(variables, '/').exchange.proxies);
    gates.push(gate);
    return gate;
  }

  function exchangeAt(url: string, variables: Record<string, string>) {
    const logger = createLogger('silent', 'test');
    const dependencies = { restUrls: [url], clock: new SystemClock(), logger, metrics: new MetricsRegistry() };
    return createBinanceExchange({ ...dependencies, proxies: gateOf(variables) }, FAST);
  }

  it.each([
    ['HTTP_PROXY', 'http://relay.test'],
    ['http_proxy', 'http://relay.test:9100'],
    ['http_proxy', 'http://[fd00::1]:9100'],
  ])('should ask %s for %s', async (name, url) => {
    const proxy = await startProxy();
    const exchange = exchangeAt(url, { [name]: `http://${proxy.label}` });
    expect((await exchange.serverTime()).data.time).toBe(1_767_225_600_000_000);
    expect(proxy.asked).toEqual([`GET ${url}/_simulator/origin`, `GET ${url}/api/v3/time`]);
  });

  it.each([
    ['user:pass', 'user:pass'],
    ['user:p@ss/w:rd', 'user:p%40ss%2Fw%3Ard'],
    ['Jürgen:geheim', 'J%C3%BCrgen:geheim'],
    ['token:', 'token'],
  ])('should give user and password %s to a proxy that asks for them', async (credentials, inUrl) => {
    const proxy = await startProxy({ credentials });
    const exchange = exchangeAt('http://relay.test', { HTTP_PROXY: `http://${inUrl}@${proxy.label}` });
    expect((await exchange.serverTime()).data.time).toBe(1_767_225_600_000_000);
    expect(proxy.asked.filter((line) => line.endsWith('407'))).toEqual([]);
  });

  it('should use its connections to the proxy again', async () => {
    const proxy = await startProxy();
    const exchange = exchangeAt('http://relay.test', { HTTP_PROXY: `http://${proxy.label}` });
    for (let request = 0; request < 20; request += 1) await exchange.serverTime();
    expect(proxy.connections).toBeLessThan(5);
  });

  it.each(['127.0.0.1', 'localhost'])('should never ask a proxy for %s, this machine', async (host) => {
    const proxy = await startProxy();
    const { port } = exchangeServer.address() as AddressInfo;
    const exchange = exchangeAt(`http://${host}:${port}`, { HTTP_PROXY: `http://${proxy.label}` });
    expect((await exchange.serverTime()).data.time).toBe(1_767_225_600_000_000);
    expect(proxy.asked).toEqual([]);
  });

  it('should go past it where NO_PROXY says so', async () => {
    const proxy = await startProxy();
    const variables = { HTTP_PROXY: `http://${proxy.label}`, no_proxy: 'other,.test:9100' };
    await expect(exchangeAt('http://relay.test:9100', variables).serverTime()).rejects.toThrow(/relay\.test/);
    expect(proxy.asked).toEqual([]);
    await exchangeAt('http://relay.test', variables).serverTime();
    expect(proxy.asked).toHaveLength(2);
  });

  it.each([
    ['a proxy that is down', undefined, /: the proxy 127\.0\.0\.1:\d+ cannot be reached \(connect ECONNREFUSED .*\)$/],
    ['a wrong password', { credentials: 'user:other' }, /: the proxy 127\.0\.0\.1:\d+ asks for a user and a password/],
  ] as const)('should name %s in the state of the exchange', async (_what, options, message) => {
    for (const [name, url] of [
      ['HTTP_PROXY', 'http://relay.test'],
      ['HTTPS_PROXY', 'https://relay.test'],
    ] as const) {
      const proxy = await startProxy(options ?? {});
      const { label } = proxy;
      if (options === undefined) await open.pop()?.close();
      const exchange = exchangeAt(url, { [name]: `http://user:secret@${label}` });
      await expect(exchange.serverTime()).rejects.toThrow(message);
      expect(exchange.status()).toMatchObject({
        state: 'unreachable',
        detail: expect.stringMatching(message) as string,
      });
      expect(exchange.status().detail).not.toContain('secret');
    }
  });

  it.each([403, 502, 503])('should name a proxy that opens no tunnel (HTTP %d)', async (refuse) => {
    const proxy = await startProxy({ refuse });
    const exchange = exchangeAt('https://relay.test', { HTTPS_PROXY: `http://${proxy.label}` });
    await expect(exchange.serverTime()).rejects.toThrow(
      `the proxy ${proxy.label} opens no connection to the exchange (HTTP ${refuse})`,
    );
    expect(exchange.status().state).toBe('unreachable');
    expect(proxy.asked).toEqual(['CONNECT relay.test:443']);
  });

  it.each([
    ['HTTP_PROXY', 'http://relay.test'],
    ['HTTPS_PROXY', 'https://relay.test'],
  ])('should give up on a proxy of %s that says nothing, and ask it again', async (name, url) => {
    const proxy = await startProxy({ refuse: 'silence' });
    const exchange = exchangeAt(url, { [name]: `http://${proxy.label}` });
    await expect(exchange.serverTime()).rejects.toThrow(`through the proxy ${proxy.label}`);
    proxy.set({ refuse: 503 });
    await expect(exchange.serverTime()).rejects.toThrow('HTTP 503');
  });

  it('should fetch files of the archive through it, and name it where they cannot be had', async () => {
    const proxy = await startProxy();
    const dependencies = { clock: new SystemClock(), metrics: new MetricsRegistry(), archiveUrl: 'http://relay.test' };
    const proxies = gateOf({ HTTP_PROXY: `http://${proxy.label}` });
    const scratch = new ScratchFolders('/nonexistent', () => undefined);
    const archive = createBinanceArchive({ ...dependencies, scratch, proxies }, { attempts: 1 });
    const day = Date.UTC(2026, 0, 1) * 1_000;
    await expect(archive.day('BTCUSDT', day)).rejects.toThrow('HTTP 404');
    expect(proxy.asked.at(-1)).toMatch(/^GET http:\/\/relay\.test\/data\/.*BTCUSDT-1m-2026-01-01\.zip\.CHECKSUM$/);
    const { label } = proxy;
    await open.pop()?.close();
    await expect(archive.day('BTCUSDT', day)).rejects.toThrow(`the proxy ${label} cannot be reached`);
  });

  it('should leave no connection behind when it is closed', async () => {
    const proxy = await startProxy();
    const exchange = exchangeAt('http://relay.test', { HTTP_PROXY: `http://${proxy.label}` });
    await exchange.serverTime();
    await Promise.all(gates.splice(0).map((gate) => gate.onModuleDestroy()));
    await eventually('the proxy sees no connection', () => Promise.resolve(proxy.connections === 0 || undefined));
  });
});
