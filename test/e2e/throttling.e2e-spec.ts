import { eventually } from '../support/app-process';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { RawSocket, requestText } from '../support/raw-socket';
import { Stack } from '../support/stack';

const LIMIT = 10;
/** A window long enough for a test to stay within it. */
const LONG = '600';

/** The request budget of each client, as clients meet it: by processes, over sockets. */
describe('request budget', () => {
  const stacks: Stack[] = [];

  afterEach(async () => {
    for (const stack of stacks.splice(0)) await stack.close();
  });

  async function serve(settings: Record<string, string>): Promise<string> {
    const stack = new Stack({ THROTTLE_LIMIT: String(LIMIT), THROTTLE_TTL_SECONDS: LONG, ...settings });
    stacks.push(stack);
    await stack.start('api-app');
    return stack.urlOf('api-app');
  }

  const ask = (url: string, path: string, forwardedFor?: string, method = 'GET'): Promise<RawAnswer> =>
    rawRequest(url, { method, path, headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor } });

  it('should be one for all routes, told on every answer, and refuse in words what goes beyond it', async () => {
    const url = await serve({});
    const paths = ['/bi/datasets.json', '/health', '/candles', '/bi/daily_ohlc.csv', '/symbols'];
    for (let spent = 1; spent <= LIMIT; spent += 1) {
      const { status, headers } = await ask(url, paths[spent % paths.length] ?? '/symbols');
      expect(status).not.toBe(429);
      expect(headers['ratelimit']).toMatch(new RegExp(`^"default";r=${LIMIT - spent};t=\\d+$`));
      expect(headers['ratelimit-policy']).toBe(`"default";q=${LIMIT};w=${LONG}`);
      expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual([
        String(LIMIT),
        String(LIMIT - spent),
      ]);
    }
    for (const path of paths) {
      const { status, headers, body } = await ask(url, path);
      expect([path, status]).toEqual([path, 429]);
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      expect(headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/);
      expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['etag']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(JSON.parse(body.toString())).toMatchObject({ status: 429, code: 'THROTTLE.LIMIT_EXCEEDED' });
    }

    // What machines ask all the time costs nothing and is never refused.
    for (let call = 0; call < 1_000; call += 1) expect((await ask(url, '/livez')).status).toBe(200);
    expect([200, 503]).toContain((await ask(url, '/readyz')).status);
    expect((await ask(url, '/metrics')).status).toBe(200);
  });

  it.each([
    ['unknown paths', 'GET', '/nothing', 404],
    ['OPTIONS', 'OPTIONS', '/candles', 204],
    ['methods that a route does not have', 'DELETE', '/candles', 405],
    ['addresses that cannot be decoded', 'GET', '/%', 400],
    ['addresses with a broken escape', 'GET', '/candles%zz?symbol=BTCUSDT', 400],
  ])('should be spent by %s too', async (_what, method, path, status) => {
    const url = await serve({});
    for (let spent = 1; spent <= LIMIT; spent += 1) {
      const answer = await ask(url, path, undefined, method);
      expect([answer.status, answer.headers['x-ratelimit-remaining']]).toEqual([status, String(LIMIT - spent)]);
      expect(answer.headers['x-request-id']).toBeDefined();
    }
    const refused = await ask(url, path, undefined, method);
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([429, '*']);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect((await ask(url, '/candles')).status).toBe(429);
  });

  it('should leave HEAD a counter of its own, ten times as large', async () => {
    const url = await serve({ THROTTLE_LIMIT: '2' });
    for (let call = 1; call <= 20; call += 1) {
      const path = call % 2 ? '/bi/datasets.json' : '/nothing/at/all';
      const { status, headers } = await ask(url, path, undefined, 'HEAD');
      expect([status, headers['x-ratelimit-remaining']]).toEqual([call % 2 ? 200 : 404, String(20 - call)]);
      expect(headers['ratelimit-policy']).toBe(`"head";q=20;w=${LONG}`);
    }
    expect((await ask(url, '/bi/datasets.json', undefined, 'HEAD')).status).toBe(429);
    const { status, headers } = await ask(url, '/bi/datasets.json');
    expect([status, headers['x-ratelimit-remaining']]).toEqual([200, '1']);
  });

  it('should take nothing for an answer that only says that nothing is new, within ten times the budget', async () => {
    const url = await serve({ THROTTLE_LIMIT: '3' });
    const { headers } = await ask(url, '/bi/datasets.json');
    const etag = String(headers.etag);
    const again = (): Promise<RawAnswer> =>
      rawRequest(url, { path: '/bi/datasets.json', headers: { 'if-none-match': etag } });
    for (let call = 1; call <= 30; call += 1) {
      const answer = await again();
      expect([answer.status, answer.headers['x-ratelimit-remaining']]).toEqual([304, '2']);
    }
    // From here on nothing is given back: two are left, and then none.
    expect([(await again()).status, (await again()).status, (await again()).status]).toEqual([304, 304, 429]);
  });

  it('should ask for budget before it says that nothing is new', async () => {
    const url = await serve({ THROTTLE_LIMIT: '1' });
    const { headers } = await ask(url, '/bi/datasets.json');
    const path = '/bi/datasets.json';
    const answer = await rawRequest(url, { path, headers: { 'if-none-match': String(headers.etag) } });
    expect([answer.status, answer.headers['ratelimit']]).toEqual([429, expect.stringMatching(/^"default";r=0;/)]);
  });

  it('should bound the log lines of what it refuses, and say how many had none', async () => {
    const stack = new Stack({ THROTTLE_LIMIT: '1', THROTTLE_TTL_SECONDS: LONG });
    stacks.push(stack);
    const app = await stack.start('api-app');
    const socket = await RawSocket.open(await stack.urlOf('api-app'));
    const count = 3_000;
    socket.send(
      ['/nothing', '/candles', '/%']
        .map((path) => requestText(path))
        .join('')
        .repeat(count / 3),
    );
    expect((await socket.statuses(count)).filter((status) => status !== 429)).toEqual([404]);
    socket.disconnect();
    await app.stop();
    const lines = app.output.split('\n').filter((line) => line.includes('"status":429'));
    expect(lines.length).toBeGreaterThan(0);
    const [, untold = '0'] = /"requests":(\d+),"msg":"requests that were refused/.exec(app.output) ?? [];
    expect(Number(untold)).toBeGreaterThan(1_000);
    expect(lines.length + Number(untold)).toBeLessThanOrEqual(count);
  });

  it('should be there again when the window is over', async () => {
    const url = await serve({ THROTTLE_LIMIT: '1', THROTTLE_TTL_SECONDS: '1' });
    await eventually('a request is refused', async () =>
      (await ask(url, '/bi/datasets.json')).status === 429 ? true : undefined,
    );
    await eventually('requests are answered again', async () =>
      (await ask(url, '/bi/datasets.json')).status === 200 ? true : undefined,
    );
  });

  it('should not be escaped by inventing addresses where no proxy is trusted', async () => {
    const url = await serve({ TRUST_PROXY_HOPS: '0' });
    const statuses = [];
    for (let call = 0; call < 50; call += 1)
      statuses.push((await ask(url, '/bi/datasets.json', `10.0.0.${call}`)).status);
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(200), ...Array<number>(50 - LIMIT).fill(429)]);
  });

  it('should be per client behind a trusted proxy, whatever the client writes left of it', async () => {
    const url = await serve({ TRUST_PROXY_HOPS: '1' });
    const statuses = [];
    for (let call = 0; call < 50; call += 1)
      statuses.push((await ask(url, '/bi/datasets.json', `10.0.0.${call}, 192.0.2.1`)).status);
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(200), ...Array<number>(50 - LIMIT).fill(429)]);
    expect((await ask(url, '/bi/datasets.json', '192.0.2.2')).status).toBe(200);
    expect((await ask(url, '/bi/datasets.json', '192.0.2.1')).status).toBe(429);
    // Without the header it did not come through the proxy: the peer's own budget.
    expect((await ask(url, '/bi/datasets.json')).status).toBe(200);
  });
});
