import { randomUUID } from 'node:crypto';
import { SystemClock } from '@app/clock';
import { EVENT_KINDS, topicNames, type OutgoingEvent, type TopicNames } from '@app/domain';
import { createKafka, ensureTopics, KafkaBatchServer, ORIGIN_HEADER, type ConsumedUnit } from '@app/messaging';
import { createLogger, MetricsRegistry } from '@app/observability';
import { ConsumerStore } from '@app/storage';
import type { Kafka } from 'kafkajs';
import { eventually } from '../test/support/app-process';
import { KafkaBroker, NO_OWN_BROKER } from '../test/support/kafka-broker';
import { inBatches, priceMessages, type MarketRun } from './market-run';
import { compare } from './measure';
import type { Figure } from './report';
import { bareInsert, priceTable } from './sink.bench';
import { databasePath, inNewFolder, rawDir } from './workspace';

/**
 * Events per second of the consumer, as consumer-app has it: contracts, bronze written and flushed, rows and days
 * committed with the progress, then the offset; in batches as large as the broker gives.
 *
 * Peers: kafkajs reading the same topic with the same settings and an empty `eachBatch`, and the same rows in units of
 * the same size through a bare better-sqlite3 transaction. All in this process, against one real broker. Time runs from
 * the first batch to the last, without the joining of the group.
 */
const ROUNDS = 3;
const PARTITIONS = 6;
const AT_LEAST = 0.25;
const SINK_UNIT = 2_000;
const SEND_SIZE = 2_000;
const LIMIT_MS = 120_000;
const LOGGER = createLogger('silent', 'bench');

async function fill(kafka: Kafka, topics: TopicNames, events: readonly OutgoingEvent[]): Promise<void> {
  await ensureTopics(kafka, { topics: Object.values(topics), partitions: PARTITIONS, deadLetters: true });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (const batch of inBatches(events, SEND_SIZE)) {
    const messages = batch.map(({ symbol, value }) => ({ key: symbol, value, headers: { [ORIGIN_HEADER]: 'bench' } }));
    await producer.send({ topic: topics.price, acks: -1, messages });
  }
  await producer.disconnect();
}

/** Speed from the first call to the one with which the count is reached. */
class Stretch {
  private startedAt = 0;
  private endedAt = 0;
  private seen = 0;

  constructor(private readonly count: number) {}

  begin(): void {
    if (this.startedAt === 0) this.startedAt = performance.now();
  }

  end(events: number): void {
    this.seen += events;
    if (this.seen >= this.count) this.endedAt = performance.now();
  }

  async perSecond(): Promise<number> {
    await eventually('all events are read', () => Promise.resolve(this.endedAt > 0 ? true : undefined), LIMIT_MS);
    return (this.count * 1_000) / (this.endedAt - this.startedAt);
  }
}

function consumed(broker: KafkaBroker, topics: TopicNames, count: number): Promise<number> {
  return inNewFolder(async (folder) => {
    const metrics = new MetricsRegistry();
    const store = await ConsumerStore.open(
      {
        databasePath: databasePath(folder),
        rawDir: rawDir(folder),
        topics,
        clock: new SystemClock(),
        logger: LOGGER,
        metrics,
      },
      true,
    );
    const server = new KafkaBatchServer({
      bootstrapServers: [broker.bootstrap],
      clientId: 'csp-bench-consumer',
      groupId: randomUUID(),
      topics,
      partitions: PARTITIONS,
      sink: store.sink,
      logger: LOGGER,
      metrics,
    });
    const stretch = new Stretch(count);
    const take = async ({ claim, unit }: ConsumedUnit): Promise<void> => {
      stretch.begin();
      await store.sink.take(claim, unit);
      stretch.end(unit.values.length);
    };
    for (const kind of EVENT_KINDS) server.addHandler(kind, take, true);
    server.listen(() => undefined);
    try {
      return await stretch.perSecond();
    } finally {
      await server.close();
      await store.close();
    }
  });
}

async function readBare(kafka: Kafka, { price }: TopicNames, count: number): Promise<number> {
  const consumer = kafka.consumer({
    groupId: randomUUID(),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 500,
    maxBytesPerPartition: 2_097_152,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [price], fromBeginning: true });
  const stretch = new Stretch(count);
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      stretch.begin();
      stretch.end(batch.messages.length);
      return Promise.resolve();
    },
  });
  try {
    return await stretch.perSecond();
  } finally {
    await consumer.disconnect();
  }
}

export async function benchKafkaConsumer({ prices }: MarketRun): Promise<Figure[]> {
  if (NO_OWN_BROKER !== undefined) throw new Error(`this bench needs a broker of its own: ${NO_OWN_BROKER}`);
  const broker = await KafkaBroker.start({}, { fullSpeed: true });
  try {
    const kafka = createKafka({ bootstrapServers: [broker.bootstrap], clientId: 'csp-bench-bare', logger: LOGGER });
    const topics = { ...topicNames(`bench-${randomUUID()}`), candle: `bench-${randomUUID()}` };
    await fill(kafka, topics, priceMessages(prices));
    const subject = () => consumed(broker, topics, prices.length);
    const reading = await compare(ROUNDS, subject, () => readBare(kafka, topics, prices.length));
    const writing = await compare(ROUNDS, subject, () => bareInsert(priceTable(prices), SINK_UNIT));
    return [
      {
        what: `consumer, ${prices.length} price events`,
        value: `${Math.round(reading.subject)} events/s`,
        against: `empty eachBatch of kafkajs: ${Math.round(reading.peer)} events/s`,
        measure: reading.ratio,
        threshold: { atLeast: AT_LEAST },
      },
      {
        what: `consumer, ${prices.length} price events`,
        value: `${Math.round(writing.subject)} events/s`,
        against: `better-sqlite3 alone: ${Math.round(writing.peer)} rows/s`,
        measure: writing.ratio,
        threshold: undefined,
      },
    ];
  } finally {
    await broker.close();
  }
}
