import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CANDLES_TOPIC, MINUTE, parseCandle, parsePriceEvent, type MinuteCandle } from '@app/domain';
import { eventually, type AppProcess } from '../support/app-process';
import { describeOwnKafka } from '../support/describe-kafka';
import {
  FIXTURE_ANSWERS,
  FIXTURE_MARKET,
  fixtureBuild,
  fixtureRawFiles,
  unpackFixture,
  waitingEvents,
} from '../support/first-release';
import { readTables } from '../support/history-tables';
import { getJson, getText } from '../support/http';
import { KafkaBroker } from '../support/kafka-broker';
import { readTopic } from '../support/kafka-messages';
import { marketAt, Stack } from '../support/stack';
import { runCli } from '../support/run-cli';
import { newestMinutes } from '../support/stored-history';
import { StoreBooks } from '../support/store-books';

/** Days that were over when the first release answered. */
const LAST_DAY = '2026-03-15';
const RESTARTED_AT = new Date(Date.parse(FIXTURE_MARKET.left_at) + 300_000);

const SETTINGS = {
  SYMBOLS: FIXTURE_MARKET.symbols.join(','),
  CLOCK: 'simulator',
  BACKFILL_DAYS: '1',
  POLL_INTERVAL_SECONDS: '60',
};

interface Health {
  readonly processes: { readonly standalone: { readonly state: string; readonly detail: string } };
}

async function startExchange(stack: Stack): Promise<void> {
  const origin = marketAt(RESTARTED_AT);
  await stack.startSimulator(['--seed', FIXTURE_MARKET.seed, '--clock-origin', origin, '--clock-factor', '10']);
  await stack.setFaults(FIXTURE_MARKET.faults);
}

/** Rows of a table that are of days which were over. */
function closedRows(csv: string): string[] {
  const [header = '', ...rows] = csv.split('\r\n');
  return [header, ...rows.filter((row) => row !== '' && row < LAST_DAY)];
}

