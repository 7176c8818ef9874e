import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CANDLES_TOPIC } from '@app/domain';
import { eventually } from '../support/app-process';
import { describeOwnKafka } from '../support/describe-kafka';
import { copyDotEnv } from '../support/dot-env';
import { getJson, type ListPage } from '../support/http';
import { KafkaBroker } from '../support/kafka-broker';
import { Stack } from '../support/stack';
import { StoreBooks } from '../support/store-books';

interface Health {
  readonly status: string;
  readonly broker_mode: string;
  readonly processes: Record<string, { readonly state: string; readonly status?: Record<string, unknown> }>;
}

interface Candle {
  readonly open_time: string;
  readonly source: string;
}

const OF_A_STREAM = (topic: string): RegExp => new RegExp(`^${topic}_\\d{4}-\\d{2}-\\d{2}\\.p\\d+\\.jsonl$`);

/** The walk of docs/kafka.md: one `.env` made from the example, four processes, files in `data/raw`. */
describeOwnKafka('consumer, producer and API beside a broker', () => {
  const stack = new Stack();
  const folder = mkdtempSync(join(tmpdir(), 'csp-kafka-walk-'));
  let broker: KafkaBroker;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    await stack.startSimulator(['--clock-factor', '30']);
  });

  afterAll(async () => {
    await stack.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should put files into data/raw and serve what they hold, with the health of all processes', async () => {
    const environment = await stack.environment();
    const own = ['BINANCE_REST_URLS', 'PORT', 'INGEST_PORT', 'INGEST_URL', 'CONSUMER_PORT', 'CONSUMER_URL'];
    copyDotEnv(folder, {
      ...Object.fromEntries(own.map((name) => [name, environment[name] ?? ''])),
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      CLOCK: 'simulator',
      BACKFILL_DAYS: '1',
    });
    const running = [stack.launchIn(folder, 'consumer-app')];
    await running[0]!.answers(`${await stack.urlOf('consumer-app')}/livez`);
    running.push(stack.launchIn(folder, 'ingest-app'), stack.launchIn(folder, 'api-app'));

    const rawDir = join(folder, 'data/raw');
    await eventually('files of both topics are there', () => {
      const files = readdirSync(rawDir);
      const both = ['crypto_prices', CANDLES_TOPIC].every((topic) =>
        files.some((name) => OF_A_STREAM(topic).test(name)),
      );
      return Promise.resolve(both ? true : undefined);
    });
    const api = await stack.urlOf('api-app');
    const health = await eventually('the API reports all well', async () => {
      const answer = await getJson<Health>(`${api}/health`);
      return answer.status === 'ok' ? answer : undefined;
    });
    expect(health.broker_mode).toBe('kafka');
    expect(health.processes).toMatchObject({ ingest: { state: 'ok' }, consumer: { state: 'ok' } });

    // Lines are in a file before the transaction that makes them rows ends.
    await eventually('prices are served', async () => {
      const { data } = await getJson<ListPage<{ symbol: string }>>(`${api}/trades/latest?symbol=BTCUSDT`);
      return data[0];
    });
    await eventually('live minutes and fetched ones are served, without a hole', async () => {
      const { data } = await getJson<ListPage<Candle>>(`${api}/candles?symbol=ETHUSDT&interval=1m&limit=2000`);
      const times = data.map(({ open_time: time }) => Date.parse(time));
      const holes = times.filter((time, index) => time !== times[0]! + index * 60_000);
      if (holes.length > 0) throw new Error(`${data.length} minutes, the first after a hole at ${holes[0]}`);
      return data.length > 1_440 ? true : undefined;
    });

    for (const process of running.reverse()) expect(await process.stop()).toBe(0);
    const books = new StoreBooks({ databasePath: join(folder, 'data/app.db'), rawDir });
    try {
      expect(books.problems()).toEqual([]);
      expect(books.priceLines.length).toBeGreaterThan(0);
      expect(books.candleLines.length).toBeGreaterThan(0);
    } finally {
      books.close();
    }
  });
});
