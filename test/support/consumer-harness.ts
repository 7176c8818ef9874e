import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { CANDLE_KIND, PartitionSink, PRICE_KIND, StoreCondition, type TopicLoss } from '@app/domain';
import { HistoryKinds } from '@app/history';
import { EVENT_UNITS, KafkaBatchServer, type ConsumedUnit } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { ConsumerStore, StorageConsumeModule, type StoreOptions } from '@app/storage';
import { FakeClock } from '@app/testing';
import { eventually } from './app-process';
import { readTable } from './history-tables';
import type { KafkaBroker } from './kafka-broker';
import { kindsOn, type TestTopics } from './kinds-on';

export interface TestMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  readonly partition?: number;
}

export interface ConsumerOptions {
  readonly rows?: boolean;
  /** Has the store kept as the app has it: what happens to its database is a state, and it is opened again once mended. */
  readonly kept?: boolean;
  readonly groupId?: string;
  readonly partitions?: number;
  /** Stands between transport and sink; default: straight to the sink. */
  readonly handle?: (unit: ConsumedUnit, take: () => Promise<void>) => Promise<void>;
}

/** The part of a store that a consumer needs. */
interface OpenStore {
  readonly sink: PartitionSink;
  /** Of a store that is kept. */
  readonly condition?: StoreCondition;
  close(): Promise<void>;
}

/** One store and the topics that fill it, with a consumer that can be started and stopped as often as a test likes. */
export class ConsumerHarness {
  readonly folder = mkdtempSync(join(tmpdir(), 'csp-consumer-'));
  readonly rawDir = join(this.folder, 'raw');
  readonly databasePath = join(this.folder, 'app.db');
  readonly groupId = `group-${randomUUID()}`;
  readonly topics: TestTopics;
  metrics = new MetricsRegistry();
  private server: KafkaBatchServer | undefined;
  private store: OpenStore | undefined;

  constructor(
    private readonly broker: KafkaBroker,
    readonly kinds: HistoryKinds = kindsOn({
      price: `prices-${randomUUID()}`,
      candle: `candles-${randomUUID()}`,
    }),
  ) {
    this.topics = { price: kinds.of(PRICE_KIND).topic, candle: kinds.of(CANDLE_KIND).topic };
  }

