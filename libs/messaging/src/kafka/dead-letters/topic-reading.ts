import { randomUUID } from 'node:crypto';
import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';
import { settledWithin } from '../within';

const DISCONNECT_MS = 2_000;
/** A broker that gives nothing for so long is away; joining a group takes some seconds of it. */
const SILENCE_MS = 30_000;
/** A fetch that finds nothing more is over soon: until then its consumer cannot leave, and its group cannot be removed. */
const FETCH_WAIT_MS = 250;

/** Offsets of a partition, half-open. */
export interface OffsetSpan {
  readonly start: number;
  readonly end: number;
}

export interface TopicReading {
  readonly topic: string;
  readonly spans: ReadonlyMap<number, OffsetSpan>;
  /** Ends the reading after the messages in hand. */
  readonly signal: AbortSignal;
  /** Messages of one partition, in order; what it throws ends the reading. */
  readonly visit: (partition: number, messages: readonly KafkaMessage[]) => Promise<void> | void;
}

/**
 * Reads spans of a topic's partitions once, in a consumer group of its own that is removed afterwards.
 * @throws Error when the broker gives nothing for 30 s
 */
export async function readTopic(kafka: Kafka, reading: TopicReading): Promise<void> {
  const open = new Map([...reading.spans].filter(([, { start, end }]) => start < end));
  if (open.size === 0) return;
  const groupId = `csp-reading-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: reading.topic, fromBeginning: true });
    await readThrough(consumer, reading, open);
  } finally {
    await settledWithin(DISCONNECT_MS, consumer.disconnect());
    await settledWithin(DISCONNECT_MS, removeGroup(kafka, groupId));
  }
}

function readThrough(
  consumer: Consumer,
  { topic, signal, visit }: TopicReading,
  open: Map<number, OffsetSpan>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => {
      fail(new Error(`the broker has given nothing of ${topic} for ${SILENCE_MS / 1_000} s`));
    }, SILENCE_MS);
    const done = (): void => {
      clearTimeout(silence);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const fail = (error: unknown): void => {
      done();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    if (signal.aborted) {
      done();
      return;
    }
    signal.addEventListener('abort', done);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      fail(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          silence.refresh();
          const span = open.get(batch.partition);
          if (!span || signal.aborted) return;
          const within = ({ offset }: KafkaMessage): boolean => +offset >= span.start && +offset < span.end;
          try {
            await visit(batch.partition, batch.messages.filter(within));
          } catch (error) {
            fail(error);
            return;
          }
          const next = Math.max(span.start, Number(batch.lastOffset()) + 1);
          if (next < span.end) open.set(batch.partition, { start: next, end: span.end });
          else open.delete(batch.partition);
          if (open.size === 0) done();
        },
      })
      .then(() => {
        for (const [partition, { start }] of open) consumer.seek({ topic, partition, offset: String(start) });
      })
      .catch(fail);
  });
}

async function removeGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } finally {
    await admin.disconnect();
  }
}
