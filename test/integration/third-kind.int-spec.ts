import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { ClockModule, SystemClock } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import {
  ContractViolationError,
  EventKinds,
  eventKinds,
  EventPublisher,
  formatEventTime,
  isSymbol,
  outgoingEvent,
  parseIsoTime,
  SECOND,
  type EventBatch,
  type EventKind,
  type ReplayReport,
} from '@app/domain';
import { describeTable, HistoryKinds, historyKinds, type KindHistory } from '@app/history';
import { DirectPublisher, MessagingModule, openSpool, RejectedLog } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { HistoryWriteStore } from '@app/storage';
import { FakeEventSink, FakePorts } from '@app/testing';
import { eventually } from '../support/app-process';
import { ConsumerHarness } from '../support/consumer-harness';
import { describeKafka } from '../support/describe-kafka';
import { queryTables } from '../support/history-tables';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';
import { rebuildStore } from '../support/rebuild';
import { NOON, ORIGIN, priceEvent, TestStore } from '../support/test-store';

/** An aggregate trade: the exchange numbers those of a symbol. */
interface Trade {
  readonly symbol: string;
  readonly aggTradeId: number;
  readonly price: string;
  readonly quantity: string;
  readonly source: string;
  readonly receivedAt: number;
}

interface TradeLine {
  readonly symbol: string;
  readonly agg_trade_id: number;
  readonly price: string;
  readonly quantity: string;
  readonly source: string;
  readonly received_at: string;
}

// Everything that this program is told of trades: the two parts of their descriptor.
const TRADE_KIND: EventKind<Trade> = {
  name: 'trade',
  topic: 'crypto_trades',
  toContract: ({ symbol, aggTradeId, price, quantity, source, receivedAt }): TradeLine => ({
    symbol,
    agg_trade_id: aggTradeId,
    price,
    quantity,
    source,
    received_at: formatEventTime(receivedAt),
  }),
  parse: (line) => {
    const { symbol, agg_trade_id: aggTradeId, price, quantity, source, received_at: at } = readLine(line);
    const receivedAt = parseIsoTime(at);
    if (!isSymbol(symbol)) throw new ContractViolationError('symbol', symbol, 'a symbol');
    if (receivedAt === undefined) throw new ContractViolationError('received_at', at, 'a time');
    return { symbol, aggTradeId, price, quantity, source, receivedAt };
  },
  keyOf: ({ symbol, aggTradeId, source }) => ({ symbol, time: aggTradeId, source }),
  capturedAt: ({ receivedAt }) => receivedAt,
};

const TRADE_HISTORY: KindHistory = {
  kind: TRADE_KIND.name,
  rows: describeTable('agg_trades', ['symbol', 'aggTradeId'], {
    symbol: 'text',
    aggTradeId: 'integer',
    price: 'decimal',
    quantity: 'decimal',
    source: 'text',
    receivedAt: 'time',
  }),
  captures: [],
  time: 'aggTradeId',
  capturedAt: 'receivedAt',
  content: ['price', 'quantity'],
  pageSpan: 5_000,
  timeText: (number) => `trade ${number}`,
};

function readLine(line: string): TradeLine {
  try {
    return JSON.parse(line) as TradeLine;
  } catch {
    throw new ContractViolationError('message', line, 'JSON');
  }
}

function withTrades(kinds: Iterable<EventKind>, topic = TRADE_KIND.topic): HistoryKinds {
  const known = historyKinds('crypto_prices');
  return new HistoryKinds(
    [...kinds, { ...TRADE_KIND, topic }],
    [...[...known].map((kind) => known.historyOf(kind)), TRADE_HISTORY],
  );
}

function trade(aggTradeId: number, changes: Partial<Trade> = {}): Trade {
  const receivedAt = NOON + aggTradeId * SECOND;
  return {
    symbol: 'BTCUSDT',
    aggTradeId,
    price: '68001.20',
    quantity: '0.5',
    source: 'stream',
    receivedAt,
    ...changes,
  };
}

const trades = (from: number, to: number): Trade[] =>
  Array.from({ length: to - from }, (_, index) => trade(from + index));

