import { eventually } from '../support/app-process';
import { EventStream } from '../support/event-stream';
import { getAll, getJson, getText, type ListPage } from '../support/http';
import { PrefixProxy } from '../support/prefix-proxy';
import { rawRequest } from '../support/raw-request';
import { RawSocket } from '../support/raw-socket';
import { ServedMarket } from '../support/served-market';
import { Stack } from '../support/stack';

/** Lists of several pages each. */
const LISTS = [
  '/candles?symbol=BTCUSDT&interval=1m&start=2026-11-19&end=2026-11-20&limit=300',
  '/trades/range?symbols=BTCUSDT,PEPEUSDT&start=2026-11-20&end=2026-11-21&limit=3',
  '/daily-metrics?symbol=BTCUSDT&limit=1',
  '/coverage?end=2026-11-20T11:00:00Z&limit=500',
  '/symbols?limit=1',
] as const;

interface Way {
  readonly name: string;
  /** What the proxies take off, the outermost first. */
  readonly prefixes: readonly string[];
  readonly header?: 'handed on' | 'set' | 'added';
  /** Settings of the process behind them, which is told the address of the outermost. */
  readonly settings: (publicUrl: string) => Readonly<Record<string, string>>;
}

const WAYS: readonly Way[] = [
  { name: 'a proxy at the root', prefixes: [''], settings: () => ({}) },
  { name: 'a proxy at the root, with PUBLIC_URL', prefixes: [''], settings: (url) => ({ PUBLIC_URL: `${url}/` }) },
  { name: 'PUBLIC_URL with a path', prefixes: ['/market'], settings: (url) => ({ PUBLIC_URL: url }) },
  {
    name: 'PUBLIC_URL with a path, and a proxy that tells another',
    prefixes: ['/a/b.c'],
    header: 'set',
    settings: (url) => ({ PUBLIC_URL: url, TRUST_PROXY_HOPS: '1' }),
  },
  {
    name: 'a trusted proxy that tells its path',
    prefixes: ['/market'],
    header: 'added',
    settings: () => ({ TRUST_PROXY_HOPS: '1' }),
  },
  {
    name: 'two trusted proxies that take off a part each',
    prefixes: ['/outer', '/inner/b%C3%B6rse'],
    header: 'added',
    settings: () => ({ TRUST_PROXY_HOPS: '2' }),
  },
];

/** What hostile or confused clients send as the path that they come by. */
const HOSTILE = [
  '//evil.example',
  '//evil.example/',
  'https://evil.example',
  'javascript:alert(1)',
  'evil',
  '/..',
  '/../evil',
  '/a/../../evil',
  '/%2e%2e/evil',
  '/a%2f..%2fevil',
  '/\\evil.example',
  '/a b',
  '/a"><script>',
  '/a>; rel="next", <https://evil.example/',
  '/a%0d%0aX-Injected: 1',
  '/a?x=1',
  '/a#x',
  '/market, //evil.example',
  `/${'a'.repeat(300)}`,
  '/a'.repeat(1_000),
] as const;

