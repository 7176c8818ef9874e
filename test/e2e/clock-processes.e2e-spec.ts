import { CANDLES_TOPIC } from '@app/domain';
import { describeOwnKafka } from '../support/describe-kafka';
import type { ListPage } from '../support/http';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';
import { describeClockSteps } from '../support/set-clock';
import { floorToMinute, SetClockPlatform, type PlatformHealth } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FACTOR = 60;
const NOON = '2026-11-20T12:00:20Z';

const ownClock = (health: PlatformHealth): string => (health as { clock?: { state?: string } }).clock?.state ?? '';

interface Candle {
  readonly open_time: string;
  readonly is_closed: boolean;
}

/** Minutes from now on come without a hole, what is newest is right, and nothing that is still open is called closed. */
async function expectServedByExchangeTime(platform: SetClockPlatform): Promise<void> {
  const since = await platform.stack.marketTime();
  for (const symbol of platform.symbols) {
    await platform.pricesSince(symbol, since, 5);
    await platform.expectLatestByExchangeTime(symbol, since);
    await platform.accountedUntil(symbol, floorToMinute(since) + 2 * MINUTE_MS);
    await platform.expectMinutesOfExchange(symbol);
    const query = `/candles?symbol=${symbol}&interval=1h&order=desc&limit=1`;
    const [hour] = (await platform.answers<ListPage<Candle>>(query)).data;
    const end = Date.parse(hour?.open_time ?? '') + HOUR_MS;
    expect([hour?.open_time, hour?.is_closed]).toEqual([hour?.open_time, (await platform.stack.marketTime()) >= end]);
  }
}

describeClockSteps('capture and API with different clocks', () => {
  let platform: SetClockPlatform;

  beforeEach(async () => {
    platform = new SetClockPlatform({ factor: FACTOR });
    await platform.startExchange(NOON);
  });

  afterEach(() => platform.close());

  const healthIs = (api: string, ingest: string) =>
    platform.healthSays(
      `api: ${api}, ingest: ${ingest}`,
      (health) => ownClock(health) === api && ingestClock(health) === ingest,
    );
  const ingestClock = (health: PlatformHealth): string => {
    const { capture } = (health.processes['ingest']?.status ?? {}) as { capture?: { clock?: { state?: string } } };
    return capture?.clock?.state ?? '';
  };

  it.each([
    ['26 hours ahead', 26 * HOUR_MS],
    ['an hour behind', -HOUR_MS],
    ['400 days behind', -400 * DAY_MS],
  ])('the API %s and capture right: what is served goes by the time of capture', async (_, ahead) => {
    await platform.start('ingest-app');
    await platform.start('api-app', ahead);
    const health = await healthIs('corrected', 'ok');
    expect(health.reasons.join()).toContain('api: the local clock is');
    expect(health.status).toBe('degraded');
    await expectServedByExchangeTime(platform);
    platform.setClock('api-app', 0);
    await healthIs('ok', 'ok');
    platform.setClock('api-app', ahead / 2);
    await healthIs('corrected', 'ok');
    await expectServedByExchangeTime(platform);
  });

  it.each([
    ['26 hours ahead', 26 * HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])('capture %s and the API right', async (_, ahead) => {
    await platform.start('ingest-app', ahead);
    await platform.start('api-app');
    await healthIs('ok', 'corrected');
    await expectServedByExchangeTime(platform);
    platform.setClock('ingest-app', 0);
    await healthIs('ok', 'ok');
    await expectServedByExchangeTime(platform);
  });

  it('both on one machine 26 hours ahead, which is then put right', async () => {
    await platform.start('ingest-app', 26 * HOUR_MS);
    await platform.start('api-app', 26 * HOUR_MS);
    await healthIs('corrected', 'corrected');
    await expectServedByExchangeTime(platform);
    platform.setClock('api-app', 0);
    platform.setClock('ingest-app', 0);
    await healthIs('ok', 'ok');
    await expectServedByExchangeTime(platform);
  });

  it.each([
    ['the API ahead', 'api-app'],
    ['capture ahead', 'ingest-app'],
  ] as const)('a process that only the store tells of lives until it is gone: %s by an hour', async (_, app) => {
    const nobody = { INGEST_URL: 'http://127.0.0.1:1' };
    const ingest = await platform.start('ingest-app');
    await platform.start('api-app', 0, nobody);
    const ingestIs = (state: string) =>
      platform.healthSays(`that ingest is ${state}`, ({ processes }) => processes['ingest']?.state === state);
    const { processes } = await ingestIs('ok');
    const before = JSON.stringify(processes['ingest']?.status);
    // In real time, by which processes are watched.
    platform.setClock(app, HOUR_MS * FACTOR);
    const seen: (string | undefined)[] = [];
    await platform.healthSays('something new of ingest', (health) => {
      seen.push(health.processes['ingest']?.state);
      return JSON.stringify(health.processes['ingest']?.status) !== before;
    });
    expect(seen).not.toContain('unknown');
    await ingest.stop('SIGKILL');
    await ingestIs('unknown');
  });
});

const describeWithKafka = describeOwnKafka === describe ? describeClockSteps : describeOwnKafka;

describeWithKafka('capture, broker and consumer with different clocks', () => {
  let broker: KafkaBroker;
  let platform: SetClockPlatform;

  beforeEach(async () => {
    broker = await KafkaBroker.start();
    platform = new SetClockPlatform({
      factor: FACTOR,
      settings: { BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap, TOPIC_PARTITIONS: '2' },
    });
    await platform.startExchange(NOON);
  });

  afterEach(async () => {
    await platform.close();
    await broker.close();
  });

  /** Of the clocks that a test has set, in real time: the broker's is that of the machine. */
  const realSpan = (ms: number): number => ms * FACTOR;

  /** By its timestamps the broker deletes messages, and refuses them. */
  async function expectRightTimestamps(began: number): Promise<void> {
    for (const topic of ['crypto_prices', CANDLES_TOPIC]) {
      const times = (await readTopic(broker, topic)).map(({ timestamp }) => timestamp);
      expect(times.length).toBeGreaterThan(0);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(began - MINUTE_MS);
      expect(Math.max(...times)).toBeLessThanOrEqual(Date.now() + MINUTE_MS);
    }
  }

  it.each([
    ['26 hours ahead', 26 * HOUR_MS],
    ['400 days behind', -400 * DAY_MS],
  ])('capture %s: the broker takes everything, with its right time, and so does the store', async (_, ahead) => {
    const began = Date.now();
    await platform.start('consumer-app');
    await platform.start('ingest-app', realSpan(ahead));
    await platform.start('api-app');
    await expectServedByExchangeTime(platform);
    platform.setClock('ingest-app', 0);
    await expectServedByExchangeTime(platform);
    await expectRightTimestamps(began);
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });

  it('the consumer 26 hours ahead, and then an hour behind: it goes on taking, and keeps the history right', async () => {
    await platform.start('consumer-app', realSpan(26 * HOUR_MS));
    await platform.start('ingest-app');
    await platform.start('api-app');
    await expectServedByExchangeTime(platform);
    platform.setClock('consumer-app', realSpan(-HOUR_MS));
    await expectServedByExchangeTime(platform);
    platform.setClock('consumer-app', 0);
    await expectServedByExchangeTime(platform);
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });
});
