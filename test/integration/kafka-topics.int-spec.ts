import { CompressionCodecs, CompressionTypes, ConfigResourceTypes } from 'kafkajs';
import { eventually } from '../support/app-process';
import { ConsumerHarness, type TestMessage } from '../support/consumer-harness';
import { describeOwnKafka } from '../support/describe-kafka';
import { candleLine, priceLine } from '../support/events';
import { KafkaBroker } from '../support/kafka-broker';

/** What an operator may have set for all topics of a cluster; the cleaner does its work at once. */
const DEFAULTS_OF_A_CLUSTER = {
  'log.cleanup.policy': 'compact',
  'compression.type': 'lz4',
  'log.cleaner.backoff.ms': '100',
};

/** A topic of which everything but the active segment is compacted soon. */
const COMPACTED_SOON = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.001',
  'max.compaction.lag.ms': '100',
};

const messages = (values: readonly string[], symbol = 'BTCUSDT'): TestMessage[] =>
  values.map((value) => ({ key: symbol, value }));

const prices = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => priceLine(from + index));

const candles = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => candleLine(from + index));

describeOwnKafka('Kafka topics as others have set them', () => {
  let broker: KafkaBroker;
  let consumer: ConsumerHarness;

  beforeAll(async () => {
    broker = await KafkaBroker.start(DEFAULTS_OF_A_CLUSTER);
  });

  afterAll(async () => {
    await broker.close();
  });

  beforeEach(() => {
    consumer = new ConsumerHarness(broker);
  });

  afterEach(async () => {
    await consumer.close();
  });

  const start = (): Promise<void> => consumer.startAndJoin({ partitions: 1 });

  const configOf = async (topic: string): Promise<Record<string, string>> => {
    const { resources } = await broker.asAdmin((admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] }),
    );
    const entries = resources[0]?.configEntries ?? [];
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
  };

  /** Replaces what is set of a topic. */
  const configure = (topic: string, settings: Readonly<Record<string, string>>): Promise<unknown> => {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    return broker.asAdmin((admin) => admin.alterConfigs({ validateOnly: false, resources }));
  };

  const problemWith = (text: string): Promise<string> =>
    eventually(`the consumer says "${text}"`, () => {
      const problem = consumer.status.problem();
      return Promise.resolve(problem.includes(text) ? problem : undefined);
    });

  const linesOf = (topic: string, count: number): Promise<true> =>
    eventually(`${count} lines of ${topic}`, () =>
      Promise.resolve(consumer.hasFiles && consumer.lines(topic).length >= count ? true : undefined),
    );

  it('should make topics that are neither compacted nor packed anew, whatever the defaults of the broker', async () => {
    await start();
    for (const topic of consumer.kinds.topics.flatMap((name) => [name, `${name}.dlq`])) {
      expect(await configOf(topic)).toMatchObject({ 'cleanup.policy': 'delete', 'compression.type': 'producer' });
    }
  });

  it.each(['zstd', 'gzip', 'snappy', 'lz4'])('should read topics with compression.type=%s', async (compression) => {
    const { price, candle } = consumer.topics;
    const settings = { 'compression.type': compression, 'cleanup.policy': 'delete' };
    for (const topic of [price, candle]) await broker.createTopic(topic, { settings });
    await consumer.send(price, messages(prices(0, 500)));
    await consumer.send(candle, messages(candles(0, 60)));
    await start();
    await consumer.caughtUp();
    await consumer.send(price, messages(prices(500, 501)));
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual(prices(0, 501));
    expect(consumer.lines(candle)).toEqual(candles(0, 60));
    expect([consumer.status.problem(), await consumer.losses()]).toEqual(['', []]);
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_consumer_crashes_total')).toMatch(/ 0$/m);
  });

  it.each([CompressionTypes.GZIP, CompressionTypes.ZSTD] as const)(
    'should read what a producer has compressed (codec %d)',
    async (compression) => {
      await start();
      const { price } = consumer.topics;
      const producer = broker.client().producer({ allowAutoTopicCreation: false });
      await producer.connect();
      await producer.send({ topic: price, compression, messages: messages(prices(0, 50)).map(withoutPartition) });
      await producer.disconnect();
      await consumer.caughtUp();
      expect(consumer.lines(price)).toEqual(prices(0, 50));
    },
  );

  it('should hold a partition with a batch that cannot be unpacked, take the other topic, and go on once it is given up', async () => {
    const { price, candle } = consumer.topics;
    await broker.createTopic(price, { settings: { 'compression.type': 'zstd', 'cleanup.policy': 'delete' } });
    await start();
    await consumer.send(price, messages(prices(0, 5)));
    await consumer.caughtUp();
    // What the codec is given of the next batch is not what the broker has: as if the disk there had lost its end.
    const codec = CompressionCodecs[CompressionTypes.ZSTD] as () => { decompress(bytes: Buffer): Promise<Buffer> };
    let isDamaged = true;
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({
      ...codec(),
      decompress: (bytes: Buffer) => codec().decompress(isDamaged ? bytes.subarray(0, bytes.length >> 1) : bytes),
    });
    try {
      await consumer.send(price, messages(prices(5, 10)));
      const problem = await problemWith('cannot be unpacked');
      expect(problem).toMatch(
        new RegExp(`^${price}/0 is held: its messages from offset 5 on cannot be unpacked \\(zstd: .*kafka-delete`),
      );
      await consumer.send(candle, messages(candles(0, 5)));
      await linesOf(candle, 5);
      expect(consumer.lines(price)).toEqual(prices(0, 5));
      expect(consumer.status.snapshot().rebalances).toBe(0);

      // It is another fault than the message's: nothing is set aside, and nothing is passed over.
      expect(await broker.messagesIn(`${price}.dlq`)).toBe(0);
      isDamaged = false;
      await linesOf(price, 10);
      isDamaged = true;
      await consumer.send(price, messages(prices(10, 12)));
      await problemWith('from offset 10 on cannot be unpacked');
      await consumer.forget(price, 12);
      isDamaged = false;
      await consumer.send(price, messages(prices(12, 14)));
      await linesOf(price, 12);
    } finally {
      CompressionCodecs[CompressionTypes.ZSTD] = codec;
    }
    expect(consumer.lines(price)).toEqual([...prices(0, 10), ...prices(12, 14)]);
    expect(await consumer.losses()).toEqual([
      { topic: price, partition: 0, from: 10, to: 12, messages: 2, reason: 'retention' },
    ]);
  });

  it.each(['compact', 'compact,delete'])(
    'should refuse a topic with cleanup.policy=%s and say what to do, take the other one, and use it once it is put right',
    async (policy) => {
      const { price, candle } = consumer.topics;
      await broker.createTopic(price, { settings: { 'cleanup.policy': policy } });
      await consumer.send(price, messages(prices(0, 5)));
      await start();
      const problem = await problemWith('refused');
      expect(problem).toMatch(new RegExp(`^refused: topic ${price} has cleanup\\.policy=`));
      expect(problem).toContain(`--entity-name ${price} --add-config cleanup.policy=delete`);
      expect(consumer.status.snapshot()).toMatchObject({ state: 'running', refused: [{ topic: price }] });
      await consumer.send(candle, messages(candles(0, 5)));
      await linesOf(candle, 5);
      expect(consumer.lines(price)).toEqual([]);

      await configure(price, { 'cleanup.policy': 'delete' });
      await linesOf(price, 5);
      await eventually('nothing is wrong', () => Promise.resolve(consumer.status.problem() === '' || undefined));
    },
  );

  it('should refuse both topics, and live, when both are compacted; dead letters may not be compacted either', async () => {
    const { price, candle } = consumer.topics;
    await broker.createTopic(`${price}.dlq`, { settings: { 'cleanup.policy': 'compact' } });
    await broker.createTopic(candle, { settings: { 'cleanup.policy': 'compact' } });
    await consumer.start({ partitions: 1 });
    const problem = await problemWith('refused');
    expect(problem).toContain(`topic ${price}.dlq has cleanup.policy=compact`);
    expect(problem).toContain(`topic ${candle} has cleanup.policy=compact`);
    expect([consumer.status.snapshot().state, consumer.status.deadReason()]).toEqual(['refused', '']);
  });

  it('should notice that a topic is compacted from now on, and go on with the other one', async () => {
    await start();
    const { price, candle } = consumer.topics;
    await consumer.send(price, messages(prices(0, 5)));
    await consumer.caughtUp();
    await configure(price, { 'cleanup.policy': 'compact' });
    await problemWith(`refused: topic ${price} has cleanup.policy=compact`);
    await consumer.running();
    await consumer.send(candle, messages(candles(0, 5)));
    await linesOf(candle, 5);
  });

  it('should count what compaction took of a topic, and say it', async () => {
    const { price } = consumer.topics;
    await broker.createTopic(price, { settings: COMPACTED_SOON });
    // One batch each, so that segments end between them.
    const client = broker.client().producer({ allowAutoTopicCreation: false });
    await client.connect();
    for (const value of prices(0, 30)) {
      await client.send({ topic: price, messages: [{ key: 'BTCUSDT', value }] });
    }
    const reader = broker.client();
    await eventually(
      'the cleaner has been there',
      async () => {
        await client.send({ topic: price, messages: [{ key: 'ETHUSDT', value: priceLine(100, 'ETHUSDT') }] });
        return (await offsetsIn(reader, price)).includes(1) ? undefined : true;
      },
      undefined,
      500,
    );
    await client.disconnect();
    await configure(price, { 'cleanup.policy': 'delete' });
    const left = await offsetsIn(reader, price);
    const end = Number((await broker.endsOf(price))[0]?.high);
    await start();
    await consumer.caughtUp();
    const lost = end - left.length;
    expect(lost).toBeGreaterThan(0);
    const found = await consumer.losses();
    expect(found.reduce((sum, { messages: count }) => sum + count, 0)).toBe(lost);
    expect(new Set(found.map(({ reason }) => reason))).toEqual(new Set(['absent']));
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_messages_lost_total')).toMatch(
      new RegExp(` ${lost}$`, 'm'),
    );
    // It is counted once, however often the consumer starts.
    await consumer.stop();
    await start();
    await consumer.caughtUp();
    expect(await consumer.losses()).toEqual(found);
  });

  it('should not take marks of transactions, nor what they took back, for losses', async () => {
    await start();
    const { price } = consumer.topics;
    const producer = broker.client().producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: `tx-${price}`,
    });
    await producer.connect();
    const transact = async (values: readonly string[], outcome: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: price, messages: messages(values).map(withoutPartition) });
      await transaction[outcome]();
    };
    await transact(prices(0, 3), 'commit');
    await transact(prices(3, 6), 'abort');
    await transact(prices(6, 9), 'commit');
    // At the end nothing but a transaction that was taken back.
    await transact(prices(9, 12), 'abort');
    await consumer.caughtUp();
    await consumer.send(price, messages(prices(12, 13)));
    await consumer.caughtUp();
    await transact(prices(13, 14), 'abort');
    await consumer.caughtUp();
    await producer.disconnect();
    expect(consumer.lines(price)).toEqual([...prices(0, 3), ...prices(6, 9), ...prices(12, 13)]);
    expect([await consumer.losses(), consumer.status.problem()]).toEqual([[], '']);
    await eventually('nothing waits', () => Promise.resolve(consumer.status.snapshot().lag === 0 || undefined));
    await consumer.stop();
    await start();
    await consumer.send(price, messages(prices(14, 15)));
    await consumer.caughtUp();
    expect(consumer.lines(price).at(-1)).toBe(priceLine(14));
    expect(await consumer.losses()).toEqual([]);
  });
});

function withoutPartition({ key, value }: TestMessage): { key: string; value: string } {
  return { key: String(key), value: String(value) };
}

/** Offsets that a topic of one partition still has. */
async function offsetsIn(client: ReturnType<KafkaBroker['client']>, topic: string): Promise<number[]> {
  const offsets: number[] = [];
  const admin = client.admin();
  await admin.connect();
  const end = Number((await admin.fetchTopicOffsets(topic))[0]?.high);
  await admin.disconnect();
  const groupId = `offsets-${topic}-${process.hrtime.bigint()}`;
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ message }) => {
            offsets.push(Number(message.offset));
            if (Number(message.offset) === end - 1) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return offsets;
}
