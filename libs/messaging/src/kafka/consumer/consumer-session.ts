import { setTimeout as delay } from 'node:timers/promises';
import { isAborted, type EventKind, type PartitionSink, type TopicPartition } from '@app/domain';
import type { Logger } from '@app/observability';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { ensureTopics, TopicPartitionsError } from '../topic-admin';
import { settledWithin } from '../within';
import type { BrokerView } from './broker-view';
import type { ConsumerMetrics } from './consumer-metrics';
import type { ConsumerStatus } from './consumer-status';
import type { DeadLetters } from '../dead-letters/dead-letter.publisher';
import { PartitionWorker } from './partition-worker';
import type { UnitTaker } from './unit-taker';

/** A consumer that was killed keeps its partitions for so long; one whose event loop stands still for longer loses them. */
const SESSION_TIMEOUT_MILLIS = 10_000;
const HEARTBEAT_MILLIS = 2_000;
const REBALANCE_TIMEOUT_MILLIS = 20_000;
/** The broker answers a fetch that finds nothing after so long. */
const FETCH_WAIT_MILLIS = 500;
/** About five units of the sink: of a smaller batch the last, small unit costs two flushes to disk all the more often. */
const PARTITION_FETCH_BYTES = 2_097_152;
const FIRST_RESTART_MILLIS = 250;
const LONGEST_RESTART_MILLIS = 5_000;
const REFUSED_PAUSE_MILLIS = 10_000;
const DISCONNECT_MILLIS = 5_000;
/** A member of the group that has fetched nothing for so long and takes nothing hangs: it is made anew. */
const STUCK_MILLIS = 20_000;
const WATCH_EVERY_MILLIS = 2_000;

export interface ConsumerSessionParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Kind of event of each topic. */
  readonly kinds: ReadonlyMap<string, EventKind>;
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
    await settledWithin(2 * DISCONNECT_MILLIS, this.running);
    this.parts.status.enter('stopped');
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    let pause = FIRST_RESTART_MILLIS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.prepareTopics();
        await this.consume();
      } catch (error) {
        this.noteFailure(error);
        if (error instanceof TopicPartitionsError) pause = REFUSED_PAUSE_MILLIS;
      }
      this.parts.metrics.left();
      if (isAborted(signal)) return;
      if (performance.now() - startedAt > LONGEST_RESTART_MILLIS * 4) pause = FIRST_RESTART_MILLIS;
      await delay(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(2 * pause, LONGEST_RESTART_MILLIS);
    }
  }

  private noteFailure(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.parts.status.enter(error instanceof TopicPartitionsError ? 'refused' : 'broker_away', message);
  }

  private async prepareTopics(): Promise<void> {
    const { kafka, kinds, partitions } = this.parts;
    await ensureTopics(kafka, { topics: [...kinds.keys()], partitions, deadLetters: true });
  }

  /** Resolves when the session is told to close; rejects when the client gives up or hangs. */
  private async consume(): Promise<void> {
    const { kafka, groupId, kinds, metrics } = this.parts;
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MILLIS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MILLIS,
      heartbeatInterval: HEARTBEAT_MILLIS,
      maxWaitTimeInMs: FETCH_WAIT_MILLIS,
      maxBytesPerPartition: PARTITION_FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    const ended = new AbortController();
    try {
      const crash = this.crashOf(consumer);
      this.listen(consumer);
      await consumer.connect();
      await consumer.subscribe({ topics: [...kinds.keys()], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.take(payload),
      });
      await Promise.race([crash, this.hang(ended.signal), this.closed()]);
    } catch (error) {
      metrics.crashed();
      throw error;
    } finally {
      ended.abort();
      this.workers = new Map();
      await settledWithin(DISCONNECT_MILLIS, consumer.disconnect());
    }
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    this.batchesInHand += 1;
    try {
      const worker = this.workers.get(keyOf({ topic, partition }));
      if (worker) await worker.handle(payload);
    } finally {
      this.batchesInHand -= 1;
      this.fetchedAt = performance.now();
    }
  }

  private listen(consumer: Consumer): void {
    const { status, metrics } = this.parts;
    const { GROUP_JOIN, REBALANCING, FETCH, HEARTBEAT } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      metrics.joined();
      this.fetchedAt = performance.now();
      this.assign(consumer, payload.memberAssignment);
    });
    consumer.on(REBALANCING, () => {
      status.enter('rejoining', 'the group is rebalancing');
    });
    consumer.on(FETCH, () => {
      this.fetchedAt = performance.now();
      status.alive();
    });
    consumer.on(HEARTBEAT, () => {
      status.alive();
    });
  }

  /** Each assignment makes new workers: whatever an earlier one knew may not hold any more. */
  private assign(consumer: Consumer, assignment: Readonly<Record<string, number[]>>): void {
    const targets = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    this.workers = new Map(
      targets.flatMap((target) => {
        const kind = this.parts.kinds.get(target.topic);
        if (kind === undefined) return [];
        const { sink, broker, taker, deadLetters, metrics, status, logger } = this.parts;
        const seek = (offset: number): void => {
          consumer.seek({ ...target, offset: String(offset) });
        };
        const worker = new PartitionWorker(target, kind, {
          sink,
          broker,
          taker,
          deadLetters,
          metrics,
          status,
          logger,
          seek,
        });
        return [[keyOf(target), worker] as const];
      }),
    );
    this.parts.status.joined(targets);
  }

  private crashOf(consumer: Consumer): Promise<never> {
    return new Promise((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        reject(payload.error);
      });
    });
  }

  /** Rejects when the client stops fetching without a word. */
  private async hang(signal: AbortSignal): Promise<never> {
    for (;;) {
      await delay(WATCH_EVERY_MILLIS, undefined, { signal });
      const silent = performance.now() - this.fetchedAt;
      if (this.batchesInHand === 0 && this.fetchedAt > 0 && silent > STUCK_MILLIS) {
        throw new Error(`the Kafka client has fetched nothing for ${Math.round(silent / 1_000)} s`);
      }
    }
  }

  private closed(): Promise<void> {
    const { signal } = this.closing;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
