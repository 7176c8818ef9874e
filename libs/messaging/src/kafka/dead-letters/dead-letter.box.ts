import type { Admin, IHeaders, Kafka, KafkaMessage, Message } from 'kafkajs';
import { deadLetterTopic } from '../topic-admin';
import { settledWithin } from '../within';
import { DEAD_LETTER_HEADERS } from './dead-letter-headers';
import { readTopic, type OffsetSpan } from './topic-reading';

const DISCONNECT_MS = 2_000;
/** Keeps, as offsets of a group that nobody joins, up to where the letters of each topic have been sent back. */
const REPLAY_GROUP = 'csp-dead-letter-replay';

/** A message that was set aside, as `<topic>.dlq` holds it. */
export interface DeadLetter {
  /** Offset among the dead letters of its topic. */
  readonly offset: number;
  /** Time of the message itself, epoch milliseconds. */
  readonly time: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly error: string;
  readonly field: string;
  readonly sourcePartition: number;
  readonly sourceOffset: number;
  readonly attempts: number;
  /** Bytes of the value before it was cut; undefined for one that is whole. */
  readonly cutFrom: number | undefined;
  /** Whether it has been sent back to its topic already. */
  readonly replayed: boolean;
}

export interface ReplayResult {
  readonly replayed: number;
  /** Letters whose value was cut: there is nothing whole to send back. */
  readonly cut: number;
}

/** The dead letters of the platform's topics: to be looked at, and to be sent back to where they came from. */
export class DeadLetterBox {
  constructor(private readonly kafka: Kafka) {}

  /** The newest letters of a topic, at most `limit` of each partition, oldest first. @throws KafkaJSError */
  async newest(topic: string, limit: number, signal: AbortSignal): Promise<DeadLetter[]> {
    const extents = await this.extents(topic);
    const letters: DeadLetter[] = [];
    await readTopic(this.kafka, {
      topic: deadLetterTopic(topic),
      spans: spansFrom(extents, ({ earliest, end }) => Math.max(earliest, end - limit)),
      signal,
      visit: (partition, messages) => {
        const replayed = extents.get(partition)?.replayed ?? 0;
        letters.push(...messages.map((message) => toDeadLetter(message, replayed)));
      },
    });
    return letters;
  }

  /**
   * Sends every letter that was not sent back before to its topic and partition, with its key, value and own headers. An
   * event that is stored already is taken as a repeat; one that still cannot be taken comes back as a new letter.
   * @throws KafkaJSError; what was acknowledged until then counts as sent back
   */
  async replay(topic: string, signal: AbortSignal): Promise<ReplayResult> {
    const extents = await this.extents(topic);
    const result = { replayed: 0, cut: 0 };
    const producer = this.kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    try {
      await producer.connect();
      await readTopic(this.kafka, {
        topic: deadLetterTopic(topic),
        spans: spansFrom(extents, ({ earliest, replayed }) => Math.max(earliest, replayed)),
        signal,
        visit: async (partition, letters) => {
          const last = letters.at(-1);
          if (!last) return;
          const messages = letters.filter((letter) => numberOf(letter, 'originalBytes') === undefined).map(toMessage);
          if (messages.length > 0) await producer.send({ topic, acks: -1, messages });
          await this.remember(topic, partition, Number(last.offset) + 1);
          result.replayed += messages.length;
          result.cut += letters.length - messages.length;
        },
      });
    } finally {
      await settledWithin(DISCONNECT_MS, producer.disconnect());
    }
    return result;
  }

  private async extents(topic: string): Promise<Map<number, Extent>> {
    const letters = deadLetterTopic(topic);
    return this.ask(async (admin) => {
      // A topic that was never set anything aside of may not have its box yet.
      if (!(await admin.listTopics()).includes(letters)) return new Map<number, Extent>();
      const ends = await admin.fetchTopicOffsets(letters);
      const [replays] = await admin.fetchOffsets({ groupId: REPLAY_GROUP, topics: [letters] });
      const replayed = new Map(replays?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return new Map(
        ends.map(({ partition, low, high }) => [
          partition,
          { earliest: Number(low), end: Number(high), replayed: Math.max(0, replayed.get(partition) ?? 0) },
        ]),
      );
    });
  }

  private async remember(topic: string, partition: number, next: number): Promise<void> {
    const partitions = [{ partition, offset: String(next) }];
    await this.ask((admin) => admin.setOffsets({ groupId: REPLAY_GROUP, topic: deadLetterTopic(topic), partitions }));
  }

  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await question(admin);
    } finally {
      await settledWithin(DISCONNECT_MS, admin.disconnect());
    }
  }
}

interface Extent {
  readonly earliest: number;
  readonly end: number;
  /** Offset of the first letter that has not been sent back. */
  readonly replayed: number;
}

function spansFrom(
  extents: ReadonlyMap<number, Extent>,
  start: (extent: Extent) => number,
): ReadonlyMap<number, OffsetSpan> {
  return new Map([...extents].map(([partition, extent]) => [partition, { start: start(extent), end: extent.end }]));
}

function header({ headers }: KafkaMessage, name: keyof typeof DEAD_LETTER_HEADERS): string | undefined {
  return headers?.[DEAD_LETTER_HEADERS[name]]?.toString();
}

function numberOf(message: KafkaMessage, name: keyof typeof DEAD_LETTER_HEADERS): number | undefined {
  const text = header(message, name);
  return text === undefined ? undefined : Number(text);
}

function toDeadLetter(message: KafkaMessage, replayed: number): DeadLetter {
  return {
    offset: Number(message.offset),
    time: Number(message.timestamp),
    key: message.key?.toString('utf8') ?? null,
    value: message.value,
    error: header(message, 'error') ?? '',
    field: header(message, 'field') ?? '',
    sourcePartition: numberOf(message, 'partition') ?? 0,
    sourceOffset: numberOf(message, 'offset') ?? 0,
    attempts: numberOf(message, 'attempts') ?? 0,
    cutFrom: numberOf(message, 'originalBytes'),
    replayed: Number(message.offset) < replayed,
  };
}

/** The message as it was before it was set aside, for the partition that it came from. */
function toMessage(letter: KafkaMessage): Message {
  const own = new Set<string>(Object.values(DEAD_LETTER_HEADERS));
  const headers: IHeaders = Object.fromEntries(Object.entries(letter.headers ?? {}).filter(([name]) => !own.has(name)));
  const { key, value, timestamp } = letter;
  const partition = numberOf(letter, 'partition');
  // A letter that somebody else put there need not say where it came from: its key decides.
  const message = { key, value, timestamp, headers };
  return partition === undefined || !Number.isSafeInteger(partition) ? message : { ...message, partition };
}
