import type { TopicPartition } from '@app/domain';
import type { Admin, Kafka } from 'kafkajs';
import { settledWithin } from '../within';
import { BrokerView, type OffsetExtent, type PartitionExtent } from './broker-view';

const DISCONNECT_MS = 2_000;

/** Asks through one admin connection, made anew after a failure. */
export class KafkaBrokerView extends BrokerView {
  private admin: Admin | undefined;

  constructor(
    private readonly kafka: Kafka,
    /** Told of each answer of the broker. */
    private readonly answered: () => void = () => undefined,
  ) {
    super();
  }

  async extentOf({ topic, partition }: TopicPartition): Promise<PartitionExtent> {
    const [extents, clusterId] = await Promise.all([this.extents(topic), this.clusterId()]);
    const extent = extents.get(partition);
    if (!extent) throw new Error(`the broker does not have partition ${partition} of ${topic}`);
    return { clusterId, ...extent };
  }

  async extents(topic: string): Promise<ReadonlyMap<number, OffsetExtent>> {
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    return new Map(
      offsets.map(({ partition, low, high }) => [partition, { earliest: Number(low), latest: Number(high) }]),
    );
  }

  async close(): Promise<void> {
    const { admin } = this;
    this.admin = undefined;
    if (admin) await settledWithin(DISCONNECT_MS, admin.disconnect());
  }

  private async clusterId(): Promise<string> {
    return (await this.ask((admin) => admin.describeCluster())).clusterId;
  }

  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    if (!this.admin) {
      const admin = this.kafka.admin();
      admin.on(admin.events.REQUEST, this.answered);
      this.admin = admin;
    }
    const { admin } = this;
    try {
      await admin.connect();
      return await question(admin);
    } catch (error) {
      if (this.admin === admin) await this.close();
      throw error;
    }
  }
}
