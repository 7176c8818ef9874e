import type { TopicPartition } from '@app/domain';

/** What the broker has of a partition at a moment. */
export interface PartitionExtent {
  readonly clusterId: string;
  /** Oldest offset kept, and the one that the next message will get. */
  readonly earliest: number;
  readonly latest: number;
}

/** Asks the broker about partitions. */
export abstract class BrokerView {
  /** @throws KafkaJSError when the broker is away or does not have the partition */
  abstract extentOf(partition: TopicPartition): Promise<PartitionExtent>;
}
