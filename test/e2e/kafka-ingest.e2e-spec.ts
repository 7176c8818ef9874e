import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CANDLES_TOPIC } from '@app/domain';
import { eventually, type AppProcess } from '../support/app-process';
import { getJson } from '../support/http';
import { describeOwnKafka } from '../support/describe-kafka';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';
import { spooledEvents } from '../support/spooled-events';
import { Stack } from '../support/stack';

const MINUTE_MS = 60_000;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];

interface Health {
  readonly status: string;
  readonly broker: { readonly state: string };
  readonly capture: { readonly publisher: { readonly waiting_events: number; readonly lost: readonly unknown[] } };
}

/** ingest-app before a broker, as processes; each minute of the market lasts a second. */
describeOwnKafka('ingest-app with a broker', () => {
  let broker: KafkaBroker;
  let stack: Stack;
  let url: string;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  });

  afterAll(() => broker.close());

  beforeEach(async () => {
    stack = new Stack({
      BROKER_MODE: 'kafka',
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      TOPIC_PARTITIONS: '3',
      SYMBOLS: SYMBOLS.join(),
      CLOCK: 'simulator',
      POLL_INTERVAL_SECONDS: '20',
    });
    await stack.startSimulator(['--clock-factor', '60']);
    url = await stack.urlOf('ingest-app');
  });

  afterEach(async () => {
    await stack.close();
    if (!broker.isRunning) await broker.startAgain({ emptyVolume: true });
    else await broker.deleteTopics('crypto_prices', CANDLES_TOPIC);
  });

  const health = () => getJson<Health>(`${url}/health`);
  const waiting = async () => (await health()).capture.publisher.waiting_events;

  /** Distinct times of the messages of a symbol, in the order in which each came first. */
  async function firstTimes(topic: string, field: string, symbol: string): Promise<number[]> {
    const messages = (await readTopic(broker, topic)).filter(({ key }) => key === symbol);
    const times = messages.map(({ value }) => (JSON.parse(value ?? '{}') as Record<string, string>)[field] ?? '');
    return [...new Set(times)].map((time) => Date.parse(time));
  }

  async function minutes(symbol: string): Promise<number[]> {
    return firstTimes(CANDLES_TOPIC, 'open_time', symbol);
  }

  /** Waits until at least so many minutes of each symbol are in the topic. */
  async function captured(count: number): Promise<void> {
    await eventually(`${count} minutes are in the topic`, async () => {
      const lengths = await Promise.all(SYMBOLS.map(async (symbol) => (await minutes(symbol)).length));
      return Math.min(...lengths) >= count ? true : undefined;
    });
  }

  /** Every minute from the first to the last, each once at its first coming and in order. */
  async function expectUnbroken(): Promise<void> {
    for (const symbol of SYMBOLS) {
      const times = await minutes(symbol);
      expect(times).toEqual(times.map((_, index) => times[0]! + index * MINUTE_MS));
      const polls = await firstTimes('crypto_prices', 'timestamp_utc', symbol);
      expect(polls).toEqual([...polls].sort((a, b) => a - b));
    }
  }

  async function polled(): Promise<number> {
    const { requests } = await getJson<{ requests: Record<string, number> }>(`${stack.exchangeUrl}/_simulator/stats`);
    return requests['/api/v3/ticker/24hr'] ?? 0;
  }

  async function start(): Promise<AppProcess> {
    return stack.start('ingest-app');
  }

  /** Ends the app; what it could not hand on in the time that a stop has is handed on by another start. */
  async function finish(app: AppProcess): Promise<void> {
    expect(await app.stop()).toBe(0);
    while (spooledEvents(stack) > 0) {
      const again = await start();
      await eventually('nothing waits', async () => ((await waiting()) === 0 ? true : undefined));
      expect(await again.stop()).toBe(0);
    }
  }

  it('should capture before there is a broker, without a database, and send all of it (30)', async () => {
    await broker.kill();
    const app = await start();
    await eventually('events wait', async () => ((await waiting()) > 20 ? true : undefined));
    await app.answers(`${url}/readyz`, 503);
    await app.answers(`${url}/livez`);
    const { status } = await eventually('the broker is down', async () => {
      const answer = await health();
      return answer.broker.state === 'down' ? answer : undefined;
    });
    expect(status).toBe('degraded');
    await broker.startAgain();
    await app.answers(`${url}/readyz`);
    await captured(10);
    await expectUnbroken();
    expect(existsSync(stack.databasePath) || existsSync(stack.rawDir)).toBe(false);
    expect(await app.stop()).toBe(0);
    expect(readdirSync(join(stack.folder, 'ingest')).sort()).toEqual(['spool', 'state.json']);
  });

  it('should lose at most the poll in hand at each kill, and no minute', async () => {
    const kills = 3;
    for (let kill = 0; kill < kills; kill += 1) {
      const app = await start();
      await captured(5 * (kill + 1));
      await app.stop('SIGKILL');
    }
    const app = await start();
    await captured(5 * kills + 10);
    await finish(app);
    await expectUnbroken();
    const asked = await polled();
    for (const symbol of SYMBOLS) {
      const came = (await firstTimes('crypto_prices', 'timestamp_utc', symbol)).length;
      expect(asked - came).toBeLessThanOrEqual(kills);
    }
  });

  it('should end in time without a broker and send at the next start what it kept', async () => {
    const first = await start();
    await captured(3);
    await broker.kill();
    await eventually('events wait', async () => ((await waiting()) > 20 ? true : undefined));
    expect(await first.stop()).toBe(0);
    await broker.startAgain();
    const second = await start();
    await second.answers(`${url}/readyz`);
    await captured(10);
    await finish(second);
    await expectUnbroken();
    const asked = await polled();
    expect((await firstTimes('crypto_prices', 'timestamp_utc', 'BTCUSDT')).length).toBe(asked);
  });

  it('should refuse a folder that another process works in', async () => {
    await start();
    const second = await stack.launch('ingest-app', { INGEST_PORT: '0' });
    expect(await second.exited()).toBe(1);
    expect(second.output).toContain('one capturing process per INGEST_STATE_DIR');
  });
});
