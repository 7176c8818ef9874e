import { eventually, type AppProcess } from '../support/app-process';
import { rawRequest, type RawAnswer } from '../support/raw-request';
import { describeRedis, RedisServer } from '../support/redis-server';
import { Stack } from '../support/stack';

const LIMIT = 10;
const PATH = '/bi/datasets.json';

/** Two replicas of the API that count in one Redis. */
describeRedis('request budget of replicas', () => {
  const stacks: Stack[] = [];
  let redis: RedisServer;
  let apps: AppProcess[];
  let urls: string[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    [apps, urls] = [[], []];
    for (let replica = 0; replica < 2; replica += 1) {
      const stack = new Stack({
        THROTTLE_LIMIT: String(LIMIT),
        LOG_LEVEL: 'info',
        THROTTLE_TTL_SECONDS: '600',
        THROTTLE_REDIS_URL: redis.url,
        API_KEYS: 'alice:alice-has-a-key-of-her-own',
        THROTTLE_KEY_LIMIT: '25',
      });
      stacks.push(stack);
      apps.push(await stack.start('api-app'));
      urls.push(await stack.urlOf('api-app'));
    }
    await up(1);
  });

  afterEach(async () => {
    redis.resume();
    for (const stack of stacks.splice(0)) await stack.close();
    await redis.kill();
  });

  const ask = (replica: number, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(String(urls[replica]), { path: PATH, headers });
  const left = ({ headers }: RawAnswer): number => Number(headers['x-ratelimit-remaining']);
  const metric = async (replica: number, name: string): Promise<number> => {
    const { body } = await rawRequest(String(urls[replica]), { path: '/metrics' });
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(body.toString())?.[1]);
  };
  const up = async (value: 0 | 1): Promise<void> => {
    for (const replica of [0, 1]) {
      await eventually(`csp_throttle_redis_up is ${value}`, async () =>
        (await metric(replica, 'csp_throttle_redis_up')) === value ? true : undefined,
      );
    }
  };
  const lines = (app: AppProcess, text: string): number => app.output.split(text).length - 1;

  it('should be one for all of them, by key and by address', async () => {
    for (let spent = 1; spent <= LIMIT; spent += 1) {
      const answer = await ask(spent % 2);
      expect([answer.status, left(answer)]).toEqual([200, LIMIT - spent]);
    }
    expect([(await ask(0)).status, (await ask(1)).status]).toEqual([429, 429]);
    const key = { 'x-api-key': 'alice-has-a-key-of-her-own' };
    expect([left(await ask(0, key)), left(await ask(1, key))]).toEqual([24, 23]);
  });

  it('should give back what cost nothing, whoever answered it', async () => {
    const { headers } = await ask(0);
    for (let call = 0; call < 5; call += 1) {
      const answer = await ask(call % 2, { 'if-none-match': String(headers.etag) });
      expect([answer.status, left(answer)]).toEqual([304, LIMIT - 1]);
    }
    expect(left(await ask(1))).toBe(LIMIT - 2);
  });

  it('should not stand in the way when Redis is killed, and be shared again when it is back', async () => {
    for (let spent = 1; spent <= LIMIT; spent += 1) await ask(0);
    expect((await ask(1)).status).toBe(429);

    await redis.kill();
    for (const replica of [0, 1]) expect((await ask(replica)).status).toBe(200);
    await up(0);
    expect(await metric(0, 'csp_throttle_redis_misses_total')).toBeGreaterThan(0);

    await redis.start();
    await up(1);
    await eventually('both count together', async () => {
      const [one, other] = [left(await ask(0)), left(await ask(1))];
      return other === one - 1 ? true : undefined;
    });
    for (const app of apps) {
      await app.stop();
      expect([lines(app, 'Redis is away'), lines(app, 'Redis is back')]).toEqual([1, 1]);
    }
  });

  it('should not make anybody wait for a Redis that answers no more', async () => {
    expect((await ask(0)).status).toBe(200);
    redis.freeze();
    for (let call = 0; call < 5; call += 1) expect((await ask(0)).status).toBe(200);
    expect(await metric(0, 'csp_throttle_redis_up')).toBe(0);
    redis.resume();
    await eventually('Redis is asked again', async () => {
      expect((await ask(0)).status).toBe(200);
      return (await metric(0, 'csp_throttle_redis_up')) === 1 ? true : undefined;
    });
  });
});
