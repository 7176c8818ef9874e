import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { OutgoingEvent } from '@app/domain';
import { createKafka, ensureTopics, ORIGIN_HEADER } from '@app/messaging';
import { createLogger } from '@app/observability';
import { KafkaBroker, NO_OWN_BROKER } from '../test/support/kafka-broker';
import { compiledFile } from './installation';
import type { ConsumerWorkerRole, ConsumerWorkerTask } from './kafka-consumer.worker';
import { inBatches, priceMessages, type MarketRun } from './market-run';
import { compare } from './measure';
import type { Figure } from './report';
import { bareInsert, priceTable } from './sink.bench';

/**
 * Events per second of the consumer, as consumer-app has it: contracts, bronze written and flushed, rows and days
 * committed with the progress, then the offset; in batches as large as the broker gives.
 *
 * Peers: kafkajs reading the same topic with the same settings and an empty `eachBatch`, in a process of its own as the
 * consumer is; and the same rows in units of the same size through a bare better-sqlite3 transaction. One real broker.
 * Time runs from the first batch to the last, without the joining of the group.
 */
const ROUNDS = 5;
const PARTITIONS = 6;
const AT_LEAST = 0.25;
const SINK_UNIT = 2_000;
const SEND_SIZE = 2_000;

async function fill({ bootstrap, topics, partitions }: ConsumerWorkerTask, events: readonly OutgoingEvent[]) {
  const logger = createLogger('silent', 'bench');
  const kafka = createKafka({ bootstrapServers: [bootstrap], clientId: 'csp-bench-fill', logger });
  await ensureTopics(kafka, { topics: Object.values(topics), partitions, deadLetters: true });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (const batch of inBatches(events, SEND_SIZE)) {
    const messages = batch.map(({ symbol, value }) => ({ key: symbol, value, headers: { [ORIGIN_HEADER]: 'bench' } }));
    await producer.send({ topic: topics.price, acks: -1, messages });
  }
  await producer.disconnect();
}

/** A process that reads the topic once each time it is asked. */
class Reader {
  private readonly child: ChildProcess;
  private readonly end: Promise<unknown[]>;

  constructor(role: ConsumerWorkerRole, task: ConsumerWorkerTask) {
    this.child = fork(compiledFile('kafka-consumer.worker'), [role, JSON.stringify(task)]);
    this.end = once(this.child, 'exit');
  }

  async eventsPerSecond(): Promise<number> {
    const answer = new Promise<unknown>((resolve) => this.child.once('message', resolve));
    this.child.send('read');
    const speed = await Promise.race([answer, this.end]);
    if (typeof speed !== 'number') throw new Error('a process of the bench has ended before its answer');
    return speed;
  }

  stop(): void {
    this.child.kill();
  }
}

export async function benchKafkaConsumer({ prices }: MarketRun): Promise<Figure[]> {
  if (NO_OWN_BROKER !== undefined) throw new Error(`this bench needs a broker of its own: ${NO_OWN_BROKER}`);
  const broker = await KafkaBroker.start({}, { fullSpeed: true });
  const task: ConsumerWorkerTask = {
    bootstrap: broker.bootstrap,
    topics: { price: `bench-${randomUUID()}`, candle: `bench-${randomUUID()}` },
    partitions: PARTITIONS,
    count: prices.length,
  };
  const readers: Reader[] = [];
  try {
    await fill(task, priceMessages(prices));
    const [consumer, bare] = [new Reader('consumer', task), new Reader('bare', task)];
    readers.push(consumer, bare);
    const subject = () => consumer.eventsPerSecond();
    const reading = await compare(ROUNDS, subject, () => bare.eventsPerSecond());
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
    for (const reader of readers) reader.stop();
    await broker.close();
  }
}
