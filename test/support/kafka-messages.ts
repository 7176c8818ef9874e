import { randomUUID } from 'node:crypto';
import type { KafkaBroker } from './kafka-broker';

/** A message as it lies in the topic, byte for byte, in UTF-8. */
export interface TopicMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that is in a topic now, by partition and offset. */
export async function readTopic(broker: KafkaBroker, topic: string): Promise<TopicMessage[]> {
  const ends = await broker.endsOf(topic);
  const open = new Map(ends.filter(({ high, low }) => high !== low).map(({ partition, high }) => [partition, +high]));
  const messages: TopicMessage[] = [];
  if (open.size === 0) return messages;
  const consumer = broker.client().consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ partition, message }) => {
            const headers = Object.entries(message.headers ?? {}).map(
              ([name, value]) => [name, String(value)] as const,
            );
            messages.push({
              partition,
              offset: Number(message.offset),
              key: message.key?.toString('utf8') ?? null,
              value: message.value?.toString('utf8') ?? null,
              timestamp: Number(message.timestamp),
              headers: Object.fromEntries(headers),
            });
            if (Number(message.offset) + 1 >= (open.get(partition) ?? Infinity)) open.delete(partition);
            if (open.size === 0) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