describe('behind a path', () => {
  let market: ServedMarket;
  const open: PrefixProxy[] = [];

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    for (const proxy of open) await proxy.close();
    await market.close();
  });

  /** Proxies in a row with the service behind them; the first one is what visitors see. */
  const startBehind = async ({ prefixes, header = 'handed on', settings }: Way): Promise<PrefixProxy[]> => {
    const proxies: PrefixProxy[] = [];
    for (const prefix of prefixes) proxies.push(await PrefixProxy.start({ prefix, header }));
    open.push(...proxies);
    const publicUrl = (proxies[0]?.origin ?? '') + prefixes.join('');
    const target = await market.serveWith(settings(publicUrl));
    for (const [index, proxy] of proxies.entries()) proxy.target = proxies[index + 1]?.origin ?? target;
    return proxies;
  };

  describe.each(WAYS)('$name', (way) => {
    const prefix = way.prefixes.join('');
    let proxies: PrefixProxy[];
    let origin: string;

    beforeAll(async () => {
      proxies = await startBehind(way);
      origin = proxies[0]?.origin ?? '';
    });

    afterEach(() => {
      expect(proxies.flatMap(({ strays }) => strays)).toEqual([]);
    });

    it.each(LISTS)('should be walked through to the end by next_url: %s', async (path) => {
      const first = await getJson<ListPage<unknown>>(`${origin}${prefix}${path}`);
      expect(first.next_url).toMatch(new RegExp(`^${prefix.replaceAll('.', '\\.')}/[a-z]`));
      const items = await getAll(origin, `${prefix}${path}`);
      expect(items.length).toBeGreaterThan(first.data.length);
      expect(items).toEqual(await getAll(market.url, path));
    });

    it.each(LISTS)('should be walked through to the end by Link: %s as CSV', async (path) => {
      let [text, pages] = ['', 0];
      for (let next: string | undefined = `${prefix}${path}&format=csv`; next !== undefined; pages += 1) {
        const { status, headers, body } = await rawRequest(new URL(next, origin).href);
        expect(status).toBe(200);
        text += pages === 0 ? body.toString() : body.toString().replace(/^.*?\r\n/, '');
        const link = headers['link'];
        next = link === undefined ? undefined : /^<(\/[^>]+)>; rel="next"$/.exec(String(link))?.[1];
        expect([link, next === undefined]).toEqual([link, link === undefined]);
      }
      expect(pages).toBeGreaterThan(1);
      expect(text).toBe(await getText(`${market.url}${path.replace(/limit=\d+/, 'limit=5000')}&format=csv`));
    });

    it('should resume streams, and tell addresses in them that answer', async () => {
      const path = `${prefix}/stream/candles?symbols=BTCUSDT&start=2026-11-01`;
      const whole = await EventStream.open(`${origin}${path}`);
      await eventually('the history has come', () => Promise.resolve(whole.events.length >= 3 ? true : undefined));
      const history = whole.events.find(({ event }) => event === 'history')?.data as {
        count: number;
        next_url: string;
      };
      expect(history.next_url).toMatch(/\/candles\?symbol=BTCUSDT&interval=1m&start=/);
      const items = await getAll(origin, history.next_url);
      expect(items.length).toBe(history.count);

      const again = await EventStream.open(`${origin}${path}`, { 'Last-Event-ID': whole.events[0]?.id ?? '' });
      await eventually('it has gone on', () => Promise.resolve(again.events.length >= 2 ? true : undefined));
      expect(again.events.slice(0, 2)).toEqual(whole.events.slice(1, 3));

      const lost = await EventStream.open(`${origin}${prefix}/stream/prices?symbols=BTCUSDT`, { 'Last-Event-ID': '?' });
      await eventually('the gap is told', () => Promise.resolve(lost.events.length > 0 ? true : undefined));
      const gap = lost.events[0]?.data as { next_url: string };
      expect((await getAll(origin, gap.next_url)).length).toBeGreaterThan(0);
      for (const stream of [whole, again, lost]) stream.cut();
    });

    it('should be named by its description, so that server and path give an address that answers', async () => {
      const at = `${origin}${prefix}/openapi.json`;
      const { servers, paths } = await getJson<{ servers: { url: string }[]; paths: object }>(at);
      expect(servers.length).toBe(1);
      for (const path of Object.keys(paths).filter((name) => !name.startsWith('/stream'))) {
        const server = new URL(servers[0]?.url ?? '', at).href.replace(/\/$/, '');
        const query = path === '/trades/range' ? '?start=2026-11-20&end=2026-11-21' : '';
        const { status, body } = await rawRequest(`${server}${path}${query}`);
        if (path.includes('{')) {
          // No build has been made: the route itself says so.
          const { instance, code } = JSON.parse(body.toString()) as { instance: string; code: string };
          expect([path, status, instance, code]).toEqual([
            path,
            404,
            new URL(`${server}${path}`).pathname,
            expect.stringMatching(/^BUILD\./),
          ]);
        } else {
          expect([path, [200, 503].includes(status)]).toEqual([path, true]);
        }
      }
    });

    it('should give the documentation its own assets, with or without a slash at the end', async () => {
      const { status, headers } = await rawRequest(`${origin}${prefix}/docs/?a=b`);
      expect(status).toBe(308);
      const moved = new URL(String(headers.location), `${origin}${prefix}/docs/?a=b`);
      expect(moved.href).toBe(`${origin}${prefix}/docs?a=b`);
      const html = await getText(moved.href);
      const parts = [...html.matchAll(/(?:href|src)=['"]([^'"]+)['"]/g)].map(([, part = '']) => part);
      expect(parts.length).toBeGreaterThan(4);
      for (const part of parts) await getText(new URL(part, moved).href);
    });

    it('should give the page its own assets', async () => {
      const at = `${origin}${prefix}/`;
      const html = await getText(at);
      const base = new URL(/<base href="([^"]*)"/.exec(html)?.[1] ?? '', at);
      for (const [, part = ''] of html.matchAll(/(?:href|src)="((?:assets|docs|symbols|bi)[^"]*)"/g)) {
        await getText(new URL(part, base).href);
      }
    });

    it.each(['/nothing', '/candles?limit=0', '/%zz', '/assets/none.js'])(
      'should name in a problem what was asked for: %s',
      async (path) => {
        const { headers, body } = await rawRequest(`${origin}/`, { path: `${prefix}${path}` });
        expect(headers['content-type']).toMatch(/^application\/problem\+json/);
        const { instance } = JSON.parse(body.toString()) as { instance: string };
        expect(instance).toBe(`${prefix}${path.replace(/\?.*$/, '')}`);
      },
    );
  });

  describe('with a client that makes up a path', () => {
    const LIST = '/candles?symbol=BTCUSDT&interval=1m&limit=1';
    let careless: string;
    let trusting: string;
    let told: string;

    const nextUrl = async (url: string, headers: Record<string, string> = {}): Promise<string | null> =>
      (JSON.parse((await rawRequest(`${url}${LIST}`, { headers })).body.toString()) as ListPage<unknown>).next_url;

    beforeAll(async () => {
      careless = await market.serveWith({});
      trusting = await market.serveWith({ TRUST_PROXY_HOPS: '1' });
      told = await market.serveWith({ TRUST_PROXY_HOPS: '1', PUBLIC_URL: 'https://example.com/market' });
    });

    it.each(HOSTILE)('should ignore %j from a trusted proxy too', async (value) => {
      const headers = { 'X-Forwarded-Prefix': value };
      const { headers: answered, body } = await rawRequest(`${trusting}${LIST}`, { headers });
      const { next_url: next } = JSON.parse(body.toString()) as ListPage<unknown>;
      expect(next).toMatch(/^\/candles\?/);
      expect(answered['link']).toBe(`<${next}>; rel="next"`);
      expect(answered['x-injected']).toBeUndefined();
      const document = await rawRequest(`${trusting}/openapi.json`, { headers });
      expect(JSON.parse(document.body.toString())).toMatchObject({ servers: [{ url: '/' }] });
      const page = await rawRequest(`${trusting}/`, { headers });
      expect(page.body.toString()).not.toContain('<base');
      expect(page.headers['content-security-policy']).toContain("base-uri 'none'");
      const missing = await rawRequest(`${trusting}/nothing`, { headers });
      expect(JSON.parse(missing.body.toString())).toMatchObject({ instance: '/nothing' });
    });

    it.each(['/evil', '/a, /b', ...HOSTILE.slice(0, 3)])(
      'should not believe %j where no proxy is trusted, or PUBLIC_URL says it',
      async (value) => {
        const headers = { 'X-Forwarded-Prefix': value };
        expect(await nextUrl(careless, headers)).toMatch(/^\/candles\?/);
        expect(await nextUrl(told, headers)).toMatch(/^\/market\/candles\?/);
      },
    );

    it('should count what the trusted proxy added, and not what the client sent before it', async () => {
      expect(await nextUrl(trusting, { 'X-Forwarded-Prefix': '/evil, /market' })).toMatch(/^\/market\/candles\?/);
      expect(await nextUrl(trusting, { 'X-Forwarded-Prefix': '//evil.example, /market' })).toMatch(/^\/market\//);
    });

    it('should say of requests with the path still on that the proxy has to take it off', async () => {
      const ask = async (path: string): Promise<unknown> => {
        const { status, body } = await rawRequest(`${told}${path}`);
        const { detail } = JSON.parse(body.toString()) as { detail: string };
        return [status, detail.includes('the proxy in front has to take /market off')];
      };
      for (const path of ['/market/candles', '/market/', '/market']) expect(await ask(path)).toEqual([404, true]);
      for (const path of ['/marketing', '/nothing/market/']) expect(await ask(path)).toEqual([404, false]);
    });

    it('should name the path of PUBLIC_URL also where a request cannot be read', async () => {
      const socket = await RawSocket.open(told);
      await socket.send('what is this\r\n\r\n').closed();
      expect(socket.text).toContain('"instance":"/market/"');
    });

    it('should not name another host because a request does', async () => {
      for (const server of [careless, trusting]) {
        const { headers, body } = await rawRequest(server, {
          path: `http://evil.example${LIST}`,
          headers: { Host: 'evil.example' },
        });
        expect(body.toString()).toMatch(/"next_url":"\/candles\?/);
        expect(`${String(headers['link'])}${body.toString()}`).not.toContain('evil.example');
      }
    });

    it('should give a cache no reason to hand the path of one visitor to another', async () => {
      const ask = (url: string, path: string, headers: Record<string, string> = {}) =>
        rawRequest(`${url}${path}`, { headers });
      const poisoned = { 'X-Forwarded-Prefix': '/evil' };
      for (const path of [LIST, `${LIST}&format=csv`, '/symbols', '/openapi.json', '/']) {
        const [plain, evil] = [await ask(trusting, path), await ask(trusting, path, poisoned)];
        for (const { headers } of [plain, evil]) expect(headers.vary).toMatch(/(?:^|, )X-Forwarded-Prefix$/);
        expect((await ask(careless, path)).headers.vary ?? '').not.toContain('X-Forwarded-Prefix');
        // Whoever was poisoned once is not told that nothing has changed.
        const { etag } = evil.headers;
        if (etag === undefined || !evil.body.includes('/evil/')) continue;
        const after = await ask(trusting, path, { 'If-None-Match': etag });
        expect([after.status, after.body.includes('/evil')]).toEqual([200, false]);
      }
      const tables = ['/bi/daily_ohlc.csv', '/bi/latest_prices.csv', '/bi/datasets.json'];
      for (const path of tables) {
        // In ranges, too, which are served from bytes that are held for other readers.
        const head = await rawRequest(`${trusting}${path}`, { method: 'HEAD', headers: poisoned });
        const [plain, evil] = [
          await ask(trusting, path),
          await ask(trusting, path, { ...poisoned, Range: 'bytes=0-' }),
        ];
        expect(evil.body.equals(plain.body)).toBe(true);
        expect([head.headers.etag, evil.headers.etag]).toEqual([plain.headers.etag, plain.headers.etag]);
        expect(plain.headers.vary).toBe('Accept-Encoding');
      }
    });
  });
});

/** One `.env` is made for all processes, and the path leads to one of them. */
describe('a process that is not what PUBLIC_URL leads to', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '0', PUBLIC_URL: 'https://example.com/market' });

  afterAll(async () => {
    await stack.close();
  });

  it('should name its own routes as they are', async () => {
    await stack.startSimulator();
    await stack.start('ingest-app');
    const url = await stack.urlOf('ingest-app');
    for (const path of ['/nothing', '/market/health', '/%zz']) {
      const { status, body } = await rawRequest(url, { path });
      expect([path, status < 500, JSON.parse(body.toString())]).toMatchObject([path, true, { instance: path }]);
    }
  });
});
