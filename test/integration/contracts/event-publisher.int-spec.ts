import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { ClockModule, SystemClock } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import {
  CANDLES_TOPIC,
  eventKinds,
  MINUTE,
  OriginMismatchError,
  SECOND,
  type EventBatch,
  type EventPublisher,
  type OutgoingEvent,
} from '@app/domain';
import { DirectPublisher, KafkaPublisher, MessagingModule, RejectedLog, Spool } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { buildMinute, FakeClock, FakeEventPublisher, FakeEventSink } from '@app/testing';
import { eventually } from '../../support/app-process';
import { describeKafka, describeOwnKafka } from '../../support/describe-kafka';
import { KafkaBroker } from '../../support/kafka-broker';
import { readTopic, type TopicMessage } from '../../support/kafka-messages';
import { batchOf, candleEvent, NOON, ORIGIN, priceEvent } from '../../support/test-store';

type TakenEvent = Pick<OutgoingEvent, 'kind' | 'symbol' | 'value'>;

interface Subject {
  readonly publisher: EventPublisher;
  /** What has been handed on: that of each kind and symbol in its order. */
  taken(): Promise<readonly TakenEvent[]>;
  /** Once what was published is there; where the target is in this process, it is when the call resolves. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
}

/** A publisher with a target, which may be away. */
interface TargetSubject extends Subject {
  away(): void;
  back(): void;
  /** An event that the target never takes. */
  readonly hopeless: OutgoingEvent;
  /** Values of the events that were set aside. */
  setAside(): readonly string[];
}

const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';
const PARTITIONS = 3;

const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'csp-publisher-'));

function setAsideIn(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, 'rejected.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { value: string }).value);
}

