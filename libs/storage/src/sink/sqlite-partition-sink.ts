import type { BronzeArchive, BronzeRecovery, BronzeUnits } from '@app/bronze';
import {
  checkEvent,
  ContractViolationError,
  PartitionLostError,
  PartitionPositionError,
  PartitionSink,
  UnitRejectedError,
  type CheckedEvent,
  type Clock,
  type EventKind,
  type EventKinds,
  type PartitionClaim,
  type PartitionStart,
  type PartitionUnit,
  type SinkResult,
  type TopicLoss,
  type TopicPartition,
} from '@app/domain';
import type { MetricsRegistry } from '@app/observability';
import type { Statement } from 'better-sqlite3';
import type { OriginGuard } from '../database/origin-guard';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { EventWriter } from './event-writer';
import { SinkOutcomes } from './sink-outcomes';
import { TopicLosses } from './topic-losses';

interface ProgressRow {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly next_offset: number | null;
  readonly last_hash: string | null;
  readonly cluster_id: string | null;
}

export interface PartitionSinkParts {
  readonly units: BronzeUnits;
  readonly database: SqliteHandle;
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
  private readonly select: Statement<[string, number], ProgressRow>;
  private readonly selectTopic: Statement<[string], ProgressRow>;
  private readonly raiseEpoch: Statement<[string, number], { epoch: number }>;
  private readonly store: Statement<[number, string | null, string, string, number]>;
  private readonly topicLosses: TopicLosses;
  private readonly advance: Statement<[number, string | null, string, number]>;

  constructor(private readonly parts: PartitionSinkParts) {
    super();
    const { database, metrics } = parts;
    this.outcomes = new SinkOutcomes(metrics);
    this.select = database.prepare('SELECT * FROM sink_progress WHERE topic = ? AND partition = ?');
    this.selectTopic = database.prepare('SELECT * FROM sink_progress WHERE topic = ? ORDER BY partition');
    this.raiseEpoch = database.prepare(
      `INSERT INTO sink_progress (topic, partition, epoch) VALUES (?, ?, 1)
       ON CONFLICT (topic, partition) DO UPDATE SET epoch = epoch + 1 RETURNING epoch`,
    );
    this.store = database.prepare(
      'UPDATE sink_progress SET next_offset = ?, last_hash = ?, cluster_id = ? WHERE topic = ? AND partition = ?',
    );
    this.advance = database.prepare(
      'UPDATE sink_progress SET next_offset = ?, last_hash = ? WHERE topic = ? AND partition = ?',
    );
    this.topicLosses = new TopicLosses(database, parts.clock);
  }

  claim({ topic, partition }: TopicPartition, kind: string): Promise<PartitionClaim> {
    return this.parts.units.run(() => {
      const row = this.raiseEpoch.get(topic, partition);
      const stored = this.select.get(topic, partition);
      return { topic, partition, kind, epoch: row?.epoch ?? 1, progress: stored && progressOf(stored) };
    });
  }

  async start(claim: PartitionClaim, start: PartitionStart): Promise<void> {
    const { topic, partition, kind, progress } = claim;
    const files = this.parts.archive.files([topic]).filter((file) => file.partition === partition);
    if (start.kind !== 'continue') {
      // The broker brings none of these lines again: what is complete is taken into the rows.
      for (const file of files) {
        await this.parts.recovery.takeUp(file, this.parts.kinds.named(kind), () => this.check(claim));
      }
    }
    await this.parts.units.run(() => {
      this.check(claim);
      for (const { file, compressed } of files) if (!compressed) this.parts.archive.cutSurplus(file);
      if (start.kind === 'continue') return;
      if (start.kind === 'skip' && progress) {
        const { nextOffset: from } = progress;
        this.topicLosses.add(claim, 'retention', { from, to: start.offset, messages: start.offset - from });
      }
      this.store.run(start.offset, null, start.clusterId, topic, partition);
    });
  }

  async take(claim: PartitionClaim, unit: PartitionUnit): Promise<SinkResult> {
    const { topic, partition } = claim;
    const { units, origin, writer, kinds } = this.parts;
    const events = checkAll(kinds.named(claim.kind), unit.values);
    const result = await units.append((bronze) => {
      const stored = this.check(claim);
      if (stored !== unit.begin) throw new PartitionPositionError(claim, stored ?? undefined, unit.begin);
      if (events.length > 0) origin.claim(unit.origin);
      const taken = writer.write(events, { topic, partition }, bronze);
      this.advance.run(unit.next, unit.lastHash, topic, partition);
      if (unit.absent) this.topicLosses.add(claim, 'absent', unit.absent);
      return taken;
    });
    this.outcomes.add(result);
    return result;
  }

  positions(topics: readonly string[]): Promise<(TopicPartition & { readonly nextOffset: number })[]> {
    const rows = topics.flatMap((topic) => this.selectTopic.all(topic));
    return Promise.resolve(
      rows.flatMap(({ topic, partition, next_offset: next }) =>
        next === null ? [] : [{ topic, partition, nextOffset: next }],
      ),
    );
  }

  losses(): Promise<TopicLoss[]> {
    return Promise.resolve(this.topicLosses.all());
  }

  /** The stored offset, when the claim still holds. Inside a write unit. @throws PartitionLostError */
  private check({ topic, partition, epoch }: PartitionClaim): number | null {
    const row = this.select.get(topic, partition);
    if (row?.epoch !== epoch) throw new PartitionLostError({ topic, partition });
    return row.next_offset;
  }
}

function progressOf({ next_offset: nextOffset, last_hash: lastHash, cluster_id: clusterId }: ProgressRow) {
  return nextOffset === null || clusterId === null ? undefined : { nextOffset, lastHash, clusterId };
}

/** Checks all values against their contract. @throws UnitRejectedError naming every one that breaks it */
function checkAll(kind: EventKind, values: readonly string[]): CheckedEvent[] {
  const rejected: { index: number; violation: ContractViolationError }[] = [];
  const events: CheckedEvent[] = [];
  for (const [index, value] of values.entries()) {
    try {
      events.push(checkEvent(kind, value));
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      rejected.push({ index, violation: error });
    }
  }
  if (rejected.length > 0) throw new UnitRejectedError(rejected);
  return events;
}
