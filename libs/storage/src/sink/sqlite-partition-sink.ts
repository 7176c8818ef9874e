import type { BronzeArchive, BronzeRecovery, BronzeUnits } from '@app/bronze';
import {
  PartitionSink,
  type Clock,
  type EventKinds,
  type PartitionClaim,
  type PartitionStart,
  type PartitionUnit,
  type SinkResult,
  type TopicLoss,
  type TopicPartition,
} from '@app/domain';
import {
  advanceUnit,
  checkedEvents,
  checkPosition,
  claimUnit,
  findIn,
  heldProgress,
  positionsOf,
  runUnit,
  startUnit,
  topicLosses,
  type Rows,
} from '@app/history';
import type { MetricsRegistry } from '@app/observability';
import type { OriginGuard } from '../database/origin-guard';
import type { EventWriter } from './event-writer';
import { SinkOutcomes } from './sink-outcomes';

export interface PartitionSinkParts {
  readonly units: BronzeUnits;
  readonly rows: Rows;
  readonly origin: OriginGuard;
  readonly archive: BronzeArchive;
  readonly writer: EventWriter;
  readonly kinds: EventKinds;
  readonly recovery: BronzeRecovery;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
}

/**
 * Takes the messages of broker partitions. The progress row of a partition carries an epoch: claiming raises it, and each
 * unit checks under the write lock that it still holds. A consumer that wakes after its partitions went to another one
 * finds that out before it has written a byte.
 */
export class SqlitePartitionSink extends PartitionSink {
  private readonly outcomes: SinkOutcomes;

  constructor(private readonly parts: PartitionSinkParts) {
    super();
    this.outcomes = new SinkOutcomes(parts.metrics);
  }

  claim(partition: TopicPartition, kind: string): Promise<PartitionClaim> {
    return this.parts.units.run(() => runUnit(this.parts.rows, claimUnit(partition, kind)));
  }

  async start(claim: PartitionClaim, start: PartitionStart): Promise<void> {
    const { topic, partition, kind } = claim;
    const { archive, clock, kinds, recovery, rows, units } = this.parts;
    const files = archive.files([topic]).filter((file) => file.partition === partition);
    if (start.kind !== 'continue') {
      // The broker brings none of these lines again: what is complete is taken into the rows.
      for (const file of files) {
        await recovery.takeUp(file, kinds.named(kind), () => findIn(rows, heldProgress(claim)));
      }
    }
    await units.run(() => {
      runUnit(rows, startUnit(claim, start, clock.now()));
      for (const { file, compressed } of files) if (!compressed) archive.cutSurplus(file);
    });
  }

  async take(claim: PartitionClaim, unit: PartitionUnit): Promise<SinkResult> {
    const { topic, partition } = claim;
    const { clock, kinds, origin, rows, units, writer } = this.parts;
    const events = checkedEvents(kinds.named(claim.kind), unit.values);
    const result = await units.append((bronze) => {
      findIn(rows, checkPosition(claim, unit));
      if (events.length > 0) origin.claim(unit.origin);
      const taken = writer.write(events, { topic, partition }, bronze);
      runUnit(rows, advanceUnit(claim, unit, clock.now()));
      return taken;
    });
    this.outcomes.add(result);
    return result;
  }

  positions(topics: readonly string[]): Promise<(TopicPartition & { readonly nextOffset: number })[]> {
    return Promise.resolve(findIn(this.parts.rows, positionsOf(topics)));
  }

  losses(): Promise<TopicLoss[]> {
    return Promise.resolve(findIn(this.parts.rows, topicLosses()));
  }
}
