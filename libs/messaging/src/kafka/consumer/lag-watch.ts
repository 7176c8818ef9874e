import type { PartitionSink } from '@app/domain';
import type { BrokerView } from './broker-view';
import type { ConsumerMetrics } from './consumer-metrics';
import type { ConsumerStatus } from './consumer-status';
import { partitionName } from './partition-name';

export interface LagWatchParts {
  readonly broker: BrokerView;
  readonly sink: PartitionSink;
  readonly metrics: ConsumerMetrics;
  readonly status: ConsumerStatus;
}

/**
 * Compares the ends of the assigned partitions with where the store stands. What a fetch says of its own lag is silent
 * just when it matters: while nothing can be taken, nothing is fetched.
 */
export class LagWatch {
  private stand = '';
  private movedAt = performance.now();

  constructor(private readonly parts: LagWatchParts) {}

  /**
   * One look; tells the lags, and returns for how long (real milliseconds) messages have been waiting while the store
   * took none of any partition.
   * @throws KafkaJSError
   */
  async look(): Promise<number> {
    const { broker, sink, metrics, status } = this.parts;
    const targets = status.assigned;
    const topics = [...new Set(targets.map(({ topic }) => topic))];
    const extents = new Map<string, { readonly earliest: number; readonly latest: number }>();
    for (const topic of topics) {
      for (const [partition, extent] of await broker.extents(topic))
        extents.set(partitionName({ topic, partition }), extent);
    }
    const stored = new Map((await sink.positions(topics)).map((place) => [partitionName(place), place.nextOffset]));
    const stands: number[] = [];
    let waiting = 0;
    for (const target of targets) {
      const extent = extents.get(partitionName(target));
      if (!extent) continue;
      const stand = Math.max(stored.get(partitionName(target)) ?? 0, extent.earliest);
      const lag = Math.max(0, extent.latest - stand);
      metrics.lagging(target, lag);
      status.lagging(target, lag);
      stands.push(stand);
      waiting += lag;
    }
    const stand = stands.join();
    if (waiting === 0 || stand !== this.stand) this.movedAt = performance.now();
    this.stand = stand;
    return performance.now() - this.movedAt;
  }
}
