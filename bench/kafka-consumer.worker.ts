import { randomUUID } from 'node:crypto';
import { SystemClock } from '@app/clock';
import { limitHeapGrowth } from '@app/http';
import { createKafka, EVENT_UNITS, KafkaBatchServer, type ConsumedUnit } from '@app/messaging';
import { createLogger, MetricsRegistry } from '@app/observability';
import { ConsumerStore } from '@app/storage';
import { eventually } from '../test/support/app-process';
import { kindsOn, type TestTopics } from '../test/support/kinds-on';
import { databasePath, inNewFolder, rawDir } from './workspace';

const LIMIT_MS = 120_000;
const LOGGER = createLogger('silent', 'bench');

/** What a reader of the topic is started with. */
export interface ConsumerWorkerTask {
  readonly bootstrap: string;
  readonly topics: TestTopics;
  readonly partitions: number;
  /** Messages in the topic of prices. */
  readonly count: number;
}

/** Whom to measure: the consumer as it is, or kafkajs with an empty `eachBatch`. */
export type ConsumerWorkerRole = 'consumer' | 'bare';

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

function consumed({ bootstrap, topics, partitions, count }: ConsumerWorkerTask): Promise<number> {
  return inNewFolder(async (folder) => {
    const metrics = new MetricsRegistry();
    const kinds = kindsOn(topics);
    const store = await ConsumerStore.open(
      {
        databasePath: databasePath(folder),
        rawDir: rawDir(folder),
        kinds,
        clock: new SystemClock(),
        logger: LOGGER,
        metrics,
      },
      true,
    );
    const server = new KafkaBatchServer({
      bootstrapServers: [bootstrap],
      clientId: 'csp-bench-consumer',
      groupId: randomUUID(),
      kinds,
      partitions,
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
    server.addHandler(EVENT_UNITS, take, true);
    server.listen(() => undefined);
    try {
      return await stretch.perSecond();
    } finally {
      await server.close();
      await store.close();
    }
  });
}

async function readBare({ bootstrap, topics, count }: ConsumerWorkerTask): Promise<number> {
  const kafka = createKafka({ bootstrapServers: [bootstrap], clientId: 'csp-bench-bare', logger: LOGGER });
  const consumer = kafka.consumer({
    groupId: randomUUID(),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 500,
    maxBytesPerPartition: 2_097_152,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topics.price], fromBeginning: true });
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

/**
 * A process that reads a topic from its start whenever the parent sends it anything, and answers with the events per
 * second: its heap and its compiled code are its own. Its arguments are its role and, as JSON, its task.
 */
const [role, text] = process.argv.slice(2) as [ConsumerWorkerRole, string];
const task = JSON.parse(text) as ConsumerWorkerTask;
// As consumer-app does when it is up.
if (role === 'consumer') limitHeapGrowth('consumer');
process.on('message', () => {
  const speed = role === 'consumer' ? consumed(task) : readBare(task);
  void speed.then((eventsPerSecond) => process.send?.(eventsPerSecond));
});
