import { setTimeout as delay } from 'node:timers/promises';
import { isAborted, type EventKinds, type PartitionSink, type TopicPartition } from '@app/domain';
import type { Logger } from '@app/observability';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { inspectTopics, type TopicRefusedError } from '../topic-admin';
import { settledWithin } from '../within';
import type { BrokerView } from './broker-view';
import type { ConsumerMetrics } from './consumer-metrics';
import type { ConsumerStatus } from './consumer-status';
import type { DeadLetters } from '../dead-letters/dead-letter.publisher';
import { LagWatch } from './lag-watch';
import { partitionName } from './partition-name';
import { PartitionWorker } from './partition-worker';
import type { UnitTaker } from './unit-taker';

/** A consumer that was killed keeps its partitions for so long; one whose event loop stands still for longer loses them. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const REBALANCE_TIMEOUT_MS = 20_000;
/** The broker answers a fetch that finds nothing after so long. */
const FETCH_WAIT_MS = 500;
/** About five units of the sink: of a smaller batch the last, small unit costs two flushes to disk all the more often. */
const PARTITION_FETCH_BYTES = 2_097_152;
const FIRST_RESTART_MS = 250;
const LONGEST_RESTART_MS = 5_000;
/** Topics are looked at again this often: those that are refused may have been put right, others have become so. */
const INSPECT_EVERY_MS = 10_000;
const DISCONNECT_MS = 5_000;
/** With what comes after it, this stays below the 10 s that a stop may take, whatever the broker does. */
const CLOSE_MS = 6_000;
/** A member of the group that has fetched nothing for so long and takes nothing hangs: it is made anew. */
const STUCK_MS = 20_000;
const WATCH_EVERY_MS = 2_000;
/** What goes on over a connection on which nothing has come for so long is begun anew: it may be dead without a word. */
const UNANSWERED_MS = 15_000;
const LAG_EVERY_MS = 5_000;
/** So does one that goes on fetching, but has been given none of the messages that wait for so long. */
const STANDSTILL_MS = 30_000;

export interface ConsumerSessionParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Kind of event of each topic. */
  readonly kinds: EventKinds;
  readonly partitions: number;
  readonly sink: PartitionSink;
  readonly broker: BrokerView;
  readonly taker: UnitTaker;
  readonly deadLetters: DeadLetters;
  readonly metrics: ConsumerMetrics;
  readonly status: ConsumerStatus;
  readonly logger: Logger;
}

/**
 * Keeps a member in the consumer group for as long as the process runs. kafkajs gives up on some errors with the process
 * alive, and can hang; so it is never left to restart itself: whenever it gives up or hangs, it is made anew.
 */
export class ConsumerSession {
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private workers = new Map<string, PartitionWorker>();
  private fetchedAt = 0;
  private batchesInHand = 0;

  constructor(private readonly parts: ConsumerSessionParts) {}

  start(): void {
    this.running = this.run();
  }

