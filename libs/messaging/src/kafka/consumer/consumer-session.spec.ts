import { EventEmitter } from 'node:events';
import { EventKinds, PRICE_KIND, type PartitionSink } from '@app/domain';
import { createLogger, MetricsRegistry } from '@app/observability';
import type { ConsumerRunConfig, Kafka } from 'kafkajs';
import { ConsumerMetrics } from './consumer-metrics';
import { ConsumerSession, type ConsumerSessionParts } from './consumer-session';
import { ConsumerStatus } from './consumer-status';

/** Jest's clock moves the global timers only. */
jest.mock('node:timers/promises', () => ({
  setTimeout: (millis: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(new Error('aborted'));
      };
      setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      }, millis);
      signal?.addEventListener('abort', abort);
    }),
}));

const TOPICS = { price: 'prices' };
const PARTITIONS = 2;
const EVENTS = ['CRASH', 'GROUP_JOIN', 'REBALANCING', 'FETCH', 'HEARTBEAT', 'REQUEST'] as const;

/** One consumer that kafkajs would have made. */
class FakeConsumer extends EventEmitter {
  readonly events = Object.fromEntries(EVENTS.map((name) => [name, name]));
  readonly seeks: string[] = [];
  isConnected = true;
  connecting = Promise.resolve();
  run = (config: ConsumerRunConfig): Promise<void> => {
    this.config = config;
    return Promise.resolve();
  };
  config: ConsumerRunConfig | undefined;

