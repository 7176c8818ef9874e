import type { Logger } from '@app/observability';
import { Kafka, type KafkaConfig, type RetryOptions } from 'kafkajs';
import { registerCodecs } from './compression/codecs';
import { calmIdleConnections } from './idle-timer';
import { kafkaLogCreator } from './kafka-log';

calmIdleConnections();
registerCodecs();

export interface KafkaClientOptions {
  /** `host:port` of brokers to begin with. */
  readonly bootstrapServers: readonly string[];
  /** What the broker's logs and quotas call this process, used as it is. */
  readonly clientId: string;
  readonly logger: Logger;
}

/** Real milliseconds until a connection that is not made, and a request that is not answered, has failed. */
export const CONNECTION_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Retries inside kafkajs are few and short, so that each call ends in bounded time whatever the broker does; the long
 * back-offs are ours, where they can be interrupted and seen.
 */
export const KAFKA_RETRY = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  multiplier: 2,
  factor: 0.2,
  retries: 3,
} as const satisfies RetryOptions;

/** The connection settings of every Kafka client of the platform. */
export function kafkaConfig({
  bootstrapServers,
  clientId,
  logger,
}: KafkaClientOptions): Omit<KafkaConfig, 'logLevel'> & { brokers: string[] } {
  return {
    brokers: [...bootstrapServers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: { ...KAFKA_RETRY },
    logCreator: kafkaLogCreator(logger),
  };
}

/** The one place that makes a kafkajs client; the publisher's is made by Nest from the same {@link kafkaConfig}. */
export function createKafka(options: KafkaClientOptions): Kafka {
  return new Kafka(kafkaConfig(options));
}
