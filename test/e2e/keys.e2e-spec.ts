import type { AppProcess } from '../support/app-process';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { RawSocket, requestText } from '../support/raw-socket';
import { Stack } from '../support/stack';

const LIMIT = 10;
const KEY_LIMIT = 25;
/** A window long enough for a test to stay within it. */
const LONG = '600';

const ALICE = 'alice-has-a-key-of-her-own';
const BOB = 'bob-has-another-one';

/** What needs no store: it answers 200 from a process that has captured nothing. */
const PATH = '/bi/datasets.json';

/** Keys and the budgets that go with them, as clients meet them: by processes, over sockets. */
describe('API keys', () => {
  const stacks: Stack[] = [];
  let app: AppProcess;
  let url: string;

  afterEach(async () => {
    for (const stack of stacks.splice(0)) await stack.close();
  });

  async function serve(settings: Record<string, string> = {}): Promise<void> {
    const stack = new Stack({
      THROTTLE_LIMIT: String(LIMIT),
      THROTTLE_KEY_LIMIT: String(KEY_LIMIT),
      THROTTLE_TTL_SECONDS: LONG,
      API_KEYS: `alice:${ALICE},bob:${BOB}`,
      ...settings,
    });
    stacks.push(stack);
    app = await stack.start('api-app');
    url = await stack.urlOf('api-app');
  }

  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> =>
    rawRequest(url, { method, path, headers });
  const left = ({ headers }: RawAnswer): number => Number(headers['x-ratelimit-remaining']);
  const codeOf = ({ body }: RawAnswer): string => (JSON.parse(body.toString()) as { code: string }).code;

  it('should be taken as X-API-Key, as a bearer token and from the address, and have one budget', async () => {
    await serve();
    const ways: [string, Record<string, string>][] = [
      [PATH, { 'x-api-key': ALICE }],
      [PATH, { authorization: `Bearer ${ALICE}` }],
      [`${PATH}?api_key=${ALICE}`, {}],
      [`${PATH}?api_key=${ALICE}&_=1`, { 'x-api-key': ALICE, authorization: `Bearer ${ALICE}` }],
    ];
    for (const [index, [path, headers]] of ways.entries()) {
      const answer = await ask(path, headers);
      expect([answer.status, left(answer)]).toEqual([200, KEY_LIMIT - 1 - index]);
      expect(answer.headers['ratelimit-policy']).toBe(`"default";q=${KEY_LIMIT};w=${LONG}`);
    }
    expect(left(await ask(PATH, { 'x-api-key': BOB }))).toBe(KEY_LIMIT - 1);
    expect(left(await ask(PATH))).toBe(LIMIT - 1);
    // Another scheme is that of somebody else, such as a proxy in front.
    expect(left(await ask(PATH, { authorization: 'Basic dXNlcjpwYXNz' }))).toBe(LIMIT - 2);
  });

  it("should have a budget that follows the key, and leave its address's alone", async () => {
    await serve({ TRUST_PROXY_HOPS: '1' });
    const from = (address: string): Promise<RawAnswer> => ask(PATH, { 'x-forwarded-for': address, 'x-api-key': ALICE });
    for (let call = 1; call <= KEY_LIMIT; call += 1) {
      expect(left(await from(`192.0.2.${call}`))).toBe(KEY_LIMIT - call);
    }
    const refused = await from('192.0.2.200');
    expect([refused.status, codeOf(refused)]).toEqual([429, 'THROTTLE.LIMIT_EXCEEDED']);
    expect((await ask(PATH, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
  });

  it('should be kept by no cache but the own one of the client', async () => {
    await serve();
    for (const [path, open, own] of [
      [PATH, 'public, max-age=60, stale-while-revalidate=300', 'private, max-age=60, stale-while-revalidate=300'],
      ['/', 'no-cache', 'private, no-cache'],
    ] as const) {
      expect((await ask(path)).headers['cache-control']).toBe(open);
      const answer = await ask(path, { 'x-api-key': ALICE });
      expect(answer.headers['cache-control']).toBe(own);
      const { etag } = answer.headers;
      if (etag === undefined) continue;
      const unchanged = await ask(path, { 'x-api-key': ALICE, 'if-none-match': etag });
      expect([unchanged.status, unchanged.headers['cache-control']]).toEqual([304, own]);
    }
  });

  it.each([
    ['in a header', PATH, { 'x-api-key': 'nobody-has-this-one' }],
    ['as a bearer token', PATH, { authorization: 'Bearer nobody-has-this-one' }],
    ['in the address', `${PATH}?api_key=nobody-has-this-one`, {}],
    ['that is empty', `${PATH}?api_key=`, {}],
    ['on a route that is free', '/livez', { 'x-api-key': 'nobody-has-this-one' }],
    ['where there is no route', '/nothing', { 'x-api-key': 'nobody-has-this-one' }],
    ['at an address that cannot be decoded', '/%?api_key=nobody-has-this-one', {}],
  ])('should be refused when unknown %s, at the cost of the address', async (_what, path, headers) => {
    await serve();
    for (let call = 1; call <= LIMIT; call += 1) {
      const answer = await ask(path, headers);
      expect([answer.status, codeOf(answer), left(answer)]).toEqual([401, 'KEY.UNKNOWN', LIMIT - call]);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+", error="invalid_token"$/);
      expect([answer.headers['cache-control'], answer.headers['access-control-allow-origin']]).toEqual([
        'no-store',
        '*',
      ]);
      expect(answer.body.toString()).not.toContain('nobody-has');
    }
    expect((await ask(path, headers)).status).toBe(429);
    expect((await ask(PATH)).status).toBe(429);
    expect((await ask(PATH, { 'x-api-key': ALICE })).status).toBe(200);
    expect((await ask('/livez')).status).toBe(200);
  });

  it('should be refused when two of them differ', async () => {
    await serve();
    for (const answer of [
      await ask(`${PATH}?api_key=${ALICE}`, { 'x-api-key': BOB }),
      await ask(PATH, { 'x-api-key': ALICE, authorization: `Bearer ${BOB}` }),
      await ask(`${PATH}?api_key=${ALICE}&api_key=${BOB}`),
    ]) {
      expect([answer.status, codeOf(answer)]).toEqual([400, 'KEY.CONTRADICTORY']);
      expect(answer.body.toString()).not.toMatch(/alice|bob/);
    }
  });

  it('should stay in the address of a redirect, and in none that an answer gives', async () => {
    await serve();
    const redirect = await ask(`/docs/?api_key=${ALICE}&x=1`);
    expect([redirect.status, redirect.headers.location]).toEqual([308, `../docs?api_key=${ALICE}&x=1`]);
    const answer = await ask(`/candles?symbol=BTCUSDT&api_key=${ALICE}`);
    expect(answer.headers['x-ratelimit-limit']).toBe(String(KEY_LIMIT));
    expect(JSON.stringify(answer.headers) + answer.body.toString()).not.toContain(ALICE);
  });

  it('should not be repeated by an error where it stands in the wrong place', async () => {
    await serve();
    const key = 'csp_0123456789abcdefghijklmnopqrstuv';
    const { status, body } = await ask(`/candles?symbol=BTCUSDT&apikey=${key}&interval=${key}`);
    expect([status, body.toString()]).toEqual([400, expect.not.stringContaining(key.slice(4))]);
  });

  it('should close everything but the page, the documentation and two probes where one is required', async () => {
    await serve({ REQUIRE_API_KEY: 'true', THROTTLE_LIMIT: '100' });
    for (const path of ['/', '/docs', '/docs/', '/docs/swagger-ui.css', '/openapi.json', '/livez', '/assets/none.js']) {
      for (const method of ['GET', 'HEAD']) expect([401, 429]).not.toContain((await ask(path, {}, method)).status);
    }
    expect([200, 503]).toContain((await ask('/readyz')).status);
    for (const path of [
      '/health',
      '/metrics',
      '/symbols',
      '/bi/daily_ohlc.csv',
      '/stream/prices',
      '/nothing',
      '/docsx',
    ]) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
        const answer = await ask(path, {}, method);
        expect([path, method, answer.status]).toEqual([path, method, 401]);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+"$/);
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        if (method === 'GET') expect(codeOf(answer)).toBe('KEY.REQUIRED');
      }
    }
    expect((await ask('/health', { 'x-api-key': ALICE })).status).toBe(200);
    expect((await ask('/nothing', { 'x-api-key': ALICE })).status).toBe(404);
    const preflight = await ask(
      '/candles',
      {
        origin: 'https://x.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-api-key',
      },
      'OPTIONS',
    );
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([204, '*, Authorization']);
  });

  it('should cost the address where one is required and none is sent', async () => {
    await serve({ REQUIRE_API_KEY: 'true' });
    const statuses = [];
    for (let call = 0; call < LIMIT + 2; call += 1) statuses.push((await ask('/symbols')).status);
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(401), 429, 429]);
    expect((await ask(PATH, { 'x-api-key': ALICE })).status).toBe(200);
  });

  it('should change nothing for others when 10,000 of them are wrong, and appear nowhere', async () => {
    await serve({ TRUST_PROXY_HOPS: '1', LOG_LEVEL: 'trace' });
    const socket = await RawSocket.open(url);
    const wrong = 10_000;
    let sent = '';
    for (let number = 0; number < wrong; number += 1) {
      const key = `csp_wrong${String(number).padStart(6, '0')}`;
      const way = number % 3;
      sent += requestText(way === 0 ? `/symbols?api_key=${key}` : '/symbols', {
        'x-forwarded-for': '192.0.2.66',
        ...(way === 1 ? { 'x-api-key': key } : {}),
        ...(way === 2 ? { authorization: `Bearer ${key}` } : {}),
      });
    }
    socket.send(sent);
    const statuses = await socket.statuses(wrong);
    expect(statuses.filter((status) => status === 401)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(wrong - LIMIT);
    socket.disconnect();

    expect(left(await ask(PATH, { 'x-forwarded-for': '192.0.2.67' }))).toBe(LIMIT - 1);
    expect(left(await ask(PATH, { 'x-forwarded-for': '192.0.2.66', 'x-api-key': ALICE }))).toBe(KEY_LIMIT - 1);
    const metrics = (await ask('/metrics')).body.toString();
    await app.stop();
    for (const text of [metrics, app.output]) {
      expect(text).not.toMatch(/csp_wrong|api_key=|[Bb]earer/);
      expect(text).not.toContain(ALICE);
    }
  });
});
