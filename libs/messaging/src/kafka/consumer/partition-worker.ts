import {
  healthReason,
  PartitionLostError,
  PartitionPositionError,
  type OriginMismatchError,
  type PartitionClaim,
  type PartitionSink,
  type PartitionStart,
  type TopicPartition,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { BrokerView } from './broker-view';
import type { ConsumerMetrics } from './consumer-metrics';
import type { ConsumerStatus } from './consumer-status';
import type { DeadLetters } from '../dead-letters/dead-letter.publisher';
import { unreadableBatchIn, type UnreadableBatch } from '../compression/unreadable-batch';
import { hashOfMessage } from './message-hash';
import { MessageUnit, runsOfMessages, type RejectedMessage } from './message-unit';
import { PresentOffsets } from './present-offsets';
import { ConsumerClosingError, UnitHeldError, type UnitTaker } from './unit-taker';

/** Pause after a fault of the store before the same batch is fetched and tried again. */
const FAULT_PAUSE_MS = 1_000;
/** Long enough for a heartbeat that really goes to the broker. */
const CONFIRMATION_MS = 3_000;
/** A topic that does not come to rest must not be asked in a tight loop. */
const REPOSITION_PAUSE_MS = 100;

export interface PartitionWorkerParts {
  readonly sink: PartitionSink;
  readonly broker: BrokerView;
  readonly taker: UnitTaker;
  readonly deadLetters: DeadLetters;
  readonly metrics: ConsumerMetrics;
  readonly status: ConsumerStatus;
  readonly logger: Logger;
  /** Makes the next fetch of the partition begin at an offset. */
  readonly seek: (offset: number) => void;
}

/** Where the worker stands with its partition. */
type Stage =
  /** Nothing is known yet. */
  | { readonly name: 'unclaimed' }
  /** The message before the stored offset must come first, and be the one that was taken. */
  | { readonly name: 'verifying'; readonly claim: PartitionClaim; readonly clusterId: string; readonly hash: string }
  /** Units are taken from `position` on. */
  | { readonly name: 'running'; readonly claim: PartitionClaim }
  /** Another consumer has claimed the partition: nothing may be written until the group has confirmed this one. */
  | { readonly name: 'lost' };

/**
 * One partition for as long as it is assigned to this consumer. The store's progress, not the group's offset, says where
 * to go on; before the first message is taken, the last one that was taken is compared with the one at its offset.
 */
export class PartitionWorker {
  private stage: Stage = { name: 'unclaimed' };
  private position = 0;
  /** The unit at `position` that cannot be taken until somebody acts, as it was tried last. */
  private held: MessageUnit | undefined;
  /** Ends when what was begun last is through: one thing at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly target: TopicPartition,
    private readonly kind: string,
    private readonly parts: PartitionWorkerParts,
  ) {}

  /** Takes a fetched batch as far as it can be taken. Throws what the broker's client must know (a rebalance). */
  handle(payload: EachBatchPayload): Promise<void> {
    return this.inTurn(() => this.takeBatch(payload));
  }

  /**
   * Goes past a fetch of which the client hands nothing over and which it does not fetch again: it held marks and messages
   * of aborted transactions alone (`first` is the first of them), or, with `first` null, nothing at the offset `last`.
   */
  passOver(first: number | null, last: number): Promise<void> {
    return this.inTurn(async () => {
      const { stage, position: begin } = this;
      // Of any other place nothing is known: the fetch that comes next finds out.
      if (stage.name !== 'running' || this.held || (first ?? last) !== begin) return;
      const next = last + 1;
      const absent = first === null ? { from: begin, to: next, messages: next - begin } : undefined;
      const unit = MessageUnit.of([], begin, next, () => undefined, absent);
      await this.parts.taker.take(stage.claim, unit, () => Promise.resolve());
      this.noteAbsent(unit);
      this.goOn(next);
    }).catch((error: unknown) => {
      if (!(error instanceof ConsumerClosingError))
        this.parts.logger.warn({ err: error }, 'a fetch was not passed over');
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async takeBatch(payload: EachBatchPayload): Promise<void> {
    try {
      await this.step(payload);
    } catch (error) {
      if (error instanceof ConsumerClosingError) return;
      if (error instanceof PartitionLostError) {
        this.parts.logger.warn(error.message);
        this.stage = { name: 'lost' };
      } else if (error instanceof PartitionPositionError) {
        this.parts.logger.warn(error.message);
        this.stage = { name: 'unclaimed' };
      } else if (error instanceof UnitHeldError) {
        this.held = error.unit;
        this.parts.status.hold(this.target, whatToDo(error.mismatch, this.position));
        await this.restUnlessClosing(payload);
      } else if (error instanceof UnreadableBatchError) {
        this.parts.status.hold(this.target, error.message);
        await this.restUnlessClosing(payload);
      } else if (isOfTheClient(error)) {
        throw error;
      } else {
        this.parts.status.failed(error);
        await this.restUnlessClosing(payload);
      }
    }
  }

  private async step(payload: EachBatchPayload): Promise<void> {
    if (this.stage.name === 'lost') {
      // Whoever is no longer a member learns it from a heartbeat here; a sleeper that woke may have claimed in error.
      await this.rest(payload, CONFIRMATION_MS);
      this.stage = { name: 'unclaimed' };
    }
    if (this.stage.name === 'unclaimed') await this.claim();
    // A fetch from elsewhere that was under way: the one that was asked for comes next.
    if (payload.isStale()) return;
    const begin = fetchedOffset(payload);
    if (this.stage.name === 'verifying') await this.verify(this.stage, payload, begin);
    else if (begin === this.position) await this.takeAll(payload.batch.messages, payload);
    else await this.reposition(begin, payload);
  }

  private rest(payload: EachBatchPayload, millis: number): Promise<void> {
    return this.parts.taker.pause(millis, () => payload.heartbeat());
  }

  private async restUnlessClosing(payload: EachBatchPayload): Promise<void> {
    await this.rest(payload, FAULT_PAUSE_MS).catch((reason: unknown) => {
      if (!(reason instanceof ConsumerClosingError)) throw reason;
    });
  }

  /** Claims the partition and finds out where to go on. */
  private async claim(): Promise<void> {
    const { sink, broker } = this.parts;
    this.stage = { name: 'unclaimed' };
    const claim = await sink.claim(this.target, this.kind);
    const { clusterId, earliest, latest } = await broker.extentOf(this.target);
    const { progress } = claim;
    if (!progress || progress.clusterId !== clusterId || latest < progress.nextOffset) {
      return this.start(claim, { kind: 'restart', offset: earliest, clusterId });
    }
    if (earliest > progress.nextOffset) return this.start(claim, { kind: 'skip', offset: earliest, clusterId });
    this.position = progress.nextOffset;
    if (progress.lastHash === null || earliest === progress.nextOffset) {
      return this.start(claim, { kind: 'continue', offset: progress.nextOffset, clusterId });
    }
    this.stage = { name: 'verifying', claim, clusterId, hash: progress.lastHash };
    this.parts.seek(this.position - 1);
  }

  private async start(claim: PartitionClaim, start: PartitionStart): Promise<void> {
    const { sink, metrics, logger } = this.parts;
    const { topic, partition } = this.target;
    await sink.start(claim, start);
    this.goOn(start.offset);
    if (start.kind === 'restart' && claim.progress) {
      metrics.restarted(topic);
      logger.warn({ topic, partition, offset: start.offset }, 'the topic was made anew: taken from its start');
    }
    if (start.kind === 'skip' && claim.progress) {
      const lost = start.offset - claim.progress.nextOffset;
      metrics.lost(topic, lost);
      logger.error({ topic, partition, messages: lost }, 'the broker gave up messages before they were taken');
    }
    this.stage = { name: 'running', claim };
    this.parts.seek(start.offset);
  }

  /** Compares the message before the stored offset with the one that was taken there. */
  private async verify(
    { claim, clusterId, hash }: Stage & { name: 'verifying' },
    payload: EachBatchPayload,
    begin: number,
  ): Promise<void> {
    if (begin !== this.position - 1) return this.reposition(begin, payload);
    const [first, ...rest] = payload.batch.messages;
    if (first) refuseUnreadable(unreadableBatchIn(first));
    const isThere = first !== undefined && Number(first.offset) === this.position - 1;
    if (isThere && hashOfMessage(first) !== hash) {
      const { earliest } = await this.parts.broker.extentOf(this.target);
      return this.start(claim, { kind: 'restart', offset: earliest, clusterId });
    }
    await this.parts.sink.start(claim, { kind: 'continue', offset: this.position, clusterId });
    this.stage = { name: 'running', claim };
    payload.resolveOffset(String(this.position - 1));
    await this.takeAll(isThere ? rest : payload.batch.messages, payload);
  }

  /** The fetch began elsewhere than it was asked to: the offset is out of the topic's range, or the topic is another. */
  private async reposition(begin: number, payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = this.target;
    this.parts.logger.warn({ topic, partition, expected: this.position, begin }, 'fetched from an unexpected offset');
    await this.parts.taker.pause(REPOSITION_PAUSE_MS, () => payload.heartbeat());
    await this.claim();
  }

  private async takeAll(fetched: readonly KafkaMessage[], payload: EachBatchPayload): Promise<void> {
    const { taker, metrics, status } = this.parts;
    const stage = this.stage;
    if (stage.name !== 'running') return;
    let messages = fetched;
    if (this.held) {
      const { held } = this;
      await taker.take(stage.claim, held, () => payload.heartbeat());
      this.noteAbsent(held);
      await this.passed(held.next, payload);
      messages = fetched.filter(({ offset }) => Number(offset) >= held.next);
    }
    const unreadable = messages.map(unreadableBatchIn).find((batch) => batch !== undefined);
    if (unreadable) messages = messages.filter(({ offset }) => Number(offset) < unreadable.firstOffset);
    const fetchedEnd = unreadable?.firstOffset ?? Number(payload.batch.lastOffset()) + 1;
    const end = Math.max(fetchedEnd, this.position);
    const present = PresentOffsets.of(payload.batch);
    for (const run of runsOfMessages(messages, this.position, end)) {
      if (!payload.isRunning() || payload.isStale()) return;
      const rejected: RejectedMessage[] = [];
      const absent = present?.absentIn(run.begin, run.next);
      const unit = MessageUnit.of(run.messages, run.begin, run.next, (message) => rejected.push(message), absent);
      for (const letter of rejected) await this.parts.deadLetters.send(this.target, letter, 1);
      await taker.take(stage.claim, unit, () => payload.heartbeat());
      this.noteAbsent(unit);
      await this.passed(run.next, payload);
    }
    status.recovered();
    await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    metrics.committed();
    status.committed();
    refuseUnreadable(unreadable);
  }

  /** Says what the topic lacked in a unit that was taken. */
  private noteAbsent({ absent }: MessageUnit): void {
    if (!absent) return;
    const { topic, partition } = this.target;
    this.parts.metrics.lost(topic, absent.messages);
    this.parts.logger.error(
      { topic, partition, ...absent },
      `${absent.messages} messages are not in the topic any more, though those around them are`,
    );
  }

  /** Everything before the offset is taken. */
  private async passed(offset: number, payload: EachBatchPayload): Promise<void> {
    const { metrics, status } = this.parts;
    this.goOn(offset);
    payload.resolveOffset(String(offset - 1));
    const lag = Math.max(0, Number(payload.batch.highWatermark) - offset);
    metrics.lagging(this.target, lag);
    status.lagging(this.target, lag);
    await payload.heartbeat();
  }

  private goOn(offset: number): void {
    this.position = offset;
    this.held = undefined;
    this.parts.status.release(this.target);
  }
}

/** The batch at which the partition stands cannot be unpacked: what lies behind it must not overtake it. */
class UnreadableBatchError extends Error {
  constructor({ firstOffset, reason }: UnreadableBatch) {
    super(
      healthReason`its messages from offset ${firstOffset} on cannot be unpacked (${reason}). Delete the records of the partition ` +
        'up to the next batch (kafka-delete-records.sh), which gives them up, and this consumer goes on there by itself; ' +
        'let whoever published them do so again',
    );
    this.name = 'UnreadableBatchError';
  }
}

function refuseUnreadable(batch: UnreadableBatch | undefined): void {
  if (batch) throw new UnreadableBatchError(batch);
}

/** Messages of another origin stay where they are: whether they are to be kept elsewhere is for a person to say. */
function whatToDo({ stored, offered }: OriginMismatchError, position: number): string {
  return (
    healthReason`from offset ${position} on its messages are of origin "${offered}", and the store is of "${stored}". Give whoever ` +
    'publishes them a TOPIC_NAME of its own; then read them into a store of their own (STORAGE_PATH, RAW_DIR and ' +
    'CONSUMER_GROUP_ID), or give them up: delete the records of the partition before the first that belongs here ' +
    '(kafka-delete-records.sh), and this consumer goes on there by itself'
  );
}

/** Errors of the broker's client go back to it: it knows which of them mean a rebalance. */
function isOfTheClient(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

/** Offset that the fetch of the batch asked for; kafkajs keeps it, though its types do not say so. */
function fetchedOffset({ batch }: EachBatchPayload): number {
  const { fetchedOffset: offset } = batch as unknown as { readonly fetchedOffset?: string };
  return Number(offset ?? batch.firstOffset() ?? 0);
}
