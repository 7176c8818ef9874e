import type { ContractViolationError } from '../contracts';
import type { EpochMicros } from '../model';
import type { SinkResult } from './event-flow.port';

/** One partition of one topic of the broker. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** How far the store has taken a partition. */
export interface PartitionProgress {
  /** Offset at which to go on. */
  readonly nextOffset: number;
  /** Hash of the message at `nextOffset - 1`; null where the progress does not come from a message. */
  readonly lastHash: string | null;
  /** Cluster that the offsets belong to. */
  readonly clusterId: string;
}

/** Which of the broker's partitions brought events; null in direct mode. */
export type SourcePartition = Pick<TopicPartition, 'topic' | 'partition'> | null;

/** A claim on a partition: whoever claims it later invalidates it. */
export interface PartitionClaim extends TopicPartition {
  /** Name of the kind of its events. */
  readonly kind: string;
  readonly epoch: number;
  /** Undefined where nothing of the partition has been taken yet. */
  readonly progress: PartitionProgress | undefined;
}

/** Where a claimed partition goes on, found by comparing the stored progress with what the broker has. */
export interface PartitionStart {
  /**
   * `continue`: the broker has everything from the stored offset on. `restart`: the topic was made anew, or nothing of
   * it has been taken yet. `skip`: the broker no longer has the messages before `offset`: they are lost.
   */
  readonly kind: 'continue' | 'restart' | 'skip';
  readonly offset: number;
  readonly clusterId: string;
}

/** Offsets of a span that have no message, though a message was there: compaction or somebody's deletion took it. */
export interface AbsentOffsets {
  /** First of them, and the one after the last; what lies between may be there in part. */
  readonly from: number;
  readonly to: number;
  /** How many there are. */
  readonly messages: number;
}

/** Messages of one partition and one origin that are taken in one step, at most 2,000. */
export interface PartitionUnit {
  /** Offset at which the unit begins: the one after the last message of the unit before it. */
  readonly begin: number;
  /** Offset at which to go on after this unit. */
  readonly next: number;
  /** Hash of the message at `next - 1`, dead letters included; null where no message has that offset. */
  readonly lastHash: string | null;
  readonly origin: string;
  /** Texts of the messages that keep their contract, in order; dead letters are not among them. */
  readonly values: readonly string[];
  /** What lacks between `begin` and `next`; undefined where nothing does. Marks of transactions never do. */
  readonly absent?: AbsentOffsets | undefined;
}

/** Messages that were not there any more when they were to be taken. */
export interface TopicLoss extends TopicPartition, AbsentOffsets {
  /** `retention`: the broker gave up the start of the partition; `absent`: they are missing between others. */
  readonly reason: 'retention' | 'absent';
  /** First time that it was noticed. */
  readonly noticedAt: EpochMicros;
}

/** Messages of a unit that break their contract: nothing was written; without them the unit can be taken. */
export class UnitRejectedError extends Error {
  readonly code = 'UNIT.REJECTED';

  constructor(
    /** Positions within the unit's values, ascending, each with its violation. */
    readonly rejected: readonly { readonly index: number; readonly violation: ContractViolationError }[],
  ) {
    super(`${rejected.length} messages break their contract; the first: ${rejected[0]?.violation.message ?? ''}`);
    this.name = 'UnitRejectedError';
  }
}

/** Another process has claimed the partition since: nothing was written. */
export class PartitionLostError extends Error {
  readonly code = 'PARTITION.LOST';

  constructor({ topic, partition }: TopicPartition) {
    super(`${topic}/${partition} is in the hands of another consumer`);
    this.name = 'PartitionLostError';
  }
}

/** The unit does not begin where the store stands: nothing was written. */
export class PartitionPositionError extends Error {
  readonly code = 'PARTITION.POSITION';

  constructor(
    { topic, partition }: TopicPartition,
    readonly stored: number | undefined,
    readonly offered: number,
  ) {
    super(`${topic}/${partition}: the store stands at offset ${stored ?? 'none'}, the unit begins at ${offered}`);
    this.name = 'PartitionPositionError';
  }
}

/**
 * Takes the messages of broker partitions into bronze and database: rows, lines and progress of a unit become true in
 * one step, so that a message that comes again is taken once.
 */
export abstract class PartitionSink {
  /** Takes a partition over from whoever had it and says how far it was taken. */
  abstract claim(partition: TopicPartition, kind: string): Promise<PartitionClaim>;

  /**
   * Prepares a claimed partition for its first unit: lines behind the stored lengths of its files are cut where the
   * broker brings their messages again (`continue`), and taken into the rows where it cannot.
   *
   * @throws PartitionLostError
   */
  abstract start(claim: PartitionClaim, start: PartitionStart): Promise<void>;

  /**
   * Takes one unit; when it resolves, rows and lines are flushed.
   *
   * @throws UnitRejectedError, PartitionLostError, PartitionPositionError, OriginMismatchError: nothing of the unit is
   * taken
   */
  abstract take(claim: PartitionClaim, unit: PartitionUnit): Promise<SinkResult>;

  /** Offsets at which the store stands, for all partitions of the topics that it knows. */
  abstract positions(topics: readonly string[]): Promise<(TopicPartition & { readonly nextOffset: number })[]>;

  /** Everything that was lost at the broker before it was taken. */
  abstract losses(): Promise<TopicLoss[]>;
}