  connect(): Promise<void> {
    return this.connecting;
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  seek({ topic, partition, offset }: { topic: string; partition: number; offset: string }): void {
    this.seeks.push(`${topic}/${partition} ${offset}`);
  }

  disconnect(): Promise<void> {
    this.isConnected = false;
    return Promise.resolve();
  }

  join(partitions: number[]): void {
    this.emit('GROUP_JOIN', { payload: { memberAssignment: { [TOPICS.price]: partitions } } });
  }
}

describe('ConsumerSession', () => {
  let consumers: FakeConsumer[];
  let positions: Map<number, number>;
  let latest: number;
  let partitionsOfTopics: number;
  let isBrokerSilent: boolean;
  let connecting: Promise<void>;
  let status: ConsumerStatus;
  let session: ConsumerSession;

  beforeEach(() => {
    jest.useFakeTimers();
    consumers = [];
    positions = new Map();
    latest = 100;
    partitionsOfTopics = PARTITIONS;
    isBrokerSilent = false;
    connecting = Promise.resolve();
    const logger = createLogger('silent', 'test');
    status = new ConsumerStatus('group', logger);
    session = new ConsumerSession({
      kafka: fakeKafka(),
      groupId: 'group',
      kinds: new EventKinds([{ ...PRICE_KIND, topic: TOPICS.price }]),
      partitions: PARTITIONS,
      sink: {
        positions: () =>
          Promise.resolve(
            [...positions].map(([partition, nextOffset]) => ({ topic: TOPICS.price, partition, nextOffset })),
          ),
      } as unknown as PartitionSink,
      broker: {
        extents: () => Promise.resolve(new Map([0, 1].map((partition) => [partition, { earliest: 0, latest }]))),
      },
      metrics: new ConsumerMetrics(new MetricsRegistry(), () => status.snapshot()),
      status,
      logger,
    } as unknown as ConsumerSessionParts);
    session.start();
  });

  afterEach(async () => {
    const closed = session.close();
    await jest.advanceTimersByTimeAsync(10_000);
    await closed;
    jest.useRealTimers();
  });

  function fakeKafka(): Kafka {
    const admin = {
      connect: () => (isBrokerSilent ? new Promise(() => undefined) : Promise.resolve()),
      disconnect: () => Promise.resolve(),
      events: {},
      on: () => undefined,
      createTopics: () => Promise.resolve(true),
      fetchTopicMetadata: () =>
        Promise.resolve({ topics: [{ partitions: Array.from({ length: partitionsOfTopics }, () => ({})) }] }),
    };
    const consumer = (): FakeConsumer => {
      const made = new FakeConsumer();
      made.connecting = connecting;
      consumers.push(made);
      return made;
    };
    return { admin: () => admin, consumer } as unknown as Kafka;
  }

  /** The consumer that is at work now, once it has been started. */
  async function current(): Promise<FakeConsumer> {
    await jest.advanceTimersByTimeAsync(1);
    return consumers.at(-1)!;
  }

  /** Lets time pass in which the client goes on fetching. */
  async function fetchFor(consumer: FakeConsumer, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      consumer.emit('FETCH', {});
      consumer.emit('REQUEST', {});
      await jest.advanceTimersByTimeAsync(1_000);
    }
  }

  it('should go where the store stands, and to the start of what it has nothing of', async () => {
    positions.set(1, 40);
    const consumer = await current();
    consumer.join([0, 1]);
    await jest.advanceTimersByTimeAsync(1);
    expect(consumer.seeks).toEqual(['prices/0 0', 'prices/1 39']);
  });

  it('should make a client anew that has given up, and tell the broker that the old one is gone', async () => {
    const first = await current();
    first.join([0]);
    first.emit('CRASH', { payload: { error: new Error('gave up'), restart: false } });
    await jest.advanceTimersByTimeAsync(10);
    expect(first.isConnected).toBe(false);
    expect(status.problem()).toBe('broker_away: gave up');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(consumers).toHaveLength(2);
    consumers[1]!.join([0]);
    expect(status.problem()).toBe('');
    expect(status.snapshot().rebalances).toBe(1);
  });

  it('should make a client anew that fetches nothing any more without a word', async () => {
    const first = await current();
    first.join([0]);
    latest = 0;
    await fetchFor(first, 60);
    expect(consumers).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(25_000);
    expect(first.isConnected).toBe(false);
    expect(consumers.length).toBeGreaterThan(1);
  });

  it('should make a client anew that has no answer any more, and say meanwhile since when', async () => {
    const first = await current();
    first.join([0]);
    await fetchFor(first, 5);
    isBrokerSilent = true;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(status.problem()).toBe('');
    await jest.advanceTimersByTimeAsync(4_000);
    expect(status.problem()).toBe('the broker has not answered for 10 s');
    await jest.advanceTimersByTimeAsync(9_000);
    expect(first.isConnected).toBe(false);
    expect(status.problem()).toBe('broker_away: its connections were given up; the broker has not answered for 19 s');
  });

  it('should show signs of life for as long as the broker answers nothing', async () => {
    const first = await current();
    first.join([0]);
    isBrokerSilent = true;
    for (let second = 0; second < 300; second += 1) {
      await jest.advanceTimersByTimeAsync(1_000);
      expect(status.deadReason()).toBe('');
    }
    isBrokerSilent = false;
    await jest.advanceTimersByTimeAsync(25_000);
    expect(consumers.length).toBeGreaterThan(1);
    consumers.at(-1)!.join([0]);
    consumers.at(-1)!.emit('REQUEST', {});
    expect(status.problem()).toBe('');
  });

  it('should end a client again that was given up while it connected', async () => {
    const first = await current();
    let connected = (): void => undefined;
    connecting = new Promise((resolve) => {
      connected = resolve;
    });
    first.emit('CRASH', { payload: { error: new Error('gave up') } });
    await jest.advanceTimersByTimeAsync(1_000);
    const second = consumers.at(-1)!;
    await jest.advanceTimersByTimeAsync(17_000);
    expect(second.isConnected).toBe(false);
    second.isConnected = true;
    connected();
    await jest.advanceTimersByTimeAsync(1);
    expect(second.isConnected).toBe(false);
    expect(second.config).toBeUndefined();
  });

  it('should make a client anew that fetches, but brings none of the messages that wait', async () => {
    const first = await current();
    first.join([0, 1]);
    positions.set(0, 100).set(1, 60);
    await fetchFor(first, 20);
    expect(status.snapshot()).toMatchObject({ lag: 40 });
    positions.set(1, 70);
    await fetchFor(first, 20);
    expect(first.isConnected).toBe(true);
    await fetchFor(first, 25);
    expect(first.isConnected).toBe(false);
    expect(consumers.length).toBeGreaterThan(1);
  });

  it('should leave a client alone that has nothing to bring', async () => {
    const first = await current();
    first.join([0, 1]);
    positions.set(0, 100).set(1, 100);
    await fetchFor(first, 120);
    expect(consumers).toHaveLength(1);
  });

  it('should go on with no partition that was added to a topic while it runs, and refuse the topic', async () => {
    const first = await current();
    first.join([0, 1]);
    partitionsOfTopics = PARTITIONS + 1;
    first.join([1, 2]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(first.isConnected).toBe(false);
    expect(consumers).toHaveLength(1);
    expect(status.problem()).toContain('refused: topic prices has 3 partitions, but TOPIC_PARTITIONS is 2');
  });

  it('should close at once while the broker leaves its questions unanswered', async () => {
    const first = await current();
    isBrokerSilent = true;
    first.emit('CRASH', { payload: { error: new Error('gave up') } });
    await jest.advanceTimersByTimeAsync(2_000);
    let isClosed = false;
    const closed = session.close().then(() => {
      isClosed = true;
    });
    await jest.advanceTimersByTimeAsync(10);
    expect(isClosed).toBe(true);
    await closed;
  });
});
