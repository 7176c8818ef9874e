import { createHash } from 'node:crypto';
import type { TopicPartition } from '@app/domain';
import type { Logger } from '@app/observability';
import type { IHeaders, Kafka, Producer } from 'kafkajs';
import { deadLetterTopic } from '../topic-admin';
import { settledWithin } from '../within';
import type { ConsumerMetrics } from '../consumer/consumer-metrics';
import type { ConsumerStatus } from '../consumer/consumer-status';
import type { RejectedMessage } from '../consumer/message-unit';
import { DEAD_LETTER_HEADERS } from './dead-letter-headers';

const DISCONNECT_MS = 2_000;
const SEND_TIMEOUT_MS = 10_000;
/** What is left of the value, and of the key, of a message that the dead-letter topic does not take whole. */
const EXCERPT_BYTES = 65_536;
const MESSAGE_TOO_LARGE = 'MESSAGE_TOO_LARGE';
/** Where all letters go. kafkajs takes half a minute of the event loop to choose a partition for a key of 250 kB. */
const PARTITION = 0;

/** Sets messages aside that cannot be taken. */
export abstract class DeadLetters {
  /** Resolves when the broker has acknowledged the letter. @throws KafkaJSError */
  abstract send(source: TopicPartition, rejected: RejectedMessage, attempts: number): Promise<void>;
}

/** Sends dead letters to `<topic>.dlq`: key, value, time and headers of the message, and why it is there. */
export class DeadLetterPublisher extends DeadLetters {
  private producer: Producer | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly metrics: ConsumerMetrics,
    private readonly status: ConsumerStatus,
    private readonly logger: Logger,
  ) {
    super();
  }

  async send(source: TopicPartition, { message, violation }: RejectedMessage, attempts: number): Promise<void> {
    const { topic, partition } = source;
    const { key, value, timestamp, offset } = message;
    const reason: IHeaders = {
      [DEAD_LETTER_HEADERS.error]: violation.message,
      [DEAD_LETTER_HEADERS.field]: violation.field,
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: offset,
      [DEAD_LETTER_HEADERS.attempts]: String(attempts),
    };
    try {
      await this.produce(topic, { key, value, timestamp, headers: { ...message.headers, ...reason } });
    } catch (error) {
      if ((error as { type?: string }).type !== MESSAGE_TOO_LARGE) throw error;
      // Key and headers may be what is too large: of these nothing is kept that is of no use in an excerpt.
      const whole = value ?? Buffer.alloc(0);
      await this.produce(topic, {
        key: key?.subarray(0, EXCERPT_BYTES) ?? null,
        value: value?.subarray(0, EXCERPT_BYTES) ?? null,
        timestamp,
        headers: {
          ...reason,
          [DEAD_LETTER_HEADERS.originalBytes]: String(whole.length),
          [DEAD_LETTER_HEADERS.originalSha256]: createHash('sha256').update(whole).digest('hex'),
        },
      });
    }
    this.metrics.deadLettered(topic);
    this.status.deadLettered();
    this.logger.error(
      { topic, partition, offset, field: violation.field },
      `a message was set aside in ${deadLetterTopic(topic)}: ${violation.message}`,
    );
  }

  async close(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    if (producer) await settledWithin(DISCONNECT_MS, producer.disconnect());
  }

  private async produce(
    topic: string,
    message: { key: Buffer | null; value: Buffer | null; timestamp: string; headers: IHeaders },
  ): Promise<void> {
    this.producer ??= this.kafka.producer({ allowAutoTopicCreation: false });
    const { producer } = this;
    try {
      await producer.connect();
      await producer.send({
        topic: deadLetterTopic(topic),
        acks: -1,
        timeout: SEND_TIMEOUT_MS,
        messages: [{ ...message, partition: PARTITION }],
      });
    } catch (error) {
      if (this.producer === producer) await this.close();
      throw error;
    }
  }
}
