import type { TopicPartition } from '@app/domain';

/** A partition as one text, to find it by: no topic has a slash in its name. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
