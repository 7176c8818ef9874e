import { CANDLES_TOPIC } from '@app/domain';
import { describeOwnKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';
import { describeClockSteps } from '../support/set-clock';
import { SetClockPlatform } from '../support/set-clock-platform';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FACTOR = 60;
const NOON = '2026-11-20T12:00:20Z';

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
    await platform.expectServedByExchangeTime();
    platform.setClock('ingest-app', 0);
    await platform.expectServedByExchangeTime();
    await expectRightTimestamps(began);
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });

  it('the consumer 26 hours ahead, and then an hour behind: it goes on taking, and keeps the history right', async () => {
    await platform.start('consumer-app', realSpan(26 * HOUR_MS));
    await platform.start('ingest-app');
    await platform.start('api-app');
    await platform.expectServedByExchangeTime();
    platform.setClock('consumer-app', realSpan(-HOUR_MS));
    await platform.expectServedByExchangeTime();
    platform.setClock('consumer-app', 0);
    await platform.expectServedByExchangeTime();
    await platform.healthSays('all is well', ({ status }) => status === 'ok');
  });
});
