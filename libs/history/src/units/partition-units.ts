import { HOUR, PartitionLostError, PartitionPositionError } from '@app/domain';
import type {
  AbsentOffsets,
  EpochMicros,
  PartitionClaim,
  PartitionProgress,
  PartitionStart,
  PartitionUnit,
  TopicLoss,
  TopicPartition,
} from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type Unit, type WrittenRows } from '../rows/unit';

/** How far each partition of the broker is taken, and by whom: whoever claims one raises its epoch. */
export const SINK_PROGRESS = describeTable('sink_progress', ['topic', 'partition'], {
  topic: 'text',
  partition: 'integer',
  epoch: 'integer',
  nextOffset: 'integer?',
  lastHash: 'text?',
  clusterId: 'text?',
});

/** Messages that were lost at the broker before they were taken. */
export const TOPIC_LOSSES = describeTable('topic_losses', ['topic', 'partition', 'noticedAt'], {
  topic: 'text',
  partition: 'integer',
  noticedAt: 'time',
  fromOffset: 'integer',
  toOffset: 'integer',
  reason: 'text',
  messages: 'integer',
});

type ProgressRow = RowOf<typeof SINK_PROGRESS>;
type LossRow = RowOf<typeof TOPIC_LOSSES>;

/** What is missing again and again of a partition is one loss for so long: a compacted topic has gaps everywhere. */
const JOINED_FOR = HOUR;

/** Takes a partition over: claims of it that were made before hold no longer. */
export function* claimUnit({ topic, partition }: TopicPartition, kind: string): Unit<PartitionClaim> {
  const [[known]] = yield* ask(byKeys(SINK_PROGRESS, [[topic, partition]]));
  const stored = known ?? { topic, partition, epoch: 0, nextOffset: null, lastHash: null, clusterId: null };
  const row = { ...stored, epoch: stored.epoch + 1 };
  return {
    outcome: { topic, partition, kind, epoch: row.epoch, progress: progressOf(row) },
    changes: [putProgress(row)],
  };
}

/** Where a partition stands that is still claimed. @throws PartitionLostError */
export function* heldProgress({ topic, partition, epoch }: PartitionClaim): Inquiry<ProgressRow> {
  const [[row]] = yield* ask(byKeys(SINK_PROGRESS, [[topic, partition]]));
  if (row?.epoch !== epoch) throw new PartitionLostError({ topic, partition });
  return row;
}

/**
 * Notes where a claimed partition goes on. What the broker gave up before that is a loss.
 *
 * @throws PartitionLostError
 */
export function* startUnit(claim: PartitionClaim, start: PartitionStart, now: EpochMicros): Unit<void> {
  const row = yield* heldProgress(claim);
  if (start.kind === 'continue') return { outcome: undefined, changes: [] };
  const from = start.kind === 'skip' ? claim.progress?.nextOffset : undefined;
  const gaveUp = from === undefined ? undefined : { from, to: start.offset, messages: start.offset - from };
  const losses = yield* lossesWith(claim, 'retention', gaveUp, now);
  const next = { ...row, nextOffset: start.offset, lastHash: null, clusterId: start.clusterId };
  return { outcome: undefined, changes: [putProgress(next), putLosses(losses)] };
}

/** Says of a unit whether it may be taken: whether it begins where its partition stands. @throws PartitionLostError, PartitionPositionError */
export function* checkPosition(claim: PartitionClaim, { begin }: Pick<PartitionUnit, 'begin'>): Inquiry<void> {
  const { nextOffset } = yield* heldProgress(claim);
  if (nextOffset !== begin) throw new PartitionPositionError(claim, nextOffset ?? undefined, begin);
}

/** Notes that a unit was taken, and what lacked in it. @throws PartitionLostError */
export function* advanceUnit(
  claim: PartitionClaim,
  { next, lastHash, absent }: Pick<PartitionUnit, 'next' | 'lastHash' | 'absent'>,
  now: EpochMicros,
): Unit<void> {
  const row = yield* heldProgress(claim);
  const losses = yield* lossesWith(claim, 'absent', absent, now);
  return { outcome: undefined, changes: [putProgress({ ...row, nextOffset: next, lastHash }), putLosses(losses)] };
}

/** Where partitions stand of which anything was taken, in the order of the topics. */
export function* positionsOf(topics: readonly string[]): Inquiry<(TopicPartition & { readonly nextOffset: number })[]> {
  const ranges = topics.map((topic) => ({ prefix: [topic] }));
  const [found] = yield* ask(inRanges(SINK_PROGRESS, ranges));
  return found.flat().flatMap(({ topic, partition, nextOffset }) => {
    return nextOffset === null ? [] : [{ topic, partition, nextOffset }];
  });
}

export function* topicLosses(): Inquiry<TopicLoss[]> {
  const [[rows = []]] = yield* ask(inRanges(TOPIC_LOSSES, [{ prefix: [] }]));
  return rows.map(({ topic, partition, fromOffset, toOffset, messages, reason, noticedAt }) => {
    return { topic, partition, from: fromOffset, to: toOffset, messages, reason: reason as LossReason, noticedAt };
  });
}

type LossReason = TopicLoss['reason'];

/** The row of a loss: one of its own, or the last one of the partition with what is new. */
function* lossesWith(
  { topic, partition }: TopicPartition,
  reason: LossReason,
  lost: AbsentOffsets | undefined,
  now: EpochMicros,
): Inquiry<LossRow[]> {
  if (!lost) return [];
  const [[[last] = []]] = yield* ask(inRanges(TOPIC_LOSSES, [{ prefix: [topic, partition], only: 'last' }]));
  const { from: fromOffset, to: toOffset, messages } = lost;
  if (last?.reason === 'absent' && reason === 'absent' && now < last.noticedAt + JOINED_FOR) {
    const joined = {
      fromOffset: Math.min(last.fromOffset, fromOffset),
      toOffset: Math.max(last.toOffset, toOffset),
      messages: last.messages + messages,
    };
    return [{ ...last, ...joined }];
  }
  // The time is part of the key.
  const noticedAt = Math.max(now, (last?.noticedAt ?? 0) + 1);
  return [{ topic, partition, noticedAt, fromOffset, toOffset, reason, messages }];
}

function progressOf({ nextOffset, lastHash, clusterId }: ProgressRow): PartitionProgress | undefined {
  return nextOffset === null || clusterId === null ? undefined : { nextOffset, lastHash, clusterId };
}

function putProgress(row: ProgressRow): WrittenRows<ProgressRow> {
  return { kind: 'put', table: SINK_PROGRESS, rows: [row] };
}

function putLosses(rows: readonly LossRow[]): WrittenRows<LossRow> {
  return { kind: 'put', table: TOPIC_LOSSES, rows };
}
