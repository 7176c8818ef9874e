import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { ClockModule } from '@app/clock';
import { ConfigModule, loadConfig } from '@app/config';
import {
  CANDLES_TOPIC,
  EventPublisher,
  MINUTE,
  SECOND,
  parseCandle,
  parsePriceEvent,
  unpackChange,
  type ChangeKind,
  type EventBatch,
  type OutgoingEvent,
} from '@app/domain';
import { historyKinds } from '@app/history';
import { MessagingModule } from '@app/messaging';
import { createLogger, MetricsRegistry, ObservabilityModule } from '@app/observability';
import { StorageWriteModule } from '@app/storage';
import { FakeClock } from '@app/testing';
import { eventually } from '../support/app-process';
import { ConsumerHarness } from '../support/consumer-harness';
import { describeOwnKafka } from '../support/describe-kafka';
import { TEST_DAY, candleLine, priceLine } from '../support/events';
import { inTables, readTable } from '../support/history-tables';
import { KafkaBroker } from '../support/kafka-broker';

const ORIGIN = 'simulator:golden';
const PRICES_TOPIC = 'crypto_prices';
const TOPICS = [PRICES_TOPIC, CANDLES_TOPIC];
const PARTITIONS = 3;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'LTCUSDT', '币安人生USDT', 'A.B_C-D'];
const POLLS = 300;
const MINUTES = 180;
/** Events that come minutes after others of their symbol. */
const LATE_EVENTS = 4;
/** What says where a store stands with its broker, its files and itself, and nothing of the market. */
const BOOKKEEPING = [
  'bronze_files',
  'changes',
  'feeds',
  'migrations',
  'process_status',
  'sink_progress',
  'topic_losses',
  'taken_keys',
];
/** Facts about one store alone. */
const OWN_FACTS = ['feed_generation'];

const price = (line: string): OutgoingEvent => {
  const { symbol, timestamp } = parsePriceEvent(line);
  return { kind: 'price', symbol, capturedAt: timestamp, value: line };
};

const candle = (line: string): OutgoingEvent => {
  const { symbol, capturedAt } = parseCandle(line);
  return { kind: 'candle', symbol, capturedAt, value: line };
};

/** Three hours around midnight, with everything that a sink has to judge: repeats, revisions, late events and poison. */
function market(): EventBatch[] {
  const batches: OutgoingEvent[][] = [];
  for (let number = 0; number < POLLS; number += 1) {
    batches.push(SYMBOLS.map((symbol) => price(priceLine(number, symbol))));
    if (number >= MINUTES) continue;
    const minutes = SYMBOLS.map((symbol) => candle(candleLine(number, symbol)));
    // Now and then the exchange gives what it gave before, and once more with other numbers.
    if (number % 10 === 4) minutes.push(...SYMBOLS.map((symbol) => candle(candleLine(number - 2, symbol))));
    if (number % 25 === 9) {
      const late = { close: '101.75', capturedAfter: 5 * MINUTE };
      minutes.push(candle(candleLine(number - 3, 'ETHUSDT', late)), candle(candleLine(number - 3, 'ETHUSDT', late)));
    }
    batches.push(minutes);
    // A spool that was out of reach brings old events; one of them is broken.
    if (number % 50 === 20)
      batches.push([price(priceLine(number - 15, 'BTCUSDT')), price(priceLine(number - 400, 'LTCUSDT'))]);
    if (number === 77) {
      const broken = priceLine(number + 1_000, 'BNBUSDT').replace('"lastPrice":"', '"lastPrice":"-');
      batches.push([{ kind: 'price', symbol: 'BNBUSDT', capturedAt: TEST_DAY + SECOND, value: broken }]);
    }
  }
  return batches.map((events) => ({ origin: ORIGIN, events }));
}

/** What a store holds of the market: every row of every table, and the bronze lines of each topic. */
function contents(databasePath: string, rawDir: string): Record<string, unknown> {
  const rows = inTables(databasePath, (tables) =>
    tables.names
      .filter((name) => !BOOKKEEPING.includes(name))
      .map((name) => [name, tables.rows(name)] as const)
      .map(([name, all]) => [name, name === 'store_facts' ? all.filter(isShared) : all] as const),
  );
  const lines = TOPICS.map((topic) => [`${topic} lines`, linesBySymbol(rawDir, topic)] as const);
  return Object.fromEntries<unknown>([...rows, ...lines]);
}

const isShared = (row: unknown): boolean => !OWN_FACTS.includes((row as { name: string }).name);

interface ChangeRow {
  readonly feed: number;
  readonly position: number;
  readonly committed_at: number;
  readonly kind: ChangeKind;
  readonly keys: Buffer;
}

