import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { settledWithin } from './within';

/** A used topic has another number of partitions than configured. */
export class TopicPartitionsError extends Error {
  readonly code = 'KAFKA.PARTITIONS_DIFFER';

  constructor(
    readonly topic: string,
    readonly found: number,
    readonly configured: number,
  ) {
    super(
      `topic ${topic} has ${found} partition${found === 1 ? '' : 's'}, but TOPIC_PARTITIONS is ${configured}. With ` +
        'another number the events of a symbol would go to another partition than before, and their order would be ' +
        `lost. Set TOPIC_PARTITIONS=${found}, or let the consumer take all that is in the topic, stop all processes ` +
        'and delete the topic: it is then made again.',
    );
    this.name = 'TopicPartitionsError';
  }
}

const DEAD_LETTER_SUFFIX = '.dlq';
const DEAD_LETTER_CONFIG = [
  // A message that is set aside for its size must fit where it is set aside.
  { name: 'max.message.bytes', value: String(16 * 1_048_576) },
  // Whoever is to look at the letters may be away for longer than a broker keeps messages by default, a week.
  { name: 'retention.ms', value: '-1' },
];

/** Where messages go that are their own fault. */
export function deadLetterTopic(topic: string): string {
  return `${topic}${DEAD_LETTER_SUFFIX}`;
}

export interface TopicPlan {
  readonly topics: readonly string[];
  /** Partitions that each topic is made with, and must have. */
  readonly partitions: number;
  /** Whether each topic also gets its dead-letter topic, with one partition. */
  readonly deadLetters: boolean;
}

const DISCONNECT_MILLIS = 2_000;
/** The broker is asked this often, in all about 10 s, until a topic that was just made is known everywhere. */
const LOOKS = 40;
const LOOK_EVERY_MILLIS = 250;

/**
 * Makes the topics that are missing, with the configured partitions and the broker's default replication, and refuses
 * topics with another number of partitions. Bounded in time by the client's own limits.
 * @throws TopicPartitionsError
 * @throws KafkaJSError when the broker is away or refuses
 */
export async function ensureTopics(kafka: Kafka, { topics, partitions, deadLetters }: TopicPlan): Promise<void> {
  const wanted = new Map(topics.map((topic) => [topic, partitions]));
  if (deadLetters) for (const topic of topics) wanted.set(deadLetterTopic(topic), 1);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const missing: string[] = [];
    for (const topic of wanted.keys()) if ((await partitionsOf(admin, topic)) === undefined) missing.push(topic);
    if (missing.length > 0) await create(admin, new Map(missing.map((topic) => [topic, wanted.get(topic) ?? 1])));
    for (const topic of topics) {
      const found = await partitionsOnceKnown(admin, topic);
      if (found !== partitions) throw new TopicPartitionsError(topic, found, partitions);
    }
  } finally {
    await settledWithin(DISCONNECT_MILLIS, admin.disconnect());
  }
}

async function create(admin: Admin, topics: ReadonlyMap<string, number>): Promise<void> {
  await admin.createTopics({
    topics: [...topics].map(([topic, numPartitions]) => ({
      topic,
      numPartitions,
      replicationFactor: -1,
      ...(topic.endsWith(DEAD_LETTER_SUFFIX) ? { configEntries: DEAD_LETTER_CONFIG } : {}),
    })),
    // Other processes make the same topics at the same time; whether all are there is looked at afterwards.
    waitForLeaders: false,
  });
}

async function partitionsOnceKnown(admin: Admin, topic: string): Promise<number> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const partitions = await partitionsOf(admin, topic);
    if (partitions !== undefined) return partitions;
    await delay(LOOK_EVERY_MILLIS);
  }
  throw new Error(`the broker does not show topic ${topic}, which it has made`);
}

/** Undefined when there is no such topic: to the broker, asking for one is an error. */
async function partitionsOf(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length;
  } catch (error) {
    if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}