/** What the first release (0.1.0) left behind, taken over by this version. */
describe('an upgrade from the first release', () => {
  const stack = new Stack(SETTINGS);

  beforeAll(async () => {
    unpackFixture(stack.folder);
    await startExchange(stack);
    const app = await stack.start('standalone-app');
    const url = await stack.urlOf('standalone-app');
    await app.answers(`${url}/readyz`);
    await eventually('what waited is taken, and the time in between is filled', async () => {
      // What captured before was ingest-app, which is silent now.
      const { processes } = await getJson<Health>(`${url}/health`);
      if (processes.standalone.state !== 'ok') throw new Error(processes.standalone.detail);
      const newest = Math.max(...(await newestMinutes(stack)).values());
      return newest > RESTARTED_AT.getTime() * 1_000 + 2 * MINUTE || undefined;
    });
    expect(await app.stop()).toBe(0);
  });

  afterAll(async () => {
    await stack.close();
  });

  describe('what was there', () => {
    let api: AppProcess;
    let url: string;

    beforeAll(async () => {
      api = await stack.start('api-app');
      url = await stack.urlOf('api-app');
      await api.answers(`${url}/readyz`);
    });

    afterAll(async () => {
      expect(await api.stop()).toBe(0);
    });

    it.each(FIXTURE_ANSWERS.filter(([name]) => name.endsWith('.csv')))(
      'should be served with the same bytes: %s',
      async (_, question, answer) => {
        expect(closedRows(answer).length).toBeGreaterThan(1);
        expect(await getText(`${url}${question}`)).toBe(answer);
      },
    );

    it.each(FIXTURE_ANSWERS.filter(([name]) => name.endsWith('.json')))(
      'should be served with the same values in every field that there was: %s',
      async (_, question, answer) => {
        const [before, now] = [
          JSON.parse(answer) as { data: object[] },
          await getJson<{ data: object[] }>(`${url}${question}`),
        ];
        expect(before.data.length).toBeGreaterThan(0);
        expect(now.data).toHaveLength(before.data.length);
        expect(now.data).toMatchObject(before.data);
      },
    );
  });

  it('should leave every raw file as that release wrote it, and write behind it alone', () => {
    const files = fixtureRawFiles();
    expect([...files.keys()].filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(2);
    for (const [name, bytes] of files) {
      const now = readFileSync(join(stack.rawDir, name)).subarray(0, bytes.length);
      expect([name, now.equals(bytes)]).toEqual([name, true]);
    }
  });

  it('should take what waited in the spool, each event once', () => {
    const books = new StoreBooks(stack);
    try {
      expect(books.problems()).toEqual([]);
      const waited = waitingEvents('ingest');
      const prices = waited.filter(({ kind }) => kind === 'price').map(({ value }) => value);
      expect(prices.length).toBeGreaterThan(4);
      for (const value of prices) expect(books.priceLines.filter((line) => line === value)).toHaveLength(1);
      const candles = waited.filter(({ kind }) => kind === 'candle').map(({ value }) => parseCandle(value));
      expect(candles.length).toBeGreaterThan(4);
      for (const candle of candles) expect(numbersIn(books, candle)).toEqual([numbersOf(candle)]);
    } finally {
      books.close();
    }
  });

  it('should build the same rows, and prove them', async () => {
    const folder = join(stack.folder, 'build');
    expect(await runCli(stack, 'bi-build', '--out', folder)).toMatchObject({ code: 0 });
    const built = fixtureBuild();
    expect(built.size).toBeGreaterThan(4);
    for (const [name, csv] of built) {
      const now = readFileSync(join(folder, name), 'utf8');
      if (/^(daily|hourly)/.test(name)) expect([name, closedRows(now)]).toEqual([name, closedRows(csv)]);
      else expect([name, now.split('\r\n')[0]]).toEqual([name, csv.split('\r\n')[0]]);
    }
    expect(await runCli(stack, 'verify-bi', '--build', folder)).toMatchObject({ code: 0 });
  });

  it('should make the same database anew from the raw files', async () => {
    const before = readTables(stack.databasePath);
    const { code, output } = await runCli(stack, 'rebuild');
    expect([code, output]).toEqual([0, expect.stringMatching(/the database has been made anew\n$/)]);
    expect(readTables(stack.databasePath)).toEqual(before);
  });
});

describeOwnKafka('an upgrade from the first release with a broker', () => {
  let broker: KafkaBroker;
  let stack: Stack;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    stack = new Stack({ ...SETTINGS, BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap });
  });

  afterAll(async () => {
    await stack.close();
    await broker.close();
  });

  it('should send what waited, each event once, and go on at the minute where that release was', async () => {
    mkdirSync(stack.folder, { recursive: true });
    unpackFixture(stack.folder);
    await startExchange(stack);
    const app = await stack.start('ingest-app', { INGEST_STATE_DIR: join(stack.folder, 'kafka-ingest') });
    const url = await stack.urlOf('ingest-app');
    await app.answers(`${url}/readyz`);
    await eventually('nothing waits', async () => {
      const { capture } = await getJson<{ capture: { publisher: { waiting_events: number } } }>(`${url}/health`);
      return capture.publisher.waiting_events === 0 || undefined;
    });
    const since = RESTARTED_AT.getTime() * 1_000;
    const minutes = await eventually('minutes of today are in the topic', async () => {
      const sent = (await readTopic(broker, CANDLES_TOPIC)).map(({ value }) => parseCandle(value ?? ''));
      return sent.some(({ openTime }) => openTime > since) ? sent : undefined;
    });
    expect(await app.stop()).toBe(0);

    const prices = (await readTopic(broker, 'crypto_prices')).map(({ value }) => value ?? '');
    const waited = waitingEvents('kafka-ingest');
    const first = waited.filter(({ kind }) => kind === 'price').map(({ value }) => value);
    expect(first.length).toBeGreaterThan(4);
    for (const value of first) expect(prices.filter((sent) => sent === value)).toHaveLength(1);
    expect(new Set(prices.map((value) => parsePriceEvent(value).timestamp)).size).toBe(prices.length / 2);
    for (const symbol of FIXTURE_MARKET.symbols) {
      const times = [...new Set(minutes.filter((each) => each.symbol === symbol).map(({ openTime }) => openTime))];
      expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * MINUTE));
    }
  });
});

function numbersIn(books: StoreBooks, { symbol, openTime }: MinuteCandle): string[] {
  return books
    .minutes(symbol)
    .filter((minute) => minute.openTime * 1_000 === openTime)
    .map(({ numbers }) => numbers);
}

function numbersOf(candle: MinuteCandle): string {
  const { open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle;
  return [open, high, low, close, volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume].join(' ');
}
