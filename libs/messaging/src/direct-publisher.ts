import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import {
  ContractViolationError,
  EventPublisher,
  OriginMismatchError,
  type EventBatch,
  type EventSink,
  type PublisherStatus,
} from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import { PublisherMetrics } from './publisher-metrics';
import type { RejectedLog } from './rejected-log';
import type { Spool } from './spool/spool';

/** All in real time: they concern the disk and the database, not the market. */
export interface DirectPublisherTimes {
  readonly firstRetryMillis: number;
  readonly longestRetryMillis: number;
  /** A sink that has not answered by then counts as failed; what it still does is waited for before the next try. */
  readonly sinkTimeoutMillis: number;
  /** How long {@link DirectPublisher.close} waits for the work in hand. */
  readonly closeTimeoutMillis: number;
}

const TIMES: DirectPublisherTimes = {
  firstRetryMillis: 100,
  longestRetryMillis: 30_000,
  sinkTimeoutMillis: 10_000,
  closeTimeoutMillis: 4_000,
};

/** Most events handed to the sink at once when the spool is drained: one unit of the sink. */
const DRAIN_EVENTS = 2_000;

class SinkTimeoutError extends Error {
  constructor(millis: number) {
    super(`the store did not answer within ${millis} ms`);
    this.name = 'SinkTimeoutError';
  }
}

/**
 * Hands events straight to the sink of the same process. While the sink fails, events wait in the spool and are handed
 * on in order when it is back; new ones queue behind them.
 */
export class DirectPublisher extends EventPublisher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly metrics: PublisherMetrics;
  private readonly times: DirectPublisherTimes;
  private readonly closing = new AbortController();
  private readonly closed = new Promise<void>((resolve) => {
    this.closing.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  private queue: Promise<unknown> = Promise.resolve();
  private draining: Promise<void> | undefined;
  /** A call to the sink that timed out and goes on. */
  private straggler: Promise<unknown> = Promise.resolve();
  private mismatch: OriginMismatchError | undefined;
  private fault = '';

  constructor(
    private readonly sink: EventSink,
    private readonly spool: Spool,
    private readonly rejectedLog: RejectedLog,
    private readonly logger: Logger,
    registry: MetricsRegistry,
    times: Partial<DirectPublisherTimes> = {},
  ) {
    super();
    this.times = { ...TIMES, ...times };
    this.metrics = new PublisherMetrics(registry, () => this.status());
  }

  /** Hands on what an earlier process left. */
  onModuleInit(): void {
    const { waitingEvents } = this.spool;
    if (waitingEvents === 0) return;
    this.logger.info({ events: waitingEvents }, `${waitingEvents} events of an earlier run wait in the spool`);
    this.startDraining();
  }

  publish(batch: EventBatch): Promise<void> {
    if (this.closing.signal.aborted) return Promise.reject(new Error('the publisher is closed'));
    const turn = this.queue.then(() => this.publishInTurn(batch));
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  status(): PublisherStatus {
    const { waitingEvents, waitingBytes, lost, writeFault } = this.spool;
    const reasons = [this.fault, writeFault && `the spool cannot be written: ${writeFault}`];
    const detail = waitingEvents === 0 ? '' : reasons.filter((reason) => reason !== '').join('; ');
    return { waitingEvents, waitingBytes, detail, lost };
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Lets the work in hand finish within a time-out and leaves the rest in the spool for the next start. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await Promise.race([
      Promise.all([this.queue, this.draining]),
      delay(this.times.closeTimeoutMillis, undefined, { ref: false }),
    ]);
    this.spool.close();
  }

  private async publishInTurn(batch: EventBatch): Promise<void> {
    if (batch.events.length === 0) return;
    if (this.mismatch?.offered === batch.origin) throw this.mismatch;
    if (this.spool.waitingEvents > 0) {
      this.spool.append(batch);
      this.startDraining();
      return;
    }
    try {
      await this.hand(batch);
    } catch (error) {
      if (error instanceof OriginMismatchError) throw error;
      this.failed(error);
      this.spool.append(batch);
      this.startDraining();
    }
  }

  /** Gives the batch to the sink; events that break their contract are set aside, the others go on in their order. */
  private async hand(batch: EventBatch): Promise<void> {
    try {
      await this.take(batch);
      this.metrics.published(batch.events);
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      const { origin, events } = batch;
      const [first] = events;
      if (first && events.length === 1) {
        this.rejectedLog.append(origin, first, error);
        this.metrics.rejected(first);
        this.logger.error({ kind: first.kind, symbol: first.symbol }, `an event was rejected: ${error.message}`);
        return;
      }
      const middle = Math.ceil(events.length / 2);
      await this.hand({ origin, events: events.slice(0, middle) });
      await this.hand({ origin, events: events.slice(middle) });
    }
  }

  private async take(batch: EventBatch): Promise<void> {
    const taking = this.sink.take(batch);
    const timer = new AbortController();
    try {
      await Promise.race([taking, this.timeout(timer.signal)]);
    } catch (error) {
      if (error instanceof SinkTimeoutError) this.straggler = taking.catch(() => undefined);
      throw error;
    } finally {
      timer.abort();
    }
  }

  /** Throws when the sink has had its time, which is short once the publisher closes: what it had must reach the spool. */
  private async timeout(signal: AbortSignal): Promise<void> {
    const { sinkTimeoutMillis, closeTimeoutMillis } = this.times;
    const closeGrace = this.closed.then(() => delay(closeTimeoutMillis / 2, true, { signal, ref: false }));
    const elapsed = await Promise.race([delay(sinkTimeoutMillis, true, { signal, ref: false }), closeGrace]).catch(
      () => false,
    );
    if (elapsed) throw new SinkTimeoutError(sinkTimeoutMillis);
  }

  private startDraining(): void {
    if (this.draining || this.closing.signal.aborted) return;
    this.draining = this.drain().then(() => {
      this.draining = undefined;
      if (this.spool.waitingEvents > 0) this.startDraining();
    });
  }

  /** Hands on the oldest events until none waits; pauses grow while the sink fails. */
  private async drain(): Promise<void> {
    const { firstRetryMillis, longestRetryMillis } = this.times;
    const { signal } = this.closing;
    let pause = this.fault === '' ? 0 : firstRetryMillis;
    while (!signal.aborted && this.spool.waitingEvents > 0) {
      if (pause > 0) await delay(pause, undefined, { signal }).catch(() => undefined);
      await Promise.race([this.straggler, this.closed]);
      if (isAborted(signal)) return;
      try {
        const read = this.spool.next(DRAIN_EVENTS);
        if (!read) return;
        this.metrics.retried();
        await this.hand(read.batch);
        this.spool.acknowledge(read);
        this.recovered();
        pause = 0;
      } catch (error) {
        this.spool.release();
        this.failed(error);
        pause = Math.min(Math.max(firstRetryMillis, pause * 2), longestRetryMillis);
      }
    }
  }

  private failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.mismatch = error instanceof OriginMismatchError ? error : undefined;
    if (this.fault !== message) this.logger.error(`events wait in the spool: ${message}`);
    this.fault = message;
  }

  private recovered(): void {
    if (this.fault !== '') this.logger.info('the store takes events again; what waited is being handed on');
    this.mismatch = undefined;
    this.fault = '';
  }
}

/** Asked anew: an await may have passed since the type checker saw it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