  async start({
    rows = true,
    kept = false,
    groupId = this.groupId,
    partitions = 2,
    handle,
  }: ConsumerOptions = {}): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    this.metrics = new MetricsRegistry();
    const { kinds, metrics } = this;
    const { logger } = this.options();
    const store = kept ? await this.openKept() : await ConsumerStore.open(this.options(), rows);
    const server = new KafkaBatchServer({
      bootstrapServers: this.broker.bootstrap.split(','),
      clientId: 'test-consumer',
      groupId,
      kinds,
      partitions,
      sink: store.sink,
      logger,
      metrics,
    });
    const take = async ({ claim, unit }: ConsumedUnit): Promise<void> => {
      await store.sink.take(claim, unit);
    };
    const handler = (unit: ConsumedUnit) => (handle ? handle(unit, () => take(unit)) : take(unit));
    server.addHandler(EVENT_UNITS, handler, true);
    server.listen(() => undefined);
    [this.server, this.store] = [server, store];
  }

  /** Starts the consumer and waits until it is a member of its group. */
  async startAndJoin(options?: ConsumerOptions): Promise<void> {
    await this.start(options);
    await this.running();
  }

  async stop(): Promise<void> {
    await this.server?.close();
    await this.store?.close();
    this.server = undefined;
    this.store = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What every part of the store is opened with. */
  options(): StoreOptions {
    const { databasePath, rawDir, kinds, metrics } = this;
    const clock = new FakeClock(Date.UTC(2026, 0, 15) * 1_000);
    return { databasePath, rawDir, kinds, clock, logger: createLogger('silent', 'test'), metrics };
  }

  /** Of a store that is kept. */
  get condition(): StoreCondition {
    if (!this.store?.condition) throw new Error('no store is kept');
    return this.store.condition;
  }

  get status(): KafkaBatchServer['consumerStatus'] {
    if (!this.server) throw new Error('the consumer is not started');
    return this.server.consumerStatus;
  }

  async send(topic: string, messages: readonly TestMessage[]): Promise<void> {
    const producer = this.broker.client().producer({ allowAutoTopicCreation: false });
    await producer.connect();
    try {
      await producer.send({
        topic,
        acks: -1,
        messages: messages.map(({ partition = 0, ...message }) => ({ ...message, partition })),
      });
    } finally {
      await producer.disconnect();
    }
  }

  /** Waits until the consumer is a member of its group (its topics are there then). */
  async running(): Promise<void> {
    await eventually('the consumer runs', () =>
      Promise.resolve(this.status.snapshot().state === 'running' ? true : undefined),
    );
  }

  /** Waits until the store has passed the ends of all partitions. */
  async caughtUp(): Promise<void> {
    await eventually('everything in the topics is taken', async () => {
      const positions = (await this.store?.sink.positions(this.kinds.topics)) ?? [];
      const taken = new Map(positions.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]));
      for (const topic of this.kinds.topics) {
        const offsets = await this.broker.endsOf(topic);
        for (const { partition, low, high } of offsets) {
          const wanted = Number(high);
          if (Number(low) !== wanted && (taken.get(`${topic}/${partition}`) ?? -1) !== wanted) return undefined;
        }
      }
      return true;
    });
  }

  /** The offset that the group has committed of partition 0. */
  async committed(topic: string): Promise<number> {
    const [offsets] = await this.broker.asAdmin(async (admin) => {
      // Loads what the client must know of the broker first.
      await admin.fetchTopicOffsets(topic);
      return admin.fetchOffsets({ groupId: this.groupId, topics: [topic] });
    });
    return Number(offsets?.partitions.find(({ partition }) => partition === 0)?.offset);
  }

  /** Makes the broker give up the messages of partition 0 before an offset, as its retention does. */
  async forget(topic: string, before: number): Promise<void> {
    await this.broker.asAdmin(async (admin) => {
      // Loads what the client must know of the topic first.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
    });
  }

  /** All rows of a table of the store. */
  table(name: string): Record<string, unknown>[] {
    return readTable(this.databasePath, name);
  }

  /** What the store was found to lack of the topics, whenever that was noticed; the consumer is started. */
  async losses(): Promise<Omit<TopicLoss, 'noticedAt'>[]> {
    if (!this.store) throw new Error('the consumer is not started');
    const losses = await this.store.sink.losses();
    return losses.map(({ topic, partition, from, to, messages, reason }) => ({
      topic,
      partition,
      from,
      to,
      messages,
      reason,
    }));
  }

  /** Whether bronze was begun. */
  get hasFiles(): boolean {
    return existsSync(this.rawDir);
  }

  /** Lines of all bronze files of a topic, in order of file names. */
  lines(topic: string): string[] {
    return readdirSync(this.rawDir)
      .filter((name) => name.startsWith(`${topic}_`))
      .sort()
      .flatMap((name) => readFileSync(join(this.rawDir, name), 'utf8').split('\n').slice(0, -1));
  }

  /** Dead letters of a topic, once there are as many as expected. */
  async deadLetters(topic: string, count: number): Promise<KafkaMessage[]> {
    const consumer = this.broker
      .client()
      .consumer({ groupId: `dlq-${randomUUID()}`, maxBytesPerPartition: 16_000_000, maxWaitTimeInMs: 100 });
    const letters: KafkaMessage[] = [];
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: `${topic}.dlq`, fromBeginning: true });
      await consumer.run({
        eachMessage: ({ message }) => {
          letters.push(message);
          return Promise.resolve();
        },
      });
      await eventually(`${count} dead letters of ${topic}`, () =>
        Promise.resolve(letters.length >= count ? true : undefined),
      );
    } finally {
      await consumer.disconnect();
    }
    return letters;
  }

  private async openKept(): Promise<OpenStore> {
    const { databasePath, rawDir, kinds, clock, logger, metrics } = this.options();
    const config = loadConfig({ STORAGE_PATH: databasePath, RAW_DIR: rawDir }, this.folder);
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(clock),
        ObservabilityModule.forRoot(logger, metrics),
        StorageConsumeModule,
      ],
    })
      .overrideProvider(HistoryKinds)
      .useValue(kinds)
      .compile();
    await module.init();
    const condition = module.select(StorageConsumeModule).get(StoreCondition, { strict: true });
    condition.watchFiles();
    return { sink: module.get(PartitionSink, { strict: false }), condition, close: () => module.close() };
  }
}
