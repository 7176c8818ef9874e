import { eventually } from '../support/app-process';
import { runCli } from '../support/run-cli';
import { EventStream } from '../support/event-stream';
import { getJson, type ListPage } from '../support/http';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { marketAt, Stack } from '../support/stack';

const KEY = /^csp_[A-Za-z0-9_-]{32}$/;
/** Within which a key that was made or revoked has to be known everywhere. */
const EFFECTIVE_MS = 2_000;

/** Keys that are made and revoked while processes run: by the command, against both of them. */
describe('cli keys', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '1',
    BACKFILL_DAYS: '0',
    REQUIRE_API_KEY: 'true',
    API_KEYS: 'operator:key-of-the-operator',
  });
  let urls: readonly string[];

  const keys = async (...args: string[]): Promise<string> => {
    const { code, output } = await runCli(stack, 'keys', ...args);
    expect([args, code, output]).toEqual([args, 0, output]);
    return output.trim();
  };
  const ask = (url: string, key: string, path = '/symbols'): Promise<RawAnswer> =>
    rawRequest(url, { path, headers: { 'x-api-key': key } });
  /** What every process answers to a key once it has had the time that it may take to know of it. */
  const known = async (key: string, status: number): Promise<void> => {
    for (const url of urls) {
      await eventually(
        `${url} answers ${status}`,
        async () => ((await ask(url, key)).status === status ? true : undefined),
        EFFECTIVE_MS,
      );
    }
  };

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z'))]);
    await stack.start('standalone-app');
    const port = await stack.port('second');
    const second = await stack.launch('api-app', { PORT: String(port) });
    urls = [await stack.urlOf('standalone-app'), `http://127.0.0.1:${port}`];
    await second.answers(`${urls[1]}/livez`);
    for (const url of urls) {
      await eventually('prices are served', async () => {
        const answer = await ask(url, 'key-of-the-operator', '/trades/latest');
        const { data } = JSON.parse(answer.body.toString()) as Partial<ListPage<object>>;
        return (data?.length ?? 0) > 0 ? true : undefined;
      });
    }
  });

  afterAll(async () => {
    await stack.close();
  });

  it('should make a key that holds in every process within two seconds, and end it as soon', async () => {
    const key = await keys('create', '--name', 'analyst', '--limit', '17');
    expect(key).toMatch(KEY);
    await known(key, 200);
    for (const url of urls) expect((await ask(url, key)).headers['x-ratelimit-limit']).toBe('17');
    expect(await keys('list')).not.toContain(key);
    expect(await keys('list')).toMatch(/^analyst +valid .* 17$/m);
    expect(await keys('revoke', 'analyst')).toBe('analyst is revoked');
    await known(key, 401);
    expect(await keys('list')).toMatch(/^analyst +revoked /m);
    expect(await keys('list')).toMatch(/^operator +in API_KEYS$/m);

    const another = await keys('create', '--name', 'analyst');
    expect(another).not.toBe(key);
    await known(another, 200);
    await known(key, 401);
  });

  it('should end the open streams of a key that is revoked, and no others', async () => {
    const key = await keys('create', '--name', 'reader');
    await known(key, 200);
    const streams = await Promise.all(
      urls.map((url) => EventStream.open(`${url}/stream/prices`, { authorization: `Bearer ${key}` })),
    );
    const others = await Promise.all(
      urls.map((url) => EventStream.open(`${url}/stream/prices?api_key=key-of-the-operator`)),
    );
    for (const { response } of streams) {
      expect(response.headers['cache-control']).toBe('private, no-cache, no-transform');
    }
    await keys('revoke', 'reader');
    await eventually(
      'the streams are ended',
      () => Promise.resolve(streams.every(({ hasEnded }) => hasEnded) || undefined),
      EFFECTIVE_MS,
    );
    expect(streams.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    expect(others.some(({ hasEnded }) => hasEnded)).toBe(false);
    for (const stream of others) stream.cut();
  });

  it('should end a key with its time, and its streams', async () => {
    const expires = new Date(Date.now() + 20_000).toISOString();
    const key = await keys('create', '--name', 'guest', '--expires', expires);
    await known(key, 200);
    const stream = await EventStream.open(`${urls[0]}/stream/prices`, { 'x-api-key': key });
    await eventually('the stream is ended', () => Promise.resolve(stream.hasEnded || undefined));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires));
    await known(key, 401);
    expect(await keys('list')).toMatch(/^guest +expired /m);
  });

  it.each([
    [['create', '--name', 'two words'], '--name="two words" is not allowed'],
    [['create', '--name', 'operator'], '--name="operator" is not allowed; expected a name that no key of API_KEYS has'],
    [['create', '--name', 'x', '--limit', '0'], '--limit="0" is not allowed'],
    [['create', '--name', 'x', '--expires', '2020-01-01'], '--expires="2020-01-01" is not allowed'],
    [['create', '--name', 'x', '--expires', 'soon'], '--expires="soon" is not allowed'],
    [['revoke', 'nobody'], 'revoke="nobody" is not allowed'],
    [['revoke', 'operator'], 'take this one out of API_KEYS'],
    [['drop'], 'keys="drop" is not allowed; expected create, list or revoke'],
  ])('should refuse %j', async (args, message) => {
    const { code, output } = await runCli(stack, 'keys', ...args);
    expect([code, output]).toEqual([2, expect.stringContaining(message)]);
  });

  it('should refuse a second key of a name that is in use', async () => {
    await keys('create', '--name', 'once');
    const { code, output } = await runCli(stack, 'keys', 'create', '--name', 'once');
    expect([code, output]).toEqual([2, expect.stringContaining('revoke that one first')]);
  });

  it('should leave nothing of a key in the database but its hash', async () => {
    const key = await keys('create', '--name', 'hashed');
    await known(key, 200);
    const files = await getJson<object>(`${urls[0]}/openapi.json`);
    expect(JSON.stringify(files)).not.toContain(key);
    const { readFileSync, readdirSync } = await import('node:fs');
    for (const name of readdirSync(stack.folder).filter((file) => file.startsWith('app.db'))) {
      expect(readFileSync(`${stack.folder}/${name}`).includes(key)).toBe(false);
    }
  });
});