const batchOf = (...given: readonly Trade[]): EventBatch => ({
  origin: ORIGIN,
  events: given.map((one) => outgoingEvent(TRADE_KIND, one)),
});

const linesOf = (given: readonly Trade[]): string[] => given.map((one) => JSON.stringify(TRADE_KIND.toContract(one)));

const SELECT_TRADES = `SELECT symbol, agg_trade_id AS aggTradeId, price, quantity, source, received_at AS receivedAt
  FROM agg_trades ORDER BY symbol, agg_trade_id`;
const FILE = 'crypto_trades_2026-01-15.jsonl';
const LOGGER = createLogger('silent', 'test');

describe('a third kind of events, without a broker', () => {
  let store: TestStore;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'csp-third-kind-'));
    store = new TestStore(join(folder, 'store'), withTrades(eventKinds('crypto_prices')));
    await store.open();
  });

  afterEach(async () => {
    await store.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = (): Trade[] => store.rows<Trade>(SELECT_TRADES);
  const take = (batch: EventBatch) => store.opened.sink.take(batch);

  async function replay(): Promise<ReplayReport> {
    const history = await HistoryWriteStore.open(store.options());
    try {
      return await history.replay().compare(new AbortController().signal);
    } finally {
      await history.close();
    }
  }

  it('should wait in the spool while the store is away, and be taken once by rows and bronze', async () => {
    const spool = openSpool({ folder: join(folder, 'spool'), maxBytes: 1_048_576, kinds: store.options().kinds.names });
    const metrics = new MetricsRegistry();
    let isAway = true;
    const sink = new FakeEventSink();
    sink.take = (batch) => (isAway ? Promise.reject(new Error('away')) : store.opened.sink.take(batch));
    const rejected = new RejectedLog(join(folder, 'rejected.jsonl'), store.clock);
    const publisher = new DirectPublisher(sink, spool, rejected, LOGGER, metrics, { firstRetryMillis: 1 });
    await publisher.publish(batchOf(...trades(0, 3)));
    await publisher.publish({ origin: ORIGIN, events: [priceEvent('BTCUSDT', NOON), ...batchOf(trade(3)).events] });
    expect(publisher.status().waitingEvents).toBe(5);
    isAway = false;
    await eventually('nothing waits', () => Promise.resolve(publisher.status().waitingEvents === 0 || undefined));
    await publisher.publish(batchOf(...trades(2, 5)));
    await publisher.close();

    expect(stored()).toEqual(trades(0, 5));
    expect(store.bronzeLines(FILE)).toEqual(linesOf(trades(0, 5)));
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([1]);
    expect(await metrics.metrics()).toContain('csp_events_published_total{kind="trade"} 7');
  });

  it('should be taken up from bronze: what the rows lack, and all of it after the database is lost', async () => {
    await take(batchOf(...trades(0, 3)));
    await store.close();
    appendFileSync(store.bronzePath(FILE), `${linesOf([trade(3)]).join('')}\n{"symbol":"BTC`);
    await store.open();
    expect(stored()).toEqual(trades(0, 4));
    expect(store.bronzeLines(FILE)).toEqual(linesOf(trades(0, 4)));

    await store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${end}`, { force: true });
    await store.open();
    expect(stored()).toEqual(trades(0, 4));
  });

  it('should be proved by a replay, which tells of rows, lines and files that are not what was written', async () => {
    await take(batchOf(...trades(0, 10), trade(3, { symbol: 'ETHUSDT' })));
    expect(await replay()).toMatchObject({ lines: 11, differences: [], damage: [] });

    store.opened.parts.database.exec('DELETE FROM agg_trades WHERE agg_trade_id = 7');
    expect((await replay()).differences).toEqual([
      expect.objectContaining({ table: 'agg_trades', symbol: 'BTCUSDT', timeText: 'trade 7', onlyIn: 'bronze' }),
    ]);
    await take(batchOf(trade(20)));
    const path = store.bronzePath(FILE);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('"agg_trade_id":4,"price":"6', '"agg_trade_id":4,"price":"9'),
    );
    expect((await replay()).damage).toContainEqual(
      expect.stringMatching(/^crypto_trades_.*, line 5: altered outside this program; lost is .* BTCUSDT trade 4, /),
    );
  });

  it('should be in a database that is made anew', async () => {
    await take(batchOf(...trades(0, 3)));
    await store.close();
    await rebuildStore(store, FakePorts.at(NOON, { SYMBOLS: 'BTCUSDT' }));
    expect(stored()).toEqual(trades(0, 3));
    await store.open();
    expect(await take(batchOf(...trades(1, 4)))).toEqual({ taken: 1, repeats: 2, revisions: 0 });
  });
});

describeKafka('a third kind of events, through Kafka', () => {
  const PARTITIONS = 2;
  let broker: KafkaBroker;
  let folder: string;
  let kinds: HistoryKinds;
  let topic: string;
  const consumers: ConsumerHarness[] = [];

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    folder = mkdtempSync(join(tmpdir(), 'csp-third-kind-'));
    topic = `trades-${randomUUID()}`;
    const known = [...eventKinds(`prices-${randomUUID()}`)];
    kinds = withTrades(
      known.map((kind) => ({ ...kind, topic: `${kind.name}-${randomUUID()}` })),
      topic,
    );
  });

  afterAll(async () => {
    for (const consumer of consumers) await consumer.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Publishes as ingest-app does. */
  async function publish(...batches: readonly EventBatch[]): Promise<void> {
    const variables = {
      BROKER_MODE: 'kafka',
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      TOPIC_PARTITIONS: String(PARTITIONS),
      INGEST_STATE_DIR: folder,
    };
    const app = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(loadConfig(variables, folder), kinds),
        // Messages are dated by it: the broker would soon delete what is as old as these trades.
        ClockModule.forRoot(new SystemClock()),
        ObservabilityModule.forRoot(LOGGER, new MetricsRegistry()),
        MessagingModule.kafka('csp-test-third-kind'),
      ],
    }).compile();
    await app.init();
    expect(app.get(EventKinds, { strict: false })).toBe(kinds);
    try {
      const publisher = app.get(EventPublisher, { strict: false });
      for (const batch of batches) await publisher.publish(batch);
      await eventually('nothing waits', () => Promise.resolve(publisher.status().waitingEvents === 0 || undefined));
    } finally {
      await app.close();
    }
  }

  /** Takes all that is in the topics. */
  async function consume(rows: boolean): Promise<ConsumerHarness> {
    const consumer = new ConsumerHarness(broker, kinds);
    consumers.push(consumer);
    await consumer.startAndJoin({ rows, partitions: PARTITIONS });
    await consumer.caughtUp();
    return consumer;
  }

  it('should go from the publisher to rows and bronze, or be remembered by its key where there is bronze alone', async () => {
    const broken = { ...batchOf(trade(9)).events[0]!, value: '{"symbol":"?"}', event: undefined };
    // Trades that are received again, later.
    const again = trades(3, 5).map((one) => ({ ...one, receivedAt: one.receivedAt + SECOND }));
    const sent = [...trades(0, 5), ...again, ...trades(5, 8)];
    await publish(batchOf(...sent.slice(0, 5)), batchOf(...sent.slice(5)), { origin: ORIGIN, events: [broken] });
    expect(readdirSync(join(folder, 'spool')).sort()).toEqual(expect.arrayContaining(['candle', 'price', 'trade']));
    expect((await readTopic(broker, topic)).map(({ key, value }) => [key, value])).toEqual(
      [...linesOf(sent), broken.value].map((line) => ['BTCUSDT', line]),
    );

    const consumer = await consume(true);
    expect(queryTables(consumer.databasePath, SELECT_TRADES)).toEqual(trades(0, 8));
    expect(consumer.lines(topic)).toEqual(linesOf(trades(0, 8)));
    const [letter] = await consumer.deadLetters(topic, 1);
    expect(letter?.value?.toString()).toBe(broken.value);

    const bronzeOnly = await consume(false);
    expect(bronzeOnly.lines(topic)).toEqual(linesOf(trades(0, 8)));
    expect(bronzeOnly.table('taken_keys')).toMatchObject(
      trades(0, 8).map(({ symbol, aggTradeId }) => ({ kind: 'trade', symbol, time: aggTradeId, numbers_hash: '' })),
    );
    expect(bronzeOnly.table('agg_trades')).toEqual([]);
  });
});
