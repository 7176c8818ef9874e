import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ConfigResourceTypes, type KafkaMessage } from 'kafkajs';
import { DEAD_LETTER_HEADERS } from '@app/messaging';
import { eventually } from '../support/app-process';
import { ConsumerHarness, type TestMessage } from '../support/consumer-harness';
import { candleLine, priceLine } from '../support/events';
import { describeKafka, describeOwnKafka } from '../support/describe-kafka';
import { tamperWith } from '../support/history-tables';
import { KafkaBroker } from '../support/kafka-broker';
import { rebuild } from '../support/kept-store';
import { sinkProgress } from '../support/sink-progress';

/** Lets messages into a topic that a consumer must cope with. */
const ROOMY = { 'message.max.bytes': '16777216' };

/** What a store keeps: the guarantees are the same. */
const STORES = [
  ['rows and bronze', true],
  ['bronze only', false],
] as const;

/** A message that cannot be taken, and the field that is to blame. */
type Poison = readonly [value: TestMessage['value'], field: string];

const messages = (values: readonly string[], symbol = 'BTCUSDT', partition = 0): TestMessage[] =>
  values.map((value) => ({ key: symbol, value, partition }));

const offsetOf = ({ headers }: KafkaMessage): number => Number(headers?.[DEAD_LETTER_HEADERS.offset]);

const prices = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => priceLine(from + index));

/**
 * Sends to a topic that is made again by the consumer until so many lines are in bronze. What went into the old topic while
 * it was being deleted is gone with it, so it is sent again; what comes twice is taken once.
 */
async function newTopicTaken(consumer: ConsumerHarness, values: readonly string[], lines: number): Promise<void> {
  const { price } = consumer.topics;
  await eventually(
    'the new topic is taken',
    async () => {
      if (consumer.lines(price).length >= lines) return true;
      await consumer.send(price, messages(values));
      return undefined;
    },
    undefined,
    1_000,
  );
}

