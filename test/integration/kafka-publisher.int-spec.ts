import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule, SystemClock } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import { CANDLES_TOPIC, EventPublisher, serializePriceEvent, type OutgoingEvent } from '@app/domain';
import { KafkaPublisher, MessagingModule } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { eventually } from '../support/app-process';
import { describeKafka, describeOwnKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';

const ORIGIN = 'simulator:7';
const PARTITIONS = 3;
/**
 * The partition of 3 that Java's clients choose for each symbol:
 * `org.apache.kafka.clients.producer.internals.BuiltInPartitioner.partitionForKey` of kafka-clients 4.2.0.
 */
const JAVA_PARTITIONS = { BTCUSDT: 2, ETHUSDT: 2, BNBUSDT: 0, LTCUSDT: 1, 币安人生USDT: 0 };
const SYMBOLS = Object.keys(JAVA_PARTITIONS);

/** Bytes of live objects. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

interface Running {
  readonly publisher: KafkaPublisher;
  readonly metrics: MetricsRegistry;
  readonly folder: string;
}

describe('KafkaPublisher against a broker', () => {
  let broker: KafkaBroker;
  let topic: string;
  let module: TestingModule | undefined;
  let folder: string;
  let count: number;

  /** A publisher as ingest-app has it. */
  async function start(variables: Readonly<Record<string, string>> = {}): Promise<Running> {
    const metrics = new MetricsRegistry();
    const config = loadConfig(
      {
        BROKER_MODE: 'kafka',
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
        TOPIC_NAME: topic,
        TOPIC_PARTITIONS: String(PARTITIONS),
        INGEST_STATE_DIR: folder,
        ...variables,
      },
      '/',
    );
    module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        // One that runs: acknowledgements are told apart by their time, and no message may be of the future.
        ClockModule.forRoot(new SystemClock()),
        ObservabilityModule.forRoot(createLogger('silent', 'test'), metrics),
        MessagingModule.kafka('csp-test-publisher'),
      ],
    }).compile();
    await module.init();
    return { publisher: module.get(KafkaPublisher, { strict: false }), metrics, folder };
  }

  async function stop(): Promise<void> {
    await module?.close();
    module = undefined;
  }

  /** Price events of a second ago, one for each symbol, numbered through all calls. */
  function poll(capturedAt = (Date.now() - 1_000) * 1_000): OutgoingEvent[] {
    count += 1;
    return SYMBOLS.map((symbol) => ({
      kind: 'price',
      symbol,
      capturedAt,
      value: serializePriceEvent({
        timestamp: capturedAt,
        symbol,
        lastPrice: String(count),
        priceChangePercent: '-1.250',
        volume: '7.00',
        source: 'binance_api_v3_ticker_24hr',
      }),
    }));
  }

  const publish = (publisher: EventPublisher, events = poll()) => publisher.publish({ origin: ORIGIN, events });

  async function drained(publisher: EventPublisher): Promise<void> {
    await eventually('nothing waits in the spool', () =>
      Promise.resolve(publisher.status().waitingEvents === 0 ? true : undefined),
    );
  }

  /** A first poll that is in the topic, whatever time the broker takes for it. */
  async function acknowledged(publisher: EventPublisher): Promise<void> {
    await publish(publisher);
    await drained(publisher);
  }

  async function until(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, async () => ((await reached()) ? true : undefined));
  }

  /** The numbers in the topic of each symbol, in the order of their partition. */
  async function received(): Promise<Record<string, number[]>> {
    const bySymbol: Record<string, number[]> = {};
    for (const { key, value } of await readTopic(broker, topic)) {
      const { lastPrice } = JSON.parse(value ?? '{}') as { lastPrice: string };
      (bySymbol[key ?? ''] ??= []).push(Number(lastPrice));
    }
    return bySymbol;
  }

  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const forAll = (expected: number[]) => Object.fromEntries(SYMBOLS.map((symbol) => [symbol, expected]));

  async function partitionsOf(name: string): Promise<number | undefined> {
    const { topics } = await broker.asAdmin((admin) => admin.fetchTopicMetadata({ topics: [name] }));
    return topics[0]?.partitions.length;
  }

  beforeEach(() => {
    topic = `prices-${randomUUID()}`;
    folder = mkdtempSync(join(tmpdir(), 'csp-publisher-'));
    count = 0;
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describeKafka('that is there', () => {
    beforeAll(async () => {
      broker = await KafkaBroker.start();
    });

    afterAll(() => broker.close());

    it('should put the contract and nothing else into topics with the configured partitions', async () => {
      const { publisher, metrics } = await start();
      const events = [...poll(), ...poll()];
      const candle: OutgoingEvent = { kind: 'candle', symbol: 'BTCUSDT', capturedAt: 1, value: `{"is":"${topic}"}` };
      await publish(publisher, [...events, candle]);
      await drained(publisher);
      const messages = await readTopic(broker, topic);
      for (const symbol of SYMBOLS) {
        const sent = events.filter((event) => event.symbol === symbol);
        const of = messages.filter(({ key }) => key === symbol);
        expect(of.map(({ value }) => value)).toEqual(sent.map(({ value }) => value));
        expect(of.map(({ timestamp }) => timestamp)).toEqual(
          sent.map(({ capturedAt }) => Math.floor(capturedAt / 1e3)),
        );
        expect(new Set(of.map(({ partition }) => partition)).size).toBe(1);
      }
      expect(messages.map(({ headers }) => headers)).toEqual(messages.map(() => ({ origin: ORIGIN })));
      expect((await readTopic(broker, CANDLES_TOPIC)).map(({ key, value }) => [key, value])).toContainEqual([
        'BTCUSDT',
        candle.value,
      ]);
      expect([await partitionsOf(topic), await partitionsOf(CANDLES_TOPIC)]).toEqual([PARTITIONS, PARTITIONS]);
      expect(publisher.broker).toMatchObject({ state: 'up', detail: '' });
      const exposed = await metrics.metrics();
      for (const kind of ['price', 'candle']) expect(exposed).toContain(`csp_kafka_producer_up{kind="${kind}"} 1`);
      expect(exposed).toContain('csp_events_published_total{kind="price"} 10');
      expect(exposed).toMatch(/csp_kafka_send_seconds_count [1-9]/);
    });

    it('should choose the partition that clients in Java choose', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      const messages = await readTopic(broker, topic);
      const partitions = new Map(messages.map(({ key, partition }) => [key, partition]));
      expect(partitions).toEqual(new Map(Object.entries(JAVA_PARTITIONS)));
    });

    it('should send in order what an earlier process left in the spool', async () => {
      const absent = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };
      const first = await start(absent);
      for (let round = 0; round < 5; round += 1) await publish(first.publisher);
      await stop();
      const second = await start();
      await publish(second.publisher);
      await drained(second.publisher);
      expect(await received()).toEqual(forAll(numbers(1, 6)));
    });

    it('should refuse a topic with another number of partitions, say what to do, and keep the events', async () => {
      await broker.createTopic(topic, { partitions: PARTITIONS + 1 });
      const { publisher } = await start();
      await publish(publisher);
      await until('the refusal is said', () =>
        publisher.status().detail.includes(`TOPIC_PARTITIONS=${PARTITIONS + 1}`),
      );
      expect(publisher.broker.state).toBe('down');
      expect(publisher.status().waitingEvents).toBe(SYMBOLS.length);
      expect(await readTopic(broker, topic)).toEqual([]);
    });

    it.each([
      ['prices', 'other partitions', { partitions: PARTITIONS + 1 }],
      ['candles', 'other partitions', { partitions: PARTITIONS + 1 }],
      ['prices', 'compaction', { partitions: PARTITIONS, settings: { 'cleanup.policy': 'compact' } }],
      ['candles', 'compaction', { partitions: PARTITIONS, settings: { 'cleanup.policy': 'compact' } }],
    ] as const)(
      'should let the other kind arrive while the topic of %s is refused for its %s',
      async (what, _, plan) => {
        await broker.deleteTopics(CANDLES_TOPIC).catch(() => undefined);
        const refused = what === 'prices' ? topic : CANDLES_TOPIC;
        await broker.createTopic(refused, plan);
        try {
          const { publisher } = await start();
          const candles = (): OutgoingEvent[] =>
            SYMBOLS.map((symbol) => ({ kind: 'candle', symbol, capturedAt: 1, value: `{"of":"${topic}"}` }));
          const rounds = 3;
          for (let round = 0; round < rounds; round += 1) {
            await publish(publisher);
            await publish(publisher, candles());
          }
          const [waits, arrives] = what === 'prices' ? (['price', 'candle'] as const) : (['candle', 'price'] as const);
          const waiting = () => new Map(publisher.status().kinds.map((each) => [each.kind, each]));
          await until('all of the other kind has arrived', () => waiting().get(arrives)?.waitingEvents === 0);
          await until(
            'the refusal is said',
            () => waiting().get(waits)?.detail.includes(`topic ${refused} has`) === true,
          );
          expect(waiting().get(waits)?.waitingEvents).toBe(rounds * SYMBOLS.length);
          expect(publisher.status().detail).toMatch(new RegExp(`^${waits} events: topic ${refused} has`));
          expect(publisher.broker.topics).toMatchObject({
            [topic]: { state: what === 'prices' ? 'down' : 'up' },
            [CANDLES_TOPIC]: { state: what === 'candles' ? 'down' : 'up' },
          });
          const arrived = await readTopic(broker, what === 'prices' ? CANDLES_TOPIC : topic);
          expect(arrived).toHaveLength(rounds * SYMBOLS.length);
        } finally {
          await stop();
          await broker.deleteTopics(CANDLES_TOPIC).catch(() => undefined);
        }
      },
    );

    it('should refuse to go on with a topic to which partitions were added since its last run', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      await broker.asAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 2 }] }));
      await stop();
      const later = await start();
      await publish(later.publisher);
      await until('the refusal is said', () => later.publisher.status().detail.includes('TOPIC_PARTITIONS'));
      expect(await received()).toEqual(forAll([1]));
    });

    it('should set aside an event that is too large for the broker and send the others in order', async () => {
      await broker.createTopic(topic, { partitions: PARTITIONS, settings: { 'max.message.bytes': '4000' } });
      const { publisher } = await start();
      const [large] = poll();
      const tooLarge = { ...large!, value: JSON.stringify({ lastPrice: '1', padding: 'x'.repeat(5_000) }) };
      await publish(publisher, [...poll(), tooLarge, ...poll()]);
      await publish(publisher);
      await drained(publisher);
      const bySymbol = await received();
      for (const symbol of SYMBOLS) expect([...new Set(bySymbol[symbol])]).toEqual([2, 3, 4]);
      const rejected = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
      expect(rejected.map((line) => (JSON.parse(line) as { value: string }).value)).toEqual([tooLarge.value]);
    });

    it('should go on after a topic was deleted, with the configured partitions', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      await broker.deleteTopics(topic);
      await publish(publisher);
      await publish(publisher);
      await drained(publisher);
      expect(await received()).toEqual(forAll([2, 3]));
      expect(await partitionsOf(topic)).toBe(PARTITIONS);
    });
  });

  describeOwnKafka('that comes and goes', () => {
    beforeAll(async () => {
      // A broker that makes topics by itself would make them with one partition.
      broker = await KafkaBroker.start({ 'auto.create.topics.enable': 'true', 'num.partitions': '1' });
    });

    afterAll(() => broker.close());

    afterEach(async () => {
      broker.resume();
      if (!broker.isRunning) await broker.startAgain();
    });

    it('should never let the broker make a topic by accident', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      await broker.deleteTopics(topic, CANDLES_TOPIC);
      for (let round = 0; round < 3; round += 1) await publish(publisher);
      await publish(publisher, [{ kind: 'candle', symbol: 'BTCUSDT', capturedAt: 1, value: '{}' }]);
      await drained(publisher);
      expect(await received()).toEqual(forAll(numbers(2, 4)));
      expect([await partitionsOf(topic), await partitionsOf(CANDLES_TOPIC)]).toEqual([PARTITIONS, PARTITIONS]);
    });

    it('should start without a broker and send everything with its time of capture once there is one', async () => {
      await broker.kill();
      const { publisher } = await start();
      const capturedAt = (Date.now() - 3_600_000) * 1_000;
      for (let round = 0; round < 20; round += 1) await publish(publisher, poll(capturedAt + round * 1_000_000));
      expect(publisher.status()).toMatchObject({ waitingEvents: 20 * SYMBOLS.length });
      await until('the broker is down', () => publisher.broker.state === 'down');
      await broker.startAgain();
      await drained(publisher);
      expect(await received()).toEqual(forAll(numbers(1, 20)));
      const times = (await readTopic(broker, topic)).filter(({ key }) => key === 'BTCUSDT').map((m) => m.timestamp);
      expect(times).toEqual(numbers(0, 19).map((round) => capturedAt / 1_000 + round * 1_000));
      await until('the broker is up for both topics', () => publisher.broker.state === 'up');
    });

    it('should keep every event, once and in order, over kills of the broker under load', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      for (let kill = 0; kill < 2; kill += 1) {
        const before = publisher.broker.last_acknowledged_at;
        const ended = new AbortController();
        const load = (async () => {
          while (!ended.signal.aborted) {
            await publish(publisher);
            await nextTurn();
          }
        })();
        try {
          await until('more was acknowledged', () => publisher.broker.last_acknowledged_at !== before);
          await broker.kill();
          await publish(publisher);
        } finally {
          ended.abort();
          await load;
        }
        await broker.startAgain();
        await drained(publisher);
      }
      expect(await received()).toEqual(forAll(numbers(1, count)));
    });

    it('should not hold up capture while the broker hangs, and send everything once when it goes on', async () => {
      const { publisher, metrics } = await start();
      await acknowledged(publisher);
      broker.pause();
      for (let round = 0; round < 50; round += 1) await publish(publisher);
      expect(publisher.status().waitingEvents).toBe(50 * SYMBOLS.length);
      await until('an attempt has failed', async () =>
        /csp_kafka_producer_renewals_total\{remedy="reconnect"\} [1-9]/.test(await metrics.metrics()),
      );
      broker.resume();
      await drained(publisher);
      expect(await received()).toEqual(forAll(numbers(1, 51)));
    });

    it('should go on with a broker that was started on an empty volume', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      await broker.kill();
      await publish(publisher);
      await broker.startAgain({ emptyVolume: true });
      await publish(publisher);
      await drained(publisher);
      const bySymbol = await received();
      for (const symbol of SYMBOLS) expect(bySymbol[symbol]?.slice(-2)).toEqual([2, 3]);
      expect(await partitionsOf(topic)).toBe(PARTITIONS);
    });

    it('should move no symbol to another partition when some are added while it runs', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      await broker.asAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 1 }] }));
      // What it knows of the topic is asked for anew with the next connection.
      await broker.kill();
      await publish(publisher);
      await broker.startAgain();
      await until('it says what is wrong', () => publisher.broker.detail.includes(`TOPIC_PARTITIONS is ${PARTITIONS}`));
      await publish(publisher);
      expect(publisher.status().waitingEvents).toBe(2 * SYMBOLS.length);
      expect(await received()).toEqual(forAll([1]));
    });

    it('should give up the oldest events when the spool is full, and account for each of them', async () => {
      const { publisher, metrics } = await start({ SPOOL_MAX_BYTES: '1048576' });
      await broker.kill();
      const batches = 60;
      for (let round = 0; round < batches; round += 1) {
        await publish(publisher, Array.from({ length: 50 }, () => poll()).flat());
      }
      const { lost, waitingBytes } = publisher.status();
      expect(waitingBytes).toBeLessThanOrEqual(1_048_576);
      expect(lost.map(({ symbol }) => symbol).sort()).toEqual([...SYMBOLS].sort());
      const exposed = await metrics.metrics();
      for (const { symbol, from, to, events } of lost) {
        const labels = `{kind="price",symbol="${symbol}"}`;
        expect(exposed).toContain(`csp_symbol_events_lost_total${labels} ${events}\n`);
        expect(exposed).toContain(`csp_last_loss_start_timestamp_seconds${labels} ${from / 1e6}\n`);
        expect(exposed).toContain(`csp_last_loss_end_timestamp_seconds${labels} ${to / 1e6}\n`);
      }
      await broker.startAgain();
      await drained(publisher);
      const bySymbol = await received();
      for (const { symbol, events } of publisher.status().lost) {
        expect(bySymbol[symbol]).toEqual(numbers(events + 1, count));
      }
      const total = publisher.status().lost.reduce((sum, { events }) => sum + events, 0);
      expect(await metrics.metrics()).toContain(`csp_events_lost_total{kind="price"} ${total}`);
    });

    it('should hold nothing in memory of what waits for the broker', async () => {
      const { publisher } = await start();
      await broker.kill();
      const polls = Array.from({ length: 400 }, () => poll()).flat();
      await publish(publisher, polls);
      const before = heapUsed();
      for (let round = 0; round < 150; round += 1) await publish(publisher, polls);
      expect(publisher.status().waitingBytes).toBeGreaterThan(80_000_000);
      expect(heapUsed() - before).toBeLessThan(10_000_000);
    });

    it('should close in time while the broker hangs, and lose nothing', async () => {
      const { publisher } = await start();
      await acknowledged(publisher);
      broker.pause();
      const sent = publish(publisher);
      await stop();
      await sent;
      broker.resume();
      const later = await start();
      await drained(later.publisher);
      const bySymbol = await received();
      for (const symbol of SYMBOLS) expect([...new Set(bySymbol[symbol])]).toEqual([1, 2]);
    });
  });
});
