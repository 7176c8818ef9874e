import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { createKafka, ensureTopics, TopicPartitionsError } from '@app/messaging';
import { createLogger } from '@app/observability';
import { describeKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';

describeKafka('ensureTopics', () => {
  let broker: KafkaBroker;
  let kafka: Kafka;
  let admin: Admin;
  let topics: string[];

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    const logger = createLogger('silent', 'test');
    kafka = createKafka({ bootstrapServers: broker.bootstrap.split(','), clientId: 'test', logger });
    admin = kafka.admin();
    await admin.connect();
  });

  afterAll(async () => {
    await admin.disconnect();
    await broker.close();
  });

  beforeEach(() => {
    topics = [`prices-${randomUUID()}`, `candles-${randomUUID()}`];
  });

  async function partitionsOf(names: readonly string[]): Promise<(number | undefined)[]> {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...names] });
    return names.map((topic) => found.find(({ name }) => name === topic)?.partitions.length);
  }

  it('should make missing topics with the configured partitions and leave those that are there', async () => {
    await ensureTopics(kafka, { topics, partitions: 3, deadLetters: false });
    await ensureTopics(kafka, { topics, partitions: 3, deadLetters: false });
    expect(await partitionsOf(topics)).toEqual([3, 3]);
    expect(await admin.listTopics()).not.toContain(`${topics[0]}.dlq`);
  });

  it('should make dead-letter topics with one partition when asked to', async () => {
    await ensureTopics(kafka, { topics, partitions: 3, deadLetters: true });
    expect(await partitionsOf(topics.map((topic) => `${topic}.dlq`))).toEqual([1, 1]);
  });

  it('should let several processes make the same topics at once', async () => {
    const plan = { topics, partitions: 4, deadLetters: true };
    await Promise.all([1, 2, 3].map(() => ensureTopics(kafka, plan)));
    expect(await partitionsOf(topics)).toEqual([4, 4]);
  });

  it('should refuse a topic with another number of partitions and say what to do', async () => {
    await ensureTopics(kafka, { topics, partitions: 2, deadLetters: false });
    const error = await ensureTopics(kafka, { topics, partitions: 6, deadLetters: false }).catch(
      (refusal: unknown) => refusal,
    );
    expect(error).toBeInstanceOf(TopicPartitionsError);
    expect(error).toMatchObject({ topic: topics[0], found: 2, configured: 6 });
    expect((error as Error).message).toContain('TOPIC_PARTITIONS=2');
    expect(await partitionsOf(topics)).toEqual([2, 2]);
  });

  it('should fail within bounded time while no broker answers', async () => {
    const away = createKafka({
      bootstrapServers: ['127.0.0.1:1'],
      clientId: 'test',
      logger: createLogger('silent', 'test'),
    });
    await expect(ensureTopics(away, { topics, partitions: 1, deadLetters: false })).rejects.toThrow('ECONNREFUSED');
  });
});
