import { ClientKafka } from '@nestjs/microservices';
import type { Kafka, Producer } from 'kafkajs';
import { createKafka, KAFKA_RETRY, kafkaConfig, type KafkaClientOptions } from '../kafka-client';
import { ensureTopics, type TopicPlan } from '../topic-admin';
import { settledWithin } from '../within';
import { guardedPartitioner } from './guarded-partitioner';
import type { Remedy } from './send-failure';

/** Shorter than elsewhere: an attempt that fails soon is made again with the same producer, which costs nothing. */
const REQUEST_TIMEOUT_MS = 5_000;
const RETRIES = 1;
const DISCONNECT_MS = 1_500;

/** A connected producer; another one, or another connection for it, when it was told that the last failed. */
export abstract class ProducerLink {
  abstract ready(): Promise<Producer>;

  /** Says that the producer failed, and what it needs before it is {@link ready} again. */
  abstract failed(remedy: Remedy): void;

  /** Ends within a bounded time, whatever the broker does. */
  abstract close(): Promise<void>;
}

/**
 * The producer of Nest's Kafka client: idempotent, without a consumer group, under the client id as given. Topics are
 * looked at, and made when missing, before a producer is used first.
 */
export class NestProducerLink extends ProducerLink {
  private readonly kafka: Kafka;
  private client: ClientKafka | undefined;
  private producer: Producer | undefined;
  private remedy: Remedy | undefined;
  private becoming: Promise<Producer> | undefined;
  /** Raised when what is under way is given up: what it still brings is closed and not used. */
  private generation = 0;

  constructor(
    private readonly options: KafkaClientOptions,
    private readonly topics: TopicPlan,
  ) {
    super();
    this.kafka = createKafka(options);
  }

  /** @throws TopicPartitionsError, KafkaJSError */
  ready(): Promise<Producer> {
    if (this.producer && this.remedy === undefined) return Promise.resolve(this.producer);
    if (this.becoming) return this.becoming;
    const becoming = this.become(this.generation).finally(() => {
      if (this.becoming === becoming) this.becoming = undefined;
    });
    this.becoming = becoming;
    return becoming;
  }

  failed(remedy: Remedy): void {
    this.remedy = this.remedy === 'replace' ? 'replace' : remedy;
    if (remedy === 'reconnect') return;
    this.generation += 1;
    this.becoming = undefined;
  }

  async close(): Promise<void> {
    this.failed('replace');
    await this.discard();
  }

  private async become(generation: number): Promise<Producer> {
    if (this.producer && this.remedy === 'reconnect' && (await this.reconnected(this.producer))) {
      this.remedy = undefined;
      return this.producer;
    }
    await this.discard();
    await ensureTopics(this.kafka, this.topics);
    const client = this.createClient();
    try {
      await client.connect();
      if (generation !== this.generation) throw new Error('the connection was given up');
    } catch (error) {
      // Nest keeps a failed attempt for ever: the client is of no use after one.
      void settledWithin(DISCONNECT_MS, client.close());
      throw error;
    }
    this.client = client;
    this.producer = client.producer;
    this.remedy = undefined;
    return this.producer;
  }

  /**
   * A producer keeps its id and its sequence numbers over a new connection. kafkajs itself notices neither a connection
   * that died silently nor always gets over one that was cut (tulios/kafkajs issues 907, 918, 919, 979).
   */
  private async reconnected(producer: Producer): Promise<boolean> {
    if (!(await settledWithin(DISCONNECT_MS, producer.disconnect()))) return false;
    await producer.connect();
    return true;
  }

  private createClient(): ClientKafka {
    const retry = { ...KAFKA_RETRY, retries: RETRIES };
    return new ClientKafka({
      postfixId: '',
      producerOnlyMode: true,
      client: { ...kafkaConfig(this.options), requestTimeout: REQUEST_TIMEOUT_MS, retry },
      producer: {
        idempotent: true,
        // One request at a time on each connection: a failed one is never overtaken.
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: guardedPartitioner(this.topics.partitions),
        retry,
      },
    });
  }

  private async discard(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.producer = undefined;
    if (client) await settledWithin(DISCONNECT_MS, client.close());
  }
}