describeKafka('Kafka consumer', () => {
  let broker: KafkaBroker;
  let consumer: ConsumerHarness;

  beforeAll(async () => {
    broker = await KafkaBroker.start(ROOMY);
  });

  afterAll(async () => {
    await broker.close();
  });

  beforeEach(() => {
    consumer = new ConsumerHarness(broker);
  });

  afterEach(async () => {
    await consumer.close();
  });

  /** What is in the tables of the history, to compare before and after. */
  const tables = () => ({
    prices: consumer.table('price_events'),
    days: consumer.table('ticker_days'),
    minutes: consumer.table('candles_1m'),
    hours: consumer.table('candles_1h'),
    revisions: consumer.table('candle_revisions'),
    coverage: consumer.table('coverage'),
  });

  it('should take prices and candles into rows and bronze files of their day and partition', async () => {
    await consumer.startAndJoin();
    const { price, candle } = consumer.topics;
    const [lines, minutes] = [prices(0, 5_000), Array.from({ length: 180 }, (_, minute) => candleLine(minute))];
    await consumer.send(price, messages(lines));
    await consumer.send(
      price,
      messages(
        prices(0, 100).map((line) => line.replace('BTCUSDT', 'ETHUSDT')),
        'ETHUSDT',
        1,
      ),
    );
    await consumer.send(candle, messages(minutes));
    await consumer.caughtUp();

    expect(consumer.table('price_events')).toHaveLength(5_100);
    expect(consumer.table('candles_1m')).toHaveLength(180);
    expect(consumer.lines(price)).toEqual([
      ...lines.slice(0, 60),
      ...prices(0, 60).map((line) => line.replace('BTCUSDT', 'ETHUSDT')),
      ...lines.slice(60),
      ...prices(60, 100).map((line) => line.replace('BTCUSDT', 'ETHUSDT')),
    ]);
    expect(consumer.lines(candle)).toEqual(minutes);
    expect(
      readdirSync(consumer.rawDir)
        .filter((name) => name.startsWith(`${price}_`))
        .sort(),
    ).toEqual([
      `${price}_2026-01-14.p0.jsonl`,
      `${price}_2026-01-14.p1.jsonl`,
      `${price}_2026-01-15.p0.jsonl`,
      `${price}_2026-01-15.p1.jsonl`,
    ]);
    await eventually('there is no lag', () => Promise.resolve(consumer.status.snapshot().lag === 0 ? true : undefined));
  });

  it.each(STORES)('should change nothing when a topic is replayed from its start, %s (33)', async (_, rows) => {
    await consumer.startAndJoin({ rows });
    const { price, candle } = consumer.topics;
    await consumer.send(price, messages(prices(0, 3_000)));
    await consumer.send(candle, messages(Array.from({ length: 60 }, (_, minute) => candleLine(minute))));
    await consumer.caughtUp();
    const [before, lines] = [tables(), consumer.lines(price)];
    await consumer.stop();

    // Everything comes again, as after a loss of the stored progress.
    await consumer.startAndJoin({ rows });
    await consumer.send(price, messages(prices(0, 3_000)));
    await consumer.caughtUp();
    expect(tables()).toEqual(before);
    expect(consumer.lines(price)).toEqual(lines);
    await consumer.stop();
    tamperWith(consumer.databasePath, 'DELETE FROM sink_progress');
    await consumer.startAndJoin({ rows, groupId: `${consumer.groupId}-again` });
    await consumer.caughtUp();
    expect(tables()).toEqual(before);
    expect(consumer.lines(price)).toEqual(lines);
  });

  const POISON_OF_ANY_KIND: readonly Poison[] = [
    ['not JSON', 'message'],
    [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'message'],
    [null, 'message'],
    [JSON.stringify({ junk: 'x'.repeat(5_000_000) }), 'message'],
    ['[]', 'message'],
  ];

  const PRICE_POISON: readonly Poison[] = [
    [priceLine(100).replace('"lastPrice":"', '"lastPrice":"x'), 'lastPrice'],
    [priceLine(101).replace('"symbol":"BTCUSDT",', ''), 'symbol'],
    [priceLine(102).replace(',"symbol"', ',\n"symbol"'), 'message'],
  ];

  const CANDLE_POISON: readonly Poison[] = [
    [candleLine(100).replace('"high":"', '"high":"x'), 'high'],
    [candleLine(101).replace(/"open_time":"[^"]+",/, ''), 'open_time'],
    [candleLine(102).replace('"trade_count":17', '"trade_count":"17"'), 'trade_count'],
    [candleLine(104).replace('"is_closed":true', '"is_closed":false'), 'is_closed'],
    [candleLine(105).replace('"interval":"1m"', '"interval":"1h"'), 'interval'],
    [candleLine(106).replace(',"close"', ',\r"close"'), 'message'],
  ];

  it.each([
    ['price', priceLine, PRICE_POISON],
    ['candle', candleLine, CANDLE_POISON],
  ] as const)(
    'should set aside poison among messages of kind %s with its reason and go on (31)',
    async (kind, line, own) => {
      await consumer.startAndJoin();
      const topic = consumer.topics[kind];
      const poison = [...POISON_OF_ANY_KIND, ...own];
      const good = Array.from({ length: poison.length + 1 }, (_, number) => line(number));
      await broker.asAdmin((admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: ConfigResourceTypes.TOPIC,
              name: topic,
              configEntries: [{ name: 'max.message.bytes', value: '16777216' }],
            },
          ],
        }),
      );
      await consumer.send(topic, [
        ...poison.flatMap(([value], index) => [...messages([good[index] ?? '']), { key: 'BTCUSDT', value }]),
        { key: null, value: good.at(-1) ?? '' },
      ]);
      await consumer.caughtUp();

      expect(consumer.lines(topic)).toEqual(good);
      const letters = await consumer.deadLetters(topic, poison.length);
      letters.sort((a, b) => offsetOf(a) - offsetOf(b));
      const bytes = (value: string | Buffer | null): string | null => value && Buffer.from(value).toString('latin1');
      expect(letters.map(({ value }) => bytes(value))).toEqual(poison.map(([value]) => bytes(value)));
      const header = (name: string): string[] => letters.map(({ headers }) => String(headers?.[name]));
      expect(header(DEAD_LETTER_HEADERS.field)).toEqual(poison.map(([, field]) => field));
      expect(header(DEAD_LETTER_HEADERS.topic)).toEqual(poison.map(() => topic));
      expect(header(DEAD_LETTER_HEADERS.partition)).toEqual(poison.map(() => '0'));
      expect(header(DEAD_LETTER_HEADERS.offset)).toEqual(poison.map((_, index) => String(2 * index + 1)));
      expect(header(DEAD_LETTER_HEADERS.attempts)).toEqual(poison.map(() => '1'));
      expect(header(DEAD_LETTER_HEADERS.error)[POISON_OF_ANY_KIND.length]).toMatch(
        /^\w+: "x[\d.]+" is not allowed; expected an unsigned decimal as text, with at most 24 digits before and 8 behind the point and no leading zero$/,
      );
      expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_messages_without_key_total')).toMatch(/ 1$/m);
    },
  );

  it('should set aside the one message that makes its handler throw TypeError, and take the others (32)', async () => {
    const culprit = priceLine(1_234);
    await consumer.start({
      handle: async ({ unit }, take) => {
        if (unit.values.includes(culprit)) throw new TypeError('x is undefined');
        await take();
      },
    });
    await consumer.running();
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(0, 2_500)));
    await consumer.caughtUp();
    const [letter] = await consumer.deadLetters(price, 1);
    expect(String(letter?.value)).toBe(culprit);
    expect(String(letter?.headers?.[DEAD_LETTER_HEADERS.error])).toContain('x is undefined');
    expect(String(letter?.headers?.[DEAD_LETTER_HEADERS.attempts])).toBe('5');
    expect(consumer.table('price_events')).toHaveLength(2_499);
  });

  it('should wait out a fault of the store without a single dead letter, and say so', async () => {
    let faulty = true;
    await consumer.start({
      handle: async (_unit, take) => {
        if (faulty) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
        await take();
      },
    });
    await consumer.running();
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(0, 100)));
    await eventually('the fault is said', () =>
      Promise.resolve(consumer.status.problem().includes('database or disk is full') ? true : undefined),
    );
    expect(consumer.status.deadReason()).toBe('');
    // Nothing is fetched meanwhile, but what waits is known.
    await consumer.send(price, messages(prices(100, 150)));
    await eventually('the lag grows', () => Promise.resolve(consumer.status.snapshot().lag === 150 ? true : undefined));
    faulty = false;
    await consumer.caughtUp();
    await eventually('the fault is over', () => Promise.resolve(consumer.status.problem() === '' ? true : undefined));
    const { retries } = consumer.status.snapshot();
    expect(retries).toBeGreaterThan(0);
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_consumer_retries_total')).toContain(
      `total ${retries}`,
    );
    expect(consumer.lines(price)).toHaveLength(150);
    expect(await broker.messagesIn(`${price}.dlq`)).toBe(0);
  });

  /** Tables of which one has lost what it said of rows that are in another, and messages of which the first comes again. */
  const CONTRADICTIONS = [
    { kind: 'price', table: 'price_events', sql: 'DELETE FROM ticker_days', line: priceLine },
    { kind: 'candle', table: 'candles_1m', sql: 'DELETE FROM candles_1d', line: candleLine },
  ] as const;

  it.each(CONTRADICTIONS)(
    'should take nothing while its tables contradict each other, say what mends them, and lose nothing: $table',
    async ({ kind, table, sql, line }) => {
      const topic = consumer.topics[kind];
      const lines = Array.from({ length: 30 }, (_, number) => line(60 + number));
      await consumer.startAndJoin();
      await consumer.send(topic, messages(lines.slice(0, 20)));
      await consumer.caughtUp();
      await consumer.stop();
      const database = new Database(consumer.databasePath);
      expect(database.prepare(sql).run().changes).toBe(1);
      database.close();

      await consumer.startAndJoin({ kept: true });
      await consumer.send(topic, messages([lines[19] ?? '', ...lines.slice(20)]));
      const reason = `the database is damaged: ${table} holds a row that the other tables do not know; \`cli rebuild\``;
      await eventually('the damage is said', () =>
        Promise.resolve(consumer.status.problem().includes(reason) ? true : undefined),
      );
      await eventually('the store is let go of', () =>
        Promise.resolve(consumer.condition.readiness().state === 'damaged' ? true : undefined),
      );
      expect(consumer.condition.readiness()).toMatchObject({
        ready: false,
        reason: expect.stringContaining(reason) as string,
      });
      await consumer.send(topic, messages([line(90)]));
      await eventually('it is tried again', () =>
        Promise.resolve(consumer.status.snapshot().retries >= 4 ? true : undefined),
      );
      expect(consumer.status.deadReason()).toBe('');
      expect(sinkProgress(consumer.databasePath).get(`${topic}/0`)).toBe(20);
      expect(await consumer.committed(topic)).toBe(20);
      expect(consumer.lines(topic)).toEqual(lines.slice(0, 20));
      expect(consumer.table(table)).toHaveLength(20);

      await rebuild(consumer);
      await consumer.caughtUp();
      await eventually('the fault is over', () => Promise.resolve(consumer.status.problem() === '' ? true : undefined));
      expect(consumer.condition.readiness()).toMatchObject({ ready: true });
      expect(consumer.lines(topic)).toEqual([...lines, line(90)]);
      expect(consumer.table(table)).toHaveLength(31);
      await eventually('it is acknowledged', async () => ((await consumer.committed(topic)) === 32 ? true : undefined));
      expect(await broker.messagesIn(`${topic}.dlq`)).toBe(0);
    },
  );

  it('should blame itself, not its messages, when every one of them makes the handler throw TypeError (32)', async () => {
    let faulty = true;
    await consumer.startAndJoin({
      handle: async ({ unit }, take) => {
        if (faulty && unit.values.length > 0) throw new TypeError('a bug');
        await take();
      },
    });
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(0, 200)));
    await eventually('the fault is said', () =>
      Promise.resolve(consumer.status.problem().includes('a bug') ? true : undefined),
    );
    faulty = false;
    await consumer.caughtUp();
    const letters = await broker.messagesIn(`${price}.dlq`);
    expect(letters).toBeLessThanOrEqual(10);
    expect(consumer.lines(price)).toHaveLength(200 - letters);
  });

  it.each(STORES)(
    'should cut lines that were written but not committed, and take their messages again, %s',
    async (_, rows) => {
      await consumer.startAndJoin({ rows });
      const { price } = consumer.topics;
      await consumer.send(price, messages(prices(60, 100)));
      await consumer.caughtUp();
      await consumer.stop();
      // What a kill between the flush of the lines and the commit leaves: whole lines, and a torn one.
      const file = join(consumer.rawDir, `${price}_2026-01-15.p0.jsonl`);
      appendFileSync(file, `${priceLine(100)}\n${priceLine(101)}\n${priceLine(102).slice(0, 40)}`);
      await consumer.send(price, messages(prices(100, 110)));
      await consumer.start({ rows });
      await consumer.caughtUp();
      expect(consumer.lines(price)).toEqual(prices(60, 110));
      expect(consumer.table('price_events')).toHaveLength(rows ? 50 : 0);
    },
  );

  it('should take lines of a lost database from bronze before it takes the topic again', async () => {
    await consumer.startAndJoin();
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(60, 100)));
    await consumer.caughtUp();
    await consumer.stop();
    const { rmSync } = await import('node:fs');
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${consumer.databasePath}${suffix}`, { force: true });
    await consumer.forget(price, 30);
    await consumer.send(price, messages(prices(100, 105)));
    await consumer.start();
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual(prices(60, 105));
    expect(consumer.table('price_events')).toHaveLength(45);
  });

  it.each(STORES)(
    'should go where the store stands, not its group, without waiting for a further message, %s',
    async (_, rows) => {
      await consumer.startAndJoin({ rows });
      const { price } = consumer.topics;
      await consumer.send(price, messages(prices(60, 80)));
      await consumer.caughtUp();
      await consumer.stop();
      const backup = join(consumer.folder, 'backup.db');
      copyFileSync(consumer.databasePath, backup);
      await consumer.start({ rows });
      await consumer.send(price, messages(prices(80, 100)));
      await consumer.caughtUp();
      await consumer.stop();
      // What comes back knows less than the group has committed, and the market is closed.
      copyFileSync(backup, consumer.databasePath);
      await consumer.start({ rows });
      await consumer.caughtUp();
      expect(consumer.lines(price)).toEqual(prices(60, 100));
      expect(consumer.table('price_events')).toHaveLength(rows ? 40 : 0);
    },
  );

  it.each(STORES)('should say which messages the broker gave up before they were taken, %s', async (_, rows) => {
    await consumer.startAndJoin({ rows });
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(60, 70)));
    await consumer.caughtUp();
    await consumer.stop();
    await consumer.send(price, messages(prices(70, 100)));
    await consumer.forget(price, 25);
    await consumer.start({ rows });
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual([...prices(60, 70), ...prices(85, 100)]);
    expect(await consumer.losses()).toEqual([
      { topic: price, partition: 0, from: 10, to: 25, messages: 15, reason: 'retention' },
    ]);
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_messages_lost_total')).toMatch(/ 15$/m);
  });

  it.each([
    ['shorter than before', prices(200, 205), true],
    ['longer than before', prices(200, 260), true],
    ['without rows', prices(200, 260), false],
  ])('should take a topic from its start that was deleted and made anew, %s', async (_, again, rows) => {
    await consumer.startAndJoin({ rows, partitions: 1 });
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(60, 90)));
    await consumer.caughtUp();
    await consumer.stop();
    await broker.deleteTopics(price);
    await broker.createTopic(price, { partitions: 1 });
    await consumer.send(price, messages(again));
    await consumer.start({ rows, partitions: 1 });
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual([...prices(60, 90), ...again]);
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_topic_incarnations_total')).toMatch(/ 1$/m);
  });

  it('should take a topic from its start that is deleted and made anew while it runs', async () => {
    await consumer.startAndJoin({ partitions: 1 });
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(60, 90)));
    await consumer.caughtUp();
    await broker.asAdmin((admin) => admin.deleteTopics({ topics: [price] }));
    await newTopicTaken(consumer, prices(200, 240), 70);
    expect(consumer.lines(price)).toEqual([...prices(60, 90), ...prices(200, 240)]);
  });

  it('should refuse a topic to which partitions are added while it runs', async () => {
    await consumer.startAndJoin();
    const { price } = consumer.topics;
    await broker.asAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic: price, count: 3 }] }));
    await consumer.send(price, [{ key: 'BTCUSDT', value: priceLine(0), partition: 2 }]);
    // Whoever joins makes the group share out its partitions anew.
    const other = broker.client().consumer({ groupId: consumer.groupId, maxWaitTimeInMs: 100 });
    await other.connect();
    await other.subscribe({ topics: [...consumer.kinds.topics] });
    await other.run({ eachBatch: () => Promise.resolve() });
    await other.disconnect();
    await eventually('the consumer refuses', () =>
      Promise.resolve(consumer.status.problem().includes('has 3 partitions') ? true : undefined),
    );
    expect(consumer.table('price_events')).toEqual([]);
  });

  it('should set aside an excerpt of what does not fit among the dead letters either', async () => {
    await consumer.startAndJoin();
    const { price } = consumer.topics;
    const configEntries = [{ name: 'max.message.bytes', value: '200000' }];
    await broker.asAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: `${price}.dlq`, configEntries }],
      }),
    );
    const [large, key] = ['x'.repeat(300_000), 'k'.repeat(250_000)];
    await consumer.send(price, [
      { key: 'BTCUSDT', value: large },
      { key, value: null },
      { key: 'BTCUSDT', value: 'small', headers: { note: 'n'.repeat(250_000) } },
      { key: 'BTCUSDT', value: priceLine(0) },
    ]);
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual([priceLine(0)]);
    const letters = await consumer.deadLetters(price, 3);
    expect(letters.map(({ key, value }) => [String(key), value && String(value)])).toEqual([
      ['BTCUSDT', large.slice(0, 65_536)],
      [key.slice(0, 65_536), null],
      ['BTCUSDT', 'small'],
    ]);
    const header = (name: string): string[] => letters.map(({ headers }) => String(headers?.[name]));
    expect(header(DEAD_LETTER_HEADERS.originalBytes)).toEqual(['300000', '0', '5']);
    expect(header(DEAD_LETTER_HEADERS.originalSha256)[0]).toBe(createHash('sha256').update(large).digest('hex'));
    expect(header(DEAD_LETTER_HEADERS.offset)).toEqual(['0', '1', '2']);
  });

  it('should refuse a topic with another number of partitions in words', async () => {
    await broker.createTopic(consumer.topics.price, { partitions: 3 });
    await consumer.start({ partitions: 2 });
    await eventually('the consumer refuses', () =>
      Promise.resolve(consumer.status.problem().startsWith('refused') ? true : undefined),
    );
    expect(consumer.status.problem()).toContain('has 3 partitions, but TOPIC_PARTITIONS is 2');
    expect(consumer.status.deadReason()).toBe('');
  });

  it('should hold a partition with data of another origin, say what to do, take the others, and go on once it is done', async () => {
    await consumer.startAndJoin();
    const { price } = consumer.topics;
    const other = { partition: 1, key: 'ETHUSDT' };
    await consumer.send(price, messages(prices(0, 5)));
    await consumer.caughtUp();
    const foreign = { key: 'BTCUSDT', value: priceLine(9), headers: { origin: 'simulator:7' } };
    const broken = { ...foreign, value: 'no JSON' };
    await consumer.send(price, [foreign, broken, { key: 'BTCUSDT', value: priceLine(11) }]);
    await eventually('the refusal is said', () =>
      Promise.resolve(consumer.status.problem().includes('simulator:7') ? true : undefined),
    );
    await consumer.send(price, [{ ...other, value: priceLine(12, 'ETHUSDT') }]);
    await eventually('the other partition is taken', () =>
      Promise.resolve(consumer.lines(price).includes(priceLine(12, 'ETHUSDT')) ? true : undefined),
    );
    expect(consumer.lines(price)).not.toContain(priceLine(11));
    expect(consumer.status.problem()).toMatch(
      new RegExp(
        `^${price}/0 is held: from offset 5 on .* "simulator:7", and the store is of "binance"\\. Give whoever`,
      ),
    );
    expect(await consumer.metrics.getSingleMetricAsString('csp_kafka_partition_held')).toContain(
      `{topic="${price}",partition="0"`,
    );

    await consumer.forget(price, 7);
    await eventually('what follows is taken', () =>
      Promise.resolve(consumer.lines(price).includes(priceLine(11)) ? true : undefined),
    );
    expect(consumer.status.problem()).toBe('');
    expect(await consumer.losses()).toMatchObject([{ from: 5, to: 7 }]);
    // The broken one is set aside once, however often the partition was tried.
    expect(await broker.messagesIn(`${price}.dlq`)).toBe(1);
  });

  it('should keep bronze only, once each, where the database sink is off, and ask for a rebuild afterwards', async () => {
    await consumer.startAndJoin({ rows: false });
    const { price, candle } = consumer.topics;
    const minutes = Array.from({ length: 30 }, (_, minute) => candleLine(minute));
    const revised = candleLine(7, 'BTCUSDT', { close: '101.75', capturedAfter: 90_000_000 });
    await consumer.send(price, messages([...prices(60, 100), ...prices(80, 120)]));
    await consumer.send(candle, messages([...minutes, ...minutes.slice(5), revised, revised]));
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual(prices(60, 120));
    expect([...consumer.lines(candle)].sort()).toEqual([...minutes, revised].sort());
    expect(consumer.table('price_events')).toHaveLength(0);
    await consumer.stop();
    await consumer.send(price, messages(prices(100, 130)));
    await consumer.start({ rows: false });
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual(prices(60, 130));
    await consumer.stop();
    await expect(consumer.start({ rows: true })).rejects.toThrow('rebuild the database');
  });
});

describeOwnKafka('Kafka consumer and a broker that dies', () => {
  let broker: KafkaBroker;
  let consumer: ConsumerHarness;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  });

  afterAll(() => broker.close());

  beforeEach(() => {
    consumer = new ConsumerHarness(broker);
  });

  afterEach(async () => {
    await consumer.close();
    if (!broker.isRunning) await broker.startAgain();
  });

  it('should take everything from the start of a broker on an empty volume', async () => {
    await consumer.startAndJoin();
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(60, 100)));
    await consumer.caughtUp();
    await broker.kill();
    await broker.startAgain({ emptyVolume: true });
    await newTopicTaken(consumer, prices(200, 260), 100);
    expect(consumer.lines(price)).toEqual([...prices(60, 100), ...prices(200, 260)]);
  });

  it('should start without a broker, go on when it comes, and outlive its kill and its sleep', async () => {
    await broker.kill();
    await consumer.start();
    await eventually('the consumer says that the broker is away', () =>
      Promise.resolve(consumer.status.snapshot().state === 'broker_away' ? true : undefined),
    );
    expect(consumer.status.deadReason()).toBe('');
    await broker.startAgain();
    await consumer.running();
    const { price } = consumer.topics;
    await consumer.send(price, messages(prices(0, 100)));
    await consumer.caughtUp();
    await broker.kill();
    await broker.startAgain();
    await consumer.send(price, messages(prices(100, 200)));
    await consumer.caughtUp();
    expect(consumer.lines(price)).toEqual(prices(0, 200));
  });
});
