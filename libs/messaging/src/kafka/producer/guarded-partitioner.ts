import { Partitioners, type ICustomPartitioner } from 'kafkajs';
import { TopicPartitionsError } from '../topic-admin';

/**
 * kafkajs's default partitioner (murmur2 of the key, the same partition as Java's clients choose), which refuses to
 * choose once a topic has another number of partitions than configured: a symbol would move to another one.
 */
export function guardedPartitioner(partitions: number): ICustomPartitioner {
  return () => {
    const choose = Partitioners.DefaultPartitioner();
    return (args) => {
      const found = args.partitionMetadata.length;
      if (found !== partitions) throw new TopicPartitionsError(args.topic, found, partitions);
      return choose(args);
    };
  };
}