function directSubject(): Promise<TargetSubject> {
  const folder = temporaryFolder();
  const sink = new FakeEventSink();
  const publisher = new DirectPublisher(
    sink,
    Spool.open({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: eventKinds('crypto_prices').names }),
    new RejectedLog(join(folder, 'rejected.jsonl'), new FakeClock(NOON)),
    createLogger('silent', 'test'),
    new MetricsRegistry(),
  );
  return Promise.resolve({
    publisher,
    taken: () => Promise.resolve(sink.taken),
    settled: () => Promise.resolve(),
    away: () => {
      sink.fault = () => new Error('the store is away');
    },
    back: () => {
      sink.fault = () => undefined;
    },
    hopeless: { ...priceEvent(BTC, NOON), value: '{}' },
    setAside: () => setAsideIn(folder),
    dispose: async () => {
      await publisher.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

function fakeSubject(): Promise<Subject> {
  const publisher = new FakeEventPublisher();
  return Promise.resolve({
    publisher,
    taken: () => Promise.resolve(publisher.events),
    settled: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
  });
}

/** As ingest-app has it, with topics of its own. */
async function kafkaSubject(broker: KafkaBroker): Promise<TargetSubject> {
  const folder = temporaryFolder();
  const topic = `prices-${randomUUID()}`;
  const config = loadConfig(
    {
      BROKER_MODE: 'kafka',
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      TOPIC_NAME: topic,
      TOPIC_PARTITIONS: String(PARTITIONS),
      INGEST_STATE_DIR: folder,
    },
    '/',
  );
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      ClockModule.forRoot(new SystemClock()),
      ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
      MessagingModule.kafka('csp-test-publisher'),
    ],
  }).compile();
  await module.init();
  const publisher = module.get(KafkaPublisher, { strict: false });
  // Before that, a call waits for the broker no longer than a poll may, and its events are in the spool.
  await eventually('the broker is up for both topics', () =>
    Promise.resolve(publisher.broker.state === 'up' || undefined),
  );
  const placeOf = ({ partition, offset }: TopicMessage): string => `${partition}/${offset}`;
  // The topic of candles has one name for all.
  const ofOthers = new Set((await readTopic(broker, CANDLES_TOPIC)).map(placeOf));
  const eventOf = (kind: string, { key, value }: TopicMessage): TakenEvent => ({
    kind,
    symbol: key ?? '',
    value: value ?? '',
  });
  return {
    publisher,
    taken: async () => {
      const candles = (await readTopic(broker, CANDLES_TOPIC)).filter((message) => !ofOthers.has(placeOf(message)));
      return [
        ...(await readTopic(broker, topic)).map((message) => eventOf('price', message)),
        ...candles.map((message) => eventOf('candle', message)),
      ];
    },
    settled: () => nothingWaits(publisher),
    away: () => {
      broker.pause();
    },
    back: () => {
      broker.resume();
    },
    hopeless: { ...priceEvent(BTC, NOON), value: 'x'.repeat(2_000_000) },
    setAside: () => setAsideIn(folder),
    dispose: async () => {
      await module.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const events = (from: number, count: number, symbol = BTC): OutgoingEvent[] =>
  Array.from({ length: count }, (_, index) => priceEvent(symbol, NOON + (from + index) * SECOND));

/** Values by kind and symbol. */
function orders(taken: readonly TakenEvent[]): Readonly<Record<string, readonly string[]>> {
  const bySymbol: Record<string, string[]> = {};
  for (const { kind, symbol, value } of taken) (bySymbol[`${kind} ${symbol}`] ??= []).push(value);
  return bySymbol;
}

async function nothingWaits(publisher: EventPublisher): Promise<void> {
  await eventually('nothing waits', () => Promise.resolve(publisher.status().waitingEvents === 0 || undefined));
}

async function expectTaken(subject: Subject, ...expected: readonly OutgoingEvent[]): Promise<void> {
  await subject.settled();
  expect(orders(await subject.taken())).toEqual(orders(expected));
}

function contractOfPublisher(make: () => Promise<Subject>): void {
  let subject: Subject;
  let publisher: EventPublisher;

  beforeEach(async () => {
    subject = await make();
    ({ publisher } = subject);
  });

  afterEach(() => subject.dispose());

  it('should have handed events on when it resolves, and nothing waits then', async () => {
    await publisher.publish(batchOf(...events(0, 3)));
    await expectTaken(subject, ...events(0, 3));
    await publisher.publish(batchOf());
    await expectTaken(subject, ...events(0, 3));
    const { kinds, ...all } = publisher.status();
    expect(all).toEqual({ waitingEvents: 0, waitingBytes: 0, detail: '', lost: [], unreadable: [] });
    for (const kind of kinds) expect(kind).toMatchObject({ waitingEvents: 0, waitingBytes: 0, detail: '' });
  });

  it('should keep the order of calls that do not wait for each other, in each kind of events', async () => {
    const batches = Array.from({ length: 20 }, (_batch, index) => [
      ...events(index * 2, 2),
      candleEvent(buildMinute(BTC, NOON + index * MINUTE)),
      ...events(index, 1, ETH),
    ]);
    await Promise.all(batches.map((batch) => publisher.publish(batchOf(...batch))));
    await expectTaken(subject, ...batches.flat());
  });

  it('should reject what may not be mixed in, and go on with what may', async () => {
    await publisher.publish(batchOf(...events(0, 1)));
    await subject.settled();
    const other: EventBatch = { origin: 'simulator:other', events: events(1, 1) };
    for (let times = 0; times < 2; times += 1) {
      const error: unknown = await publisher.publish(other).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OriginMismatchError);
      expect(error).toMatchObject({ code: 'STORE.ORIGIN_MISMATCH', stored: ORIGIN, offered: other.origin });
    }
    await publisher.publish(batchOf(...events(2, 1)));
    await expectTaken(subject, ...events(0, 1), ...events(2, 1));
    expect(publisher.status()).toMatchObject({ waitingEvents: 0, lost: [] });
  });

  it('should let an empty batch decide of no origin', async () => {
    await publisher.publish({ origin: 'simulator:other', events: [] });
    await publisher.publish(batchOf(...events(0, 1)));
    await expectTaken(subject, ...events(0, 1));
  });
}

function contractOfTarget(make: () => Promise<TargetSubject>): void {
  let subject: TargetSubject;
  let publisher: EventPublisher;

  beforeEach(async () => {
    subject = await make();
    ({ publisher } = subject);
  });

  afterEach(async () => {
    subject.back();
    await subject.dispose();
  });

  it('should hold events while the target is away, say so, and hand them on in their order', async () => {
    await publisher.publish(batchOf(...events(0, 2)));
    await subject.settled();
    subject.away();
    const minute = candleEvent(buildMinute(BTC, NOON));
    const whileAway = [...events(2, 2), minute, ...events(0, 1, ETH)];
    await publisher.publish(batchOf(...whileAway.slice(0, 2)));
    await publisher.publish(batchOf(...whileAway.slice(2)));
    const status = publisher.status();
    expect(status).toMatchObject({ waitingEvents: whileAway.length, lost: [], unreadable: [] });
    expect(status.waitingBytes).toBeGreaterThan(whileAway.reduce((sum, { value }) => sum + value.length, 0));
    expect(status.detail).not.toBe('');
    subject.back();
    const behind = events(4, 1);
    await publisher.publish(batchOf(...behind));
    await nothingWaits(publisher);
    await expectTaken(subject, ...events(0, 2), ...whileAway, ...behind);
    expect(publisher.status()).toMatchObject({ waitingEvents: 0, waitingBytes: 0, detail: '', lost: [] });
  });

  it('should set aside what the target never takes, and hold up nothing behind it', async () => {
    const [before, behind] = [events(0, 3), events(3, 2)];
    await publisher.publish(batchOf(...before, subject.hopeless, ...behind));
    await subject.settled();
    // A broker that takes a batch in several requests may be given some of it again.
    expect([...new Set((await subject.taken()).map(({ value }) => value))]).toEqual(
      [...before, ...behind].map(({ value }) => value),
    );
    expect(subject.setAside()).toEqual([subject.hopeless.value]);
    expect(publisher.status()).toMatchObject({ waitingEvents: 0, lost: [], unreadable: [] });
    const next = events(5, 1);
    await publisher.publish(batchOf(...next));
    await subject.settled();
    expect((await subject.taken()).at(-1)?.value).toBe(next[0]?.value);
  });
}

describe('the contract of EventPublisher', () => {
  describe('direct', () => {
    contractOfPublisher(directSubject);
    contractOfTarget(directSubject);
  });

  describe('the fake', () => {
    contractOfPublisher(fakeSubject);
  });

  describeKafka('Kafka', () => {
    let broker: KafkaBroker;

    beforeAll(async () => {
      broker = await KafkaBroker.start();
      const topics = await broker.asAdmin((admin) => admin.listTopics());
      if (!topics.includes(CANDLES_TOPIC)) await broker.createTopic(CANDLES_TOPIC, { partitions: PARTITIONS });
    });

    afterAll(() => broker.close());

    contractOfPublisher(() => kafkaSubject(broker));

    // An external broker can be neither paused nor killed.
    describeOwnKafka('of its own', () => {
      contractOfTarget(() => kafkaSubject(broker));
    });
  });
});