  /** Leaves the group; the unit in hand is finished, or rolled back when it takes longer than 5 s. */
  async close(): Promise<void> {
    this.closing.abort();
    await settledWithin(CLOSE_MS, this.running);
    this.parts.status.enter('stopped');
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let pause = FIRST_RESTART_MS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        const refused = await this.inspect();
        if (isAborted(signal)) return;
        this.parts.status.refuse(refused);
        const topics = this.parts.kinds.topics.filter((name) => !refused.some(({ topic }) => topic === name));
        if (topics.length > 0) await this.consume(topics, refused);
        else {
          this.parts.status.enter('refused', reasonsOf(refused));
          pause = INSPECT_EVERY_MS;
        }
      } catch (error) {
        if (!isAborted(signal)) this.noteFailure(error);
      }
      this.parts.metrics.left();
      if (isAborted(signal)) return;
      if (performance.now() - startedAt > LONGEST_RESTART_MS * 4) pause = FIRST_RESTART_MS;
      await delay(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(2 * pause, LONGEST_RESTART_MS);
    }
  }

  private noteFailure(error: unknown): void {
    this.parts.status.enter('broker_away', error instanceof Error ? error.message : String(error));
  }

  /**
   * Makes the topics that are missing and says which of all cannot be used. Ends early when the session is told to close,
   * and rejects when the broker is silent: it keeps every question waiting.
   */
  private async inspect(): Promise<readonly TopicRefusedError[]> {
    const { kafka, kinds, partitions } = this.parts;
    const ended = new AbortController();
    try {
      const plan = { topics: kinds.topics, partitions, deadLetters: true };
      const inspected = inspectTopics(kafka, plan, () => {
        this.parts.status.answered();
      });
      const closed = this.closed(ended.signal).then((): readonly TopicRefusedError[] => []);
      return await Promise.race([inspected, closed, this.silence(ended.signal)]);
    } finally {
      ended.abort();
    }
  }

  /**
   * Resolves when the session is told to close, or other topics are to be taken; rejects when the client gives up or hangs.
   */
  private async consume(topics: readonly string[], refused: readonly TopicRefusedError[]): Promise<void> {
    const { kafka, groupId, metrics } = this.parts;
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: PARTITION_FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    const ended = new AbortController();
    try {
      const failure = this.failureOf(consumer);
      const [closed, silence] = [this.closed(ended.signal), this.silence(ended.signal)];
      const isStarted = this.begin(consumer, topics, ended.signal).then(() => true);
      if (!(await Promise.race([isStarted, failure, silence, closed.then(() => false)]))) return;
      const watches = [silence, this.hang(ended.signal), this.standstill(ended.signal)];
      await Promise.race([failure, ...watches, this.otherTopics(refused, ended.signal), closed]);
    } catch (error) {
      metrics.crashed();
      throw error;
    } finally {
      ended.abort();
      this.workers = new Map();
      await settledWithin(DISCONNECT_MS, consumer.disconnect());
    }
  }

  /** What is given up while it begins goes on where the broker answers after all: then it is ended again. */
  private async begin(consumer: Consumer, topics: readonly string[], ended: AbortSignal): Promise<void> {
    await consumer.connect();
    if (!isAborted(ended)) await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    if (!isAborted(ended)) {
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.take(payload),
      });
    }
    if (isAborted(ended)) await consumer.disconnect();
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    this.batchesInHand += 1;
    try {
      const worker = this.workers.get(partitionName({ topic, partition }));
      if (worker) await worker.handle(payload);
    } finally {
      this.batchesInHand -= 1;
      this.fetchedAt = performance.now();
    }
  }

  /** Rejects when the client gives up, or is given something that it must not go on with. */
  private failureOf(consumer: Consumer): Promise<never> {
    const failure = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        reject(payload.error);
      });
      this.listen(consumer, reject);
    });
    // It may come before anybody waits for it, while the client still starts.
    failure.catch(() => undefined);
    return failure;
  }

  private listen(consumer: Consumer, fail: (error: unknown) => void): void {
    const { status, metrics } = this.parts;
    const { GROUP_JOIN, REBALANCING, FETCH, HEARTBEAT, REQUEST, END_BATCH_PROCESS } = consumer.events;
    consumer.on(REQUEST, () => {
      status.answered();
    });
    consumer.on(GROUP_JOIN, ({ payload }) => {
      metrics.joined();
      this.fetchedAt = performance.now();
      this.assign(consumer, payload.memberAssignment, fail);
    });
    consumer.on(REBALANCING, () => {
      status.enter('rejoining', 'the group is rebalancing');
    });
    consumer.on(FETCH, () => {
      this.fetchedAt = performance.now();
      status.alive();
    });
    consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, firstOffset, lastOffset } }) => {
      if (batchSize > 0) return;
      const first = firstOffset as string | null;
      void this.workers
        .get(partitionName({ topic, partition }))
        ?.passOver(first === null ? null : Number(first), Number(lastOffset));
    });
    consumer.on(HEARTBEAT, () => {
      status.alive();
    });
  }

  /** Each assignment makes new workers: whatever an earlier one knew may not hold any more. */
  private assign(
    consumer: Consumer,
    assignment: Readonly<Record<string, number[]>>,
    fail: (error: unknown) => void,
  ): void {
    const targets = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const added = targets.find(({ partition }) => partition >= this.parts.partitions);
    if (added) {
      this.workers = new Map();
      // The next start looks at the topic and refuses it.
      fail(new Error(`partition ${added.partition} was added to ${added.topic}`));
      return;
    }
    this.workers = new Map(
      targets.flatMap((target) => {
        const kind = this.parts.kinds.ofTopic(target.topic);
        if (kind === undefined) return [];
        const { sink, broker, taker, deadLetters, metrics, status, logger } = this.parts;
        const seek = (offset: number): void => {
          consumer.seek({ ...target, offset: String(offset) });
        };
        const worker = new PartitionWorker(target, kind.name, {
          sink,
          broker,
          taker,
          deadLetters,
          metrics,
          status,
          logger,
          seek,
        });
        return [[partitionName(target), worker] as const];
      }),
    );
    this.parts.status.joined(targets);
    this.seekStoredOffsets(consumer, targets).catch(fail);
  }

  /**
   * The group's offsets are not asked: the first fetch begins at the last message that was taken, so that a partition in
   * which nothing new comes is looked at too. The group may be ahead of a database that came back from a backup.
   */
  private async seekStoredOffsets(consumer: Consumer, targets: readonly TopicPartition[]): Promise<void> {
    const { sink, kinds } = this.parts;
    const positions = await sink.positions(kinds.topics);
    const stored = new Map(positions.map((place) => [partitionName(place), place.nextOffset]));
    for (const target of targets) {
      const next = stored.get(partitionName(target)) ?? 0;
      consumer.seek({ ...target, offset: String(Math.max(0, next - 1)) });
    }
  }

  /** Rejects when the broker answers nothing any more: even with a batch in hand, its lag is asked for. */
  private async silence(signal: AbortSignal): Promise<never> {
    const begunAt = performance.now();
    for (;;) {
      await delay(WATCH_EVERY_MS, undefined, { signal });
      const silent = Math.min(this.parts.status.silentMillis, performance.now() - begunAt);
      if (silent > UNANSWERED_MS) throw new Error('its connections were given up');
    }
  }

  /** Rejects when the client stops fetching without a word. */
  private async hang(signal: AbortSignal): Promise<never> {
    for (;;) {
      await delay(WATCH_EVERY_MS, undefined, { signal });
      const silent = performance.now() - this.fetchedAt;
      if (this.batchesInHand === 0 && this.fetchedAt > 0 && silent > STUCK_MS) {
        throw new Error(`the Kafka client has fetched nothing for ${Math.round(silent / 1_000)} s`);
      }
    }
  }

  /** Rejects when messages wait and the client, though it goes on fetching, brings none of them. */
  private async standstill(signal: AbortSignal): Promise<never> {
    let watch = new LagWatch(this.parts);
    for (;;) {
      const millis = await watch.look().catch(() => 0);
      // Whoever has a batch in hand is alive or not by what it does with it.
      if (this.batchesInHand > 0) watch = new LagWatch(this.parts);
      else if (millis > STANDSTILL_MS) {
        throw new Error(`messages wait and the Kafka client has brought none for ${Math.round(millis / 1_000)} s`);
      }
      await delay(LAG_EVERY_MS, undefined, { signal });
    }
  }

  /** Resolves when other topics are refused than were at the start. */
  private async otherTopics(refused: readonly TopicRefusedError[], signal: AbortSignal): Promise<void> {
    const known = reasonsOf(refused);
    for (;;) {
      await delay(INSPECT_EVERY_MS, undefined, { signal });
      const now = await this.inspect().catch(() => undefined);
      if (now && reasonsOf(now) !== known) return;
    }
  }

  private closed(signal: AbortSignal): Promise<void> {
    const { signal: closing } = this.closing;
    return new Promise((resolve) => {
      if (closing.aborted) resolve();
      const listener = (): void => {
        resolve();
      };
      closing.addEventListener('abort', listener, { signal });
    });
  }
}

function reasonsOf(refused: readonly TopicRefusedError[]): string {
  return refused.map(({ message }) => message).join('\n');
}
