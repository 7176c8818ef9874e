import { setTimeout as delay } from 'node:timers/promises';
import {
  ContractViolationError,
  formatMillisTime,
  type Clock,
  type EventBatch,
  type EventKind,
  type OutgoingEvent,
} from '@app/domain';
import type { EventTarget } from '../../publisher/event-target';
import { withPatience } from '../../publisher/patience';
import type { KafkaProducerMetrics } from './kafka-producer.metrics';
import { messagesOf, requestsOf } from './producer-messages';
import type { ProducerLink } from './producer-link';
import { isTooLarge, remedyFor } from './send-failure';

/** How long the broker may wait for its replicas. */
const ACKNOWLEDGE_MS = 4_000;
/** A backstop: every step within an attempt has its own, shorter limit, as far as kafkajs keeps it. */
const ATTEMPT_MS = 30_000;

/** Pauses between attempts to connect while no event waits. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** How the producer and its broker do, as `/health` shows it. */
export interface BrokerStatus {
  readonly state: 'connecting' | 'up' | 'down';
  /** One readable line; empty while all is well. */
  readonly detail: string;
  /** Real time of the last acknowledgement, UTC; null before the first. */
  readonly last_acknowledged_at: string | null;
}

/** Sends events of one kind to their topic, acknowledged by all in-sync replicas, each attempt within a bounded time. */
export class KafkaEventTarget implements EventTarget {
  readonly name: string;
  private readonly closing = new AbortController();
  private current: BrokerStatus = { state: 'connecting', detail: '', last_acknowledged_at: null };

  constructor(
    private readonly link: ProducerLink,
    private readonly kind: EventKind,
    private readonly metrics: KafkaProducerMetrics,
    private readonly clock: Clock,
    private readonly attemptMillis = ATTEMPT_MS,
  ) {
    this.name = `topic ${kind.topic} of Kafka`;
    metrics.setUp(kind.name, false);
  }

  get topic(): string {
    return this.kind.topic;
  }

  get status(): BrokerStatus {
    return this.current;
  }

  /**
   * Connects, so that the topic is there and faults are said before the first event, and tries again until that was
   * possible once: no event may come for long. A failure is in {@link status}.
   */
  async open(): Promise<void> {
    const { signal } = this.closing;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const connect = async (): Promise<void> => {
        await this.link.ready();
      };
      await this.attempt(connect).catch(() => undefined);
      if (this.status.state === 'up') return;
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async take(batch: EventBatch): Promise<void> {
    for (const events of requestsOf(batch)) await this.attempt(() => this.send(events, batch.origin));
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.link.close();
    this.metrics.setUp(this.kind.name, false);
  }

  private async send(events: readonly OutgoingEvent[], origin: string): Promise<void> {
    const producer = await this.link.ready();
    const startedAt = performance.now();
    await producer.sendBatch({
      acks: -1,
      timeout: ACKNOWLEDGE_MS,
      topicMessages: [{ topic: this.topic, messages: messagesOf(events, origin, this.clock.realNow()) }],
    });
    this.metrics.sent((performance.now() - startedAt) / 1_000);
    this.current = { ...this.current, last_acknowledged_at: formatMillisTime(this.clock.realNow()) };
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      // What is still under way afterwards counts as failed: another producer is made, and the sink drops repeats.
      await withPatience(work(), { what: this.name, millis: this.attemptMillis });
      this.answered(true, '');
    } catch (error) {
      const remedy = remedyFor(error);
      this.link.failed(remedy);
      this.metrics.renewed(remedy);
      if (isTooLarge(error)) {
        this.answered(true, '');
        throw new ContractViolationError('message', 'what the broker calls too large', 'at most its message.max.bytes');
      }
      this.answered(false, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  private answered(up: boolean, detail: string): void {
    this.current = { ...this.current, state: up ? 'up' : 'down', detail };
    this.metrics.setUp(this.kind.name, up);
  }
}
