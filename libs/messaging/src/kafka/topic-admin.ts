import { healthReason } from '@app/domain';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigResourceTypes, KafkaJSAggregateError, type Admin, type Kafka } from 'kafkajs';
import { settledWithin } from './within';

/** A topic cannot be used as it is; the others can. */
export abstract class TopicRefusedError extends Error {
  abstract readonly topic: string;
}

/** A used topic has another number of partitions than configured. */
export class TopicPartitionsError extends TopicRefusedError {
  readonly code = 'KAFKA.PARTITIONS_DIFFER';

  constructor(
    readonly topic: string,
    readonly found: number,
    readonly configured: number,
  ) {
    super(
      healthReason`topic ${topic} has ${found} partition${found === 1 ? '' : 's'}, but TOPIC_PARTITIONS is ${configured}. With ` +
        'another number the events of a symbol would go to another partition than before, and their order would be ' +
        `lost. Set TOPIC_PARTITIONS=${found}, or let the consumer take all that is in the topic, stop all processes ` +
        'and delete the topic: it is then made again.',
    );
    this.name = 'TopicPartitionsError';
  }
}

/** A topic is compacted: the broker removes what is not the newest of its symbol. */
export class TopicCompactedError extends TopicRefusedError {
  readonly code = 'KAFKA.TOPIC_COMPACTED';

  constructor(
    readonly topic: string,
    /** The topic that is compacted: this one, or the one of its dead letters. */
    compacted: string,
    policy: string,
  ) {
    super(
      healthReason`topic ${compacted} has cleanup.policy=${policy}: Kafka keeps the newest message of each symbol and removes those ` +
        'before it, which are history here. Set it back, and it is used again by itself: kafka-configs.sh ' +
        `--bootstrap-server HOST:PORT --alter --entity-type topics --entity-name ${compacted} --add-config ` +
        `${CLEANUP_POLICY}=delete`,
    );
    this.name = 'TopicCompactedError';
  }
}

/** The broker refuses what has to be done with one topic. */
export class TopicUnusableError extends TopicRefusedError {
  readonly code = 'KAFKA.TOPIC_UNUSABLE';

  constructor(
    readonly topic: string,
    cause: Error,
  ) {
    super(healthReason`topic ${topic} cannot be used: ${cause.message}`, { cause });
    this.name = 'TopicUnusableError';
  }
}

const CLEANUP_POLICY = 'cleanup.policy';
const COMPACTION = /\bcompact\b/;

/** What topics would take from the broker's defaults otherwise: history is never compacted, nor packed anew. */
const TOPIC_CONFIG = [
  { name: CLEANUP_POLICY, value: 'delete' },
  { name: 'compression.type', value: 'producer' },
];

const DEAD_LETTER_SUFFIX = '.dlq';
const DEAD_LETTER_CONFIG = [
  ...TOPIC_CONFIG,
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

/** Answers of the broker that are about the topic that was asked for, and about no other. */
const OF_THE_TOPIC: readonly unknown[] = [
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'POLICY_VIOLATION',
  'UNKNOWN_TOPIC_OR_PARTITION',
];

const DISCONNECT_MS = 2_000;
/** The broker is asked this often, in all about 10 s, until a topic that was just made is known everywhere. */
const LOOKS = 40;
const LOOK_EVERY_MS = 250;

/**
 * Makes the topics that are missing, with the configured partitions and the broker's default replication, and refuses
 * those that cannot be used as they are. Bounded in time by the client's own limits.
 * @throws TopicRefusedError for the first that is refused
 * @throws KafkaJSError when the broker is away or refuses
 */
export async function ensureTopics(kafka: Kafka, plan: TopicPlan): Promise<void> {
  const [refused] = await inspectTopics(kafka, plan);
  if (refused) throw refused;
}

/**
 * As {@link ensureTopics}, but returns why topics are refused, so that the others can be used.
 * @param answered - told of each answer of the broker
 * @throws KafkaJSError
 */
export async function inspectTopics(
  kafka: Kafka,
  { topics, ...plan }: TopicPlan,
  answered: () => void = () => undefined,
): Promise<TopicRefusedError[]> {
  const admin = kafka.admin();
  admin.on(admin.events.REQUEST, answered);
  try {
    await admin.connect();
    const refused: TopicRefusedError[] = [];
    for (const topic of topics) {
      try {
        await prepare(admin, topic, plan);
      } catch (error) {
        if (error instanceof TopicRefusedError) refused.push(error);
        else if (isOfTheTopic(error)) refused.push(new TopicUnusableError(topic, error));
        else throw error;
      }
    }
    return refused;
  } finally {
    await settledWithin(DISCONNECT_MS, admin.disconnect());
  }
}

async function prepare(
  admin: Admin,
  topic: string,
  { partitions, deadLetters }: Omit<TopicPlan, 'topics'>,
): Promise<void> {
  const wanted = new Map([[topic, partitions]]);
  if (deadLetters) wanted.set(deadLetterTopic(topic), 1);
  for (const [name, count] of wanted) {
    if ((await partitionsOf(admin, name)) === undefined) await create(admin, name, count);
  }
  const found = await partitionsOnceKnown(admin, topic);
  if (found !== partitions) throw new TopicPartitionsError(topic, found, partitions);
  for (const name of wanted.keys()) {
    const policy = await cleanupPolicyOf(admin, name);
    if (policy !== undefined && COMPACTION.test(policy)) throw new TopicCompactedError(topic, name, policy);
  }
}

async function create(admin: Admin, topic: string, numPartitions: number): Promise<void> {
  const configEntries = topic.endsWith(DEAD_LETTER_SUFFIX) ? DEAD_LETTER_CONFIG : TOPIC_CONFIG;
  await admin.createTopics({
    topics: [{ topic, numPartitions, replicationFactor: -1, configEntries }],
    // Other processes make the same topics at the same time; whether all are there is looked at afterwards.
    waitForLeaders: false,
  });
}

/** Undefined where the broker does not say: reading a configuration needs a right of its own. */
async function cleanupPolicyOf(admin: Admin, topic: string): Promise<string | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [CLEANUP_POLICY] }],
    });
    return resources[0]?.configEntries.find(({ configName }) => configName === CLEANUP_POLICY)?.configValue;
  } catch {
    return undefined;
  }
}

function isOfTheTopic(error: unknown): error is Error {
  const errors: unknown[] = error instanceof KafkaJSAggregateError ? error.errors : [error];
  return errors.every((each) => OF_THE_TOPIC.includes((each as { readonly type?: string } | undefined)?.type));
}

async function partitionsOnceKnown(admin: Admin, topic: string): Promise<number> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const partitions = await partitionsOf(admin, topic);
    if (partitions !== undefined) return partitions;
    await delay(LOOK_EVERY_MS);
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
