import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { eventually } from '../support/app-process';
import { describeKafka, describeOwnKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';

const uniqueTopic = (): string => `harness-${randomUUID()}`;

async function produce(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: 'BTCUSDT', value })) });
  } finally {
    await producer.disconnect();
  }
}

/** Values of a topic from its start, once there are as many as expected. */
async function consume(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `${topic}-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const values: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        values.push(message.value?.toString('utf8') ?? '');
        return Promise.resolve();
      },
    });
    await eventually(`${count} messages came`, () => Promise.resolve(values.length >= count ? true : undefined));
  } finally {
    await consumer.disconnect();
  }
  return values;
}

const endOffset = async (broker: KafkaBroker, topic: string): Promise<string | undefined> =>
  (await broker.asAdmin((admin) => admin.fetchTopicOffsets(topic)))[0]?.high;

describeKafka('a real Kafka broker', () => {
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  });

  afterAll(async () => {
    await broker.close();
  });

  it('should give back what was produced, in order', async () => {
    const topic = uniqueTopic();
    await broker.createTopic(topic, { partitions: 1 });
    const values = Array.from({ length: 2_500 }, (_, index) => `event ${index}`);
    await produce(broker.client(), topic, values);
    expect(await consume(broker.client(), topic, values.length)).toEqual(values);
  });

  it('should make a topic with the partitions asked for, and none by itself', async () => {
    const [made, mentioned] = [uniqueTopic(), uniqueTopic()];
    await broker.createTopic(made, { partitions: 6 });
    await expect(produce(broker.client(), mentioned, ['x'])).rejects.toThrow(/does not host this topic-partition/);
    const topics = await broker.asAdmin((admin) => admin.listTopics());
    expect(topics).toContain(made);
    expect(topics).not.toContain(mentioned);
    const { topics: described } = await broker.asAdmin((admin) => admin.fetchTopicMetadata({ topics: [made] }));
    expect(described[0]?.partitions).toHaveLength(6);
  });

  it('should let a message of 5 MB only into a topic that is set for it', async () => {
    const [narrow, wide] = [uniqueTopic(), uniqueTopic()];
    await broker.createTopic(narrow);
    await broker.createTopic(wide, { settings: { 'max.message.bytes': '6000000' } });
    const large = 'x'.repeat(5_000_000);
    await expect(produce(broker.client(), narrow, [large])).rejects.toThrow(/larger than the max message size/);
    await produce(broker.client(), wide, [large, 'small']);
    expect((await consume(broker.client(), wide, 2)).map(({ length }) => length)).toEqual([5_000_000, 5]);
  });
});

describeOwnKafka('a broker of the tests own', () => {
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  });

  afterEach(async () => {
    broker.resume();
    if (!broker.isRunning) await broker.startAgain();
  });

  afterAll(() => broker.close());

  it.each(['stop', 'kill'] as const)('should keep address, topics and messages over %s and start', async (way) => {
    const topic = uniqueTopic();
    await broker.createTopic(topic);
    await produce(broker.client(), topic, ['before']);
    await broker[way]();
    expect(broker.isRunning).toBe(false);
    await expect(endOffset(broker, topic)).rejects.toThrow();
    await broker.startAgain();
    await broker.endsOf(topic);
    await produce(broker.client(), topic, ['after']);
    expect(await consume(broker.client(), topic, 2)).toEqual(['before', 'after']);
  });

  it('should come back as another cluster on an empty volume', async () => {
    const topic = uniqueTopic();
    await broker.createTopic(topic);
    const { clusterId } = await broker.asAdmin((admin) => admin.describeCluster());
    await broker.kill();
    await broker.startAgain({ emptyVolume: true });
    expect(await broker.asAdmin((admin) => admin.listTopics())).not.toContain(topic);
    expect((await broker.asAdmin((admin) => admin.describeCluster())).clusterId).not.toBe(clusterId);
  });

  it('should answer nothing while paused and go on when resumed', async () => {
    const topic = uniqueTopic();
    await broker.createTopic(topic);
    broker.pause();
    await expect(endOffset(broker, topic)).rejects.toThrow();
    expect(broker.isRunning).toBe(true);
    broker.resume();
    await broker.untilReady();
    expect(await broker.messagesIn(topic)).toBe(0);
  });

  it('should hold ports of its own beside another broker', async () => {
    const other = await KafkaBroker.start();
    try {
      expect(other.bootstrap).not.toBe(broker.bootstrap);
      const topic = uniqueTopic();
      await other.createTopic(topic);
      expect(await broker.asAdmin((admin) => admin.listTopics())).not.toContain(topic);
    } finally {
      await other.close();
    }
  });
});
