import { Clock, ContractViolationError, DAY, HOUR, MILLISECOND, PRICE_KIND, type EventBatch } from '@app/domain';
import { MetricsRegistry } from '@app/observability';
import { alignedOver, FakeClock } from '@app/testing';
import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  type Producer,
  type ProducerBatch,
} from 'kafkajs';
import { TopicPartitionsError } from '../topic-admin';
import { KafkaEventTarget } from './kafka-event-target';
import { KafkaProducerMetrics } from './kafka-producer.metrics';
import { ProducerLink } from './producer-link';
import type { Remedy } from './send-failure';

const NOON = Date.UTC(2026, 0, 15, 12) * MILLISECOND;

const BATCH: EventBatch = {
  origin: 'binance',
  events: [{ kind: 'price', symbol: 'BTCUSDT', capturedAt: 1, value: '{"n":1}' }],
};

function protocolError(type: string): KafkaJSProtocolError {
  return new KafkaJSProtocolError(Object.assign(new Error(`the broker says ${type}`), { type, code: 1 }));
}

class FakeLink extends ProducerLink {
  readonly sent: ProducerBatch[] = [];
  readonly remedies: Remedy[] = [];
  fault: Error | undefined;
  gate: Promise<unknown> = Promise.resolve();

  ready(): Promise<Producer> {
    const sendBatch = async (request: ProducerBatch) => {
      await this.gate;
      if (this.fault) throw this.fault;
      this.sent.push(request);
      return [];
    };
    return Promise.resolve({ sendBatch } as unknown as Producer);
  }

  failed(remedy: Remedy): void {
    this.remedies.push(remedy);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('KafkaEventTarget', () => {
  let link: FakeLink;
  let registry: MetricsRegistry;
  let target: KafkaEventTarget;
  let local: FakeClock;

  beforeEach(() => {
    link = new FakeLink();
    registry = new MetricsRegistry();
    local = new FakeClock(NOON);
    target = targetBy(local, registry);
  });

  function targetBy(clock: Clock, metrics = new MetricsRegistry()): KafkaEventTarget {
    return new KafkaEventTarget(link, PRICE_KIND, new KafkaProducerMetrics(metrics), clock, 50);
  }

  async function up(): Promise<number | undefined> {
    return (await registry.getSingleMetric('csp_kafka_producer_up')?.get())?.values[0]?.value;
  }

  it('should be done when all replicas have acknowledged', async () => {
    expect(target.status).toEqual({ state: 'connecting', detail: '', last_acknowledged_at: null });
    expect(await up()).toBe(0);
    await target.take(BATCH);
    expect(link.sent).toMatchObject([{ acks: -1, topicMessages: [{ topic: 'crypto_prices' }] }]);
    expect(target.status).toMatchObject({ state: 'up', last_acknowledged_at: expect.any(String) as string });
    expect(await up()).toBe(1);
    expect(link.remedies).toEqual([]);
  });

  // The broker counts retention from the timestamp, and refuses one from its future.
  it.each([
    ['400 days behind', -400 * DAY],
    ['26 hours ahead', 26 * HOUR],
    ['an hour behind', -HOUR],
  ])('should send the time of capture though the clock of the machine is %s', async (_, ahead) => {
    const clock = alignedOver(local);
    local.step(ahead);
    clock.align({ time: NOON, sentAt: local.monotonicNow(), receivedAt: local.monotonicNow() });
    await targetBy(clock).take({ ...BATCH, events: [{ ...BATCH.events[0]!, capturedAt: NOON - HOUR }] });
    const timestamp = String((NOON - HOUR) / MILLISECOND);
    expect(link.sent).toMatchObject([{ topicMessages: [{ messages: [{ timestamp }] }] }]);
  });

  it.each<readonly [string, Error]>([
    ['a broker that is away', new KafkaJSConnectionError('connect ECONNREFUSED')],
    ['a broker that does not answer', new KafkaJSRequestTimeoutError('Request timed out')],
    [
      'a broker that stays away over all retries',
      new KafkaJSNumberOfRetriesExceeded(new KafkaJSConnectionError('connect ECONNREFUSED'), {
        retryCount: 1,
        retryTime: 100,
      }),
    ],
    ['a leader that moves', protocolError('NOT_LEADER_FOR_PARTITION')],
    ['too few replicas', protocolError('NOT_ENOUGH_REPLICAS')],
  ])('should keep its producer, whose numbers the broker knows, after %s', async (_name, fault) => {
    link.fault = fault;
    await expect(target.take(BATCH)).rejects.toThrow(fault.message);
    expect(link.remedies).toEqual(['reconnect']);
    expect(target.status).toMatchObject({ state: 'down', detail: fault.message });
    expect(await up()).toBe(0);
    link.fault = undefined;
    await target.take(BATCH);
    expect(target.status).toMatchObject({ state: 'up', detail: '' });
  });

  it.each<readonly [string, Error]>([
    ['a gap in its numbers', protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER')],
    ['numbers that were taken long ago', protocolError('DUPLICATE_SEQUENCE_NUMBER')],
    [
      'a broker that forgot it',
      Object.assign(new KafkaJSNonRetriableError('wrapped'), { cause: protocolError('UNKNOWN_PRODUCER_ID') }),
    ],
    ['a topic that is gone', protocolError('UNKNOWN_TOPIC_OR_PARTITION')],
    ['another number of partitions', new TopicPartitionsError('crypto_prices', 3, 6)],
    ['a mistake in the library', new TypeError("Cannot read properties of undefined (reading 'nodeId')")],
  ])('should ask for another producer after %s', async (_name, fault) => {
    link.fault = fault;
    await expect(target.take(BATCH)).rejects.toThrow(fault.message);
    expect(link.remedies).toEqual(['replace']);
  });

  it('should say of a message that is too large that it is its own fault', async () => {
    link.fault = protocolError('MESSAGE_TOO_LARGE');
    await expect(target.take(BATCH)).rejects.toThrow(ContractViolationError);
    expect(link.remedies).toEqual(['replace']);
    expect(target.status.state).toBe('up');
  });

  it('should give up a send that never ends, and use another producer', async () => {
    link.gate = new Promise(() => undefined);
    await expect(target.take(BATCH)).rejects.toThrow('did not answer within 50 ms');
    expect(link.remedies).toEqual(['replace']);
    link.gate = Promise.resolve();
    await target.take(BATCH);
    expect(link.sent).toHaveLength(1);
  });
});
