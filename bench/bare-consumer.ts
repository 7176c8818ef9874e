import { Kafka, logLevel } from 'kafkajs';

/** What the parent is told, whenever it asks with any message. */
export interface BareConsumerReport {
  /** Whether it is a member of its group. */
  readonly joined: boolean;
  /** Microseconds of processor time since the start. */
  readonly cpu: number;
}

/**
 * The peer of a consumer at rest, as a process of its own: kafkajs as it is, subscribed to the topics named third and
 * later with the consumer's settings, on the broker named first and in the group named second.
 */
const [broker = '', groupId = '', ...topics] = process.argv.slice(2);
let joined = false;

async function main(): Promise<void> {
  const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
  });
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true;
  });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({ eachBatch: () => Promise.resolve() });
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ joined, cpu: user + system } satisfies BareConsumerReport);
});
void main();
