import type { TopicPartition } from '@app/domain';

/** Oldest offset that the broker keeps of a partition, and the one that the next message will get. */
export interface OffsetExtent {
  readonly earliest: number;
  readonly latest: number;
}

/** What the broker has of a partition at a moment. */
export interface PartitionExtent extends OffsetExtent {
  readonly clusterId: string;
}

/** Asks the broker about partitions. */
export abstract class BrokerView {
  /** @throws KafkaJSError when the broker is away or does not have the partition */
  abstract extentOf(partition: TopicPartition): Promise<PartitionExtent>;

  /** Each partition of a topic. @throws KafkaJSError when the broker is away or does not have the topic */
  abstract extents(topic: string): Promise<ReadonlyMap<number, OffsetExtent>>;
}