/** What the change feed tells of each symbol, kind by kind, in the order of the commits. */
function changesBySymbol(databasePath: string): Record<string, string[]> {
  const rows = readTable<ChangeRow>(databasePath, 'changes').sort(
    (a, b) => a.committed_at - b.committed_at || a.feed - b.feed || a.position - b.position,
  );
  const told: Record<string, string[]> = {};
  for (const { kind, keys } of rows) {
    for (const item of unpackChange(kind, keys).items) {
      (told[`${item.symbol} ${kind}`] ??= []).push(JSON.stringify(item));
    }
  }
  return told;
}

function revisionsIn(stored: Record<string, unknown>): number {
  return (stored['candle_revisions'] as unknown[]).length;
}

/** Lines of a topic by day of their file and symbol, in the order of the file. */
function linesBySymbol(rawDir: string, topic: string): Record<string, string[]> {
  const lines: Record<string, string[]> = {};
  for (const file of readdirSync(rawDir).sort()) {
    if (!file.startsWith(`${topic}_`)) continue;
    const day = file.slice(topic.length + 1, topic.length + 11);
    for (const line of readFileSync(join(rawDir, file), 'utf8').split('\n').slice(0, -1)) {
      const { symbol } = JSON.parse(line) as { symbol: string };
      (lines[`${day} ${symbol}`] ??= []).push(line);
    }
  }
  return lines;
}

describeOwnKafka('delivery modes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-modes-'));
  const [databasePath, rawDir] = [join(folder, 'app.db'), join(folder, 'raw')];
  let broker: KafkaBroker;
  let consumer: ConsumerHarness;
  let bronzeOnly: ConsumerHarness;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    consumer = new ConsumerHarness(broker, historyKinds(PRICES_TOPIC));
    bronzeOnly = new ConsumerHarness(broker, historyKinds(PRICES_TOPIC));
  });

  afterAll(async () => {
    await consumer.close();
    await bronzeOnly.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Publishes as the capturing process of the mode does. */
  async function publish(mode: 'direct' | 'kafka', batches: readonly EventBatch[]): Promise<void> {
    const config = loadConfig(
      {
        BROKER_MODE: mode,
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
        TOPIC_PARTITIONS: String(PARTITIONS),
        STORAGE_PATH: databasePath,
        RAW_DIR: rawDir,
        INGEST_STATE_DIR: join(folder, mode),
      },
      folder,
    );
    const app = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        ClockModule.forRoot(new FakeClock(TEST_DAY)),
        ObservabilityModule.forRoot(createLogger('silent', 'test'), new MetricsRegistry()),
        ...(mode === 'direct' ? [StorageWriteModule] : []),
        mode === 'direct' ? MessagingModule.direct([StorageWriteModule]) : MessagingModule.kafka('csp-test-modes'),
      ],
    }).compile();
    await app.init();
    try {
      const publisher = app.get(EventPublisher, { strict: false });
      for (const batch of batches) await publisher.publish(batch);
      await eventually('nothing waits in the spool', () =>
        Promise.resolve(publisher.status().waitingEvents === 0 ? true : undefined),
      );
    } finally {
      await app.close();
    }
  }

  it('should leave the same rows and bronze lines for the same input, and the same lines without rows', async () => {
    const batches = market();
    await publish('direct', batches);
    await publish('kafka', batches);
    await consumer.startAndJoin({ partitions: PARTITIONS });
    await consumer.caughtUp();
    await consumer.stop();
    await bronzeOnly.startAndJoin({ partitions: PARTITIONS, rows: false });
    await bronzeOnly.caughtUp();
    await bronzeOnly.stop();

    const direct = contents(databasePath, rawDir);
    expect(Object.keys(direct)).toEqual(expect.arrayContaining(['candles_1d', 'coverage_days', 'price_events']));
    expect(direct['price_events']).toHaveLength(SYMBOLS.length * POLLS + LATE_EVENTS);
    expect(direct['candle_revisions']).not.toHaveLength(0);
    expect(contents(consumer.databasePath, consumer.rawDir)).toEqual(direct);
    const told = changesBySymbol(databasePath);
    expect(Object.values(told).flat()).toHaveLength(
      SYMBOLS.length * POLLS + LATE_EVENTS + SYMBOLS.length * MINUTES + revisionsIn(direct),
    );
    expect(changesBySymbol(consumer.databasePath)).toEqual(told);
    for (const topic of TOPICS) expect(linesBySymbol(bronzeOnly.rawDir, topic)).toEqual(linesBySymbol(rawDir, topic));
  });
});
