import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import {
  ContractViolationError,
  EventPublisher,
  healthReason,
  OriginMismatchError,
  isAborted,
  type EventBatch,
  type PublisherStatus,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { Spool, SpoolRead } from '../spool/spool';
import type { EventTarget } from './event-target';
import { PatienceError, withPatience } from './patience';
import type { PublisherMetrics } from './publisher-metrics';
import type { RejectedLog } from './rejected-log';

/** All in real time: they concern disk, database and broker, not the market. */
export interface PublisherTimes {
  readonly firstRetryMillis: number;
  readonly longestRetryMillis: number;
  /** How long a call of {@link SpoolingPublisher.publish} waits for the target before its events go to the spool. */
  readonly patienceMillis: number;
  /** How long the target may take for events out of the spool before that counts as failed. */
  readonly drainPatienceMillis: number;
  /** How long {@link SpoolingPublisher.close} waits for the work in hand. */
  readonly closeTimeoutMillis: number;
}

export interface PublisherOptions extends PublisherTimes {
  /** Batches that wait for their turn are handed on together up to so many events; 0 keeps each apart. */
  readonly joinedEvents: number;
  /** The one kind of events that it hands on; absent: all. */
  readonly kind?: string;
}

/** Most events handed on at once when the spool is drained: one unit of the sink, one request to the broker. */
const DRAIN_EVENTS = 2_000;
/** Longest delay that a timer of Node takes. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** A call of `publish` that waits for its turn. */
interface Waiting {
  readonly batch: EventBatch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A call to the target that took too long and goes on. */
interface Straggler {
  readonly batch: EventBatch;
  /** Whether the target took the batch in the end; never rejects. */
  readonly taken: Promise<boolean>;
}

/**
 * Hands events to a target. While the target fails, events wait in the spool and are handed on in order when it is
 * back; new ones queue behind them.
 */
export class SpoolingPublisher extends EventPublisher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly closing = new AbortController();
  private readonly waiting: Waiting[] = [];
  private queue: Promise<void> = Promise.resolve();
  private draining: Promise<void> | undefined;
  private straggler: Straggler | undefined;
  /** Events in the attempt that failed last: it is made again as it was, so that a target can tell that it is the same. */
  private failedEvents: number | undefined;
  private mismatch: OriginMismatchError | undefined;
  /** Origin of what was published last in this process. */
  private liveOrigin: string | undefined;
  private isClosed = false;
  private fault = '';
  private movedAt = performance.now();

  constructor(
    private readonly target: EventTarget,
    private readonly spool: Spool,
    private readonly rejectedLog: RejectedLog,
    private readonly logger: Logger,
    private readonly metrics: PublisherMetrics,
    private readonly options: PublisherOptions,
  ) {
    super();
    metrics.watch(options.kind, () => this.status());
  }

  /** Hands on what an earlier process left. */
  onModuleInit(): void {
    const { waitingEvents } = this.spool;
    if (waitingEvents === 0) return;
    const text = `${waitingEvents} ${this.what} of an earlier run wait in the spool`;
    this.logger.info({ events: waitingEvents, kind: this.options.kind }, text);
    this.startDraining();
  }

  publish(batch: EventBatch): Promise<void> {
    if (this.closing.signal.aborted) return Promise.reject(new Error('the publisher is closed'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.queue = this.queue.then(() => this.publishNext());
    });
  }

  status(): PublisherStatus {
    const { waitingEvents, waitingBytes, lost, unreadable, writeFault } = this.spool;
    const reasons = [this.fault, writeFault && healthReason`the spool cannot be written: ${writeFault}`];
    const detail = waitingEvents === 0 ? '' : reasons.filter((reason) => reason !== '').join('; ');
    return { waitingEvents, waitingBytes, detail, lost, unreadable, kinds: [] };
  }

  /** Real milliseconds for which events have been waiting without any attempt to hand them on; 0 when none waits. */
  get stalledMillis(): number {
    const idle = this.waiting.length === 0 && this.spool.waitingEvents === 0;
    return idle ? 0 : performance.now() - this.movedAt;
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Lets the work in hand finish within a time-out and leaves the rest in the spool for the next start. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await Promise.race([
      Promise.all([this.queue, this.draining]).then(() => this.settleLast()),
      delay(this.options.closeTimeoutMillis, undefined, { ref: false }),
    ]);
    this.isClosed = true;
    this.spool.close();
  }

  /**
   * Publishes the batch that has waited longest, with those behind it that may travel with it: to the target, or to the
   * spool where others wait there already or the target fails.
   */
  private async publishNext(): Promise<void> {
    const [first, ...others] = this.waiting;
    if (!first) return;
    const { origin } = first.batch;
    const group = [first];
    let count = first.batch.events.length;
    for (const next of others) {
      count += next.batch.events.length;
      if (next.batch.origin !== origin || count > this.options.joinedEvents) break;
      group.push(next);
    }
    const batch = { origin, events: group.flatMap((waiting) => waiting.batch.events) };
    this.moved();
    try {
      if (batch.events.length > 0) {
        this.liveOrigin = origin;
        if (this.mismatch?.offered === origin) throw this.mismatch;
        let mustWait = this.spool.waitingEvents > 0;
        if (!mustWait) {
          try {
            await this.hand(batch, this.options.patienceMillis);
          } catch (error) {
            if (error instanceof OriginMismatchError) throw error;
            this.failed(error, batch);
            mustWait = true;
          }
        }
        if (mustWait) {
          this.spool.append(batch);
          this.startDraining();
        }
      }
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.waiting.splice(0, group.length);
    }
  }

  /**
   * Gives the batch to the target and waits, but not for ever; events that can never be taken are set aside, the others go
   * on in their order.
   */
  private async hand(batch: EventBatch, patienceMillis: number): Promise<void> {
    this.moved();
    const taking = this.target.take(batch);
    // Once the publisher closes, time is short: what the target had must reach the spool.
    const hurry = { signal: this.closing.signal, millis: this.options.closeTimeoutMillis / 2 };
    try {
      await withPatience(taking, { what: this.target.name, millis: patienceMillis, hurry });
      this.metrics.published(batch.events);
    } catch (error) {
      if (error instanceof PatienceError) {
        this.straggler = {
          batch,
          taken: taking.then(
            () => true,
            () => false,
          ),
        };
      }
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
      await this.hand({ origin, events: events.slice(0, middle) }, patienceMillis);
      await this.hand({ origin, events: events.slice(middle) }, patienceMillis);
    } finally {
      this.moved();
    }
  }

  private startDraining(): void {
    if (this.draining || this.closing.signal.aborted) return;
    this.draining = this.drain().then(() => {
      this.draining = undefined;
      if (this.spool.waitingEvents > 0) this.startDraining();
    });
  }

  /** Hands on the oldest events until none waits; pauses grow while the target fails. */
  private async drain(): Promise<void> {
    const { firstRetryMillis, longestRetryMillis } = this.options;
    const { signal } = this.closing;
    let pause = this.fault === '' ? 0 : firstRetryMillis;
    while (!signal.aborted && this.spool.waitingEvents > 0) {
      if (pause > 0) await delay(pause, undefined, { signal }).catch(() => undefined);
      let read: SpoolRead | undefined;
      try {
        await this.settleStraggler();
        if (isAborted(signal)) return;
        read = this.spool.next(this.failedEvents ?? DRAIN_EVENTS);
        if (!read) return;
        this.metrics.retried(this.options.kind);
        await this.handSpooled(read.batch);
        this.spool.acknowledge(read);
        this.recovered();
        pause = 0;
      } catch (error) {
        this.spool.release();
        this.failed(error, read?.batch);
        pause = Math.min(Math.max(firstRetryMillis, pause * 2), longestRetryMillis);
      }
    }
  }

  /**
   * Gives the target a batch out of the spool. What an earlier run captured from another exchange is set aside once the
   * target takes what is captured now: it must not hold up for ever what lies behind it.
   */
  private async handSpooled(batch: EventBatch): Promise<void> {
    try {
      await this.hand(batch, this.options.drainPatienceMillis);
    } catch (error) {
      if (!(error instanceof OriginMismatchError) || error.stored !== this.liveOrigin) throw error;
      for (const event of batch.events) {
        this.rejectedLog.append(batch.origin, event, error);
        this.metrics.rejected(event);
      }
      this.logger.error({ events: batch.events.length }, `waiting events were set aside: ${error.message}`);
    }
  }

  /** Waits for a call that took too long; what it brought over after all is not handed on again. */
  private async settleStraggler(): Promise<void> {
    const { straggler } = this;
    if (!straggler) return;
    const { signal } = this.closing;
    const patience = { what: this.target.name, millis: LONGEST_TIMER_MS, hurry: { signal, millis: 0 } };
    const taken = await withPatience(straggler.taken, patience).catch(() => false);
    if (signal.aborted) return;
    this.settle(straggler, taken);
  }

  /** As long as closing may take: what the target takes after all neither waits for the next start nor counts as lost. */
  private async settleLast(): Promise<void> {
    const { straggler } = this;
    if (straggler) this.settle(straggler, await straggler.taken);
  }

  private settle(straggler: Straggler, taken: boolean): void {
    this.straggler = undefined;
    if (!taken || this.isClosed) return;
    const read = this.spool.next(straggler.batch.events.length);
    if (read && holdsSame(read.batch, straggler.batch)) {
      this.spool.acknowledge(read);
      this.metrics.published(read.batch.events);
      this.recovered();
    } else {
      this.spool.release();
    }
  }

  /** What it hands on, as messages name it. */
  private get what(): string {
    const { kind } = this.options;
    return kind === undefined ? 'events' : `${kind} events`;
  }

  private moved(): void {
    this.movedAt = performance.now();
  }

  private failed(error: unknown, batch?: EventBatch): void {
    const message = error instanceof Error ? error.message : String(error);
    this.failedEvents = batch?.events.length;
    this.mismatch = error instanceof OriginMismatchError ? error : undefined;
    if (this.fault !== message) this.logger.error(`${this.what} wait in the spool: ${message}`);
    this.fault = message;
  }

  private recovered(): void {
    if (this.fault !== '') {
      this.logger.info(`${this.target.name} takes events again; what waited is being handed on`);
    }
    this.failedEvents = undefined;
    this.mismatch = undefined;
    this.fault = '';
  }
}

function holdsSame(a: EventBatch, b: EventBatch): boolean {
  return a.events.length === b.events.length && a.events.every(({ value }, index) => value === b.events[index]?.value);
}
