import { CANDLES_TOPIC, DAY, MINUTE, parseCandle, parsePriceEvent } from '@app/domain';
import { eventually, type AppName, type AppProcess } from './app-process';
import { ExchangeWitness, pollContents, type PollContents } from './exchange-witness';
import { getJson, getText } from './http';
import { KafkaBroker } from './kafka-broker';
import { NetworkLink } from './network-link';
import { NOTICE_LIMIT_MS, readiness, type Readiness } from './readiness';
import { everythingTaken, sinkProgress } from './sink-progress';
import { spooledEvents } from './spooled-events';
import { Stack, marketAt } from './stack';
import { StoreBooks } from './store-books';
import { storedMinutes } from './stored-history';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'PEPEUSDT', '币安人生USDT'];
/** Market seconds per real second: a poll every 50 ms and a market minute each second. */
const CLOCK_FACTOR = 60;
const POLL_INTERVAL_SECONDS = 3;
const TOPICS = ['crypto_prices', CANDLES_TOPIC];
/** A minute before midnight in real time: as much as a slow machine needs until everything is up. */
const MARKET_START = new Date('2026-11-20T23:00:00Z');
const MIDNIGHT = Date.parse('2026-11-21');
/** After a cut of minutes, on a slow machine. */
const BACKLOG_LIMIT_MS = 600_000;

/** The processes of the pipeline that a test may strike. */
export type PipelineApp = Extract<AppName, 'ingest-app' | 'consumer-app'>;

/** In the order in which they are started. */
const PIPELINE_APPS: readonly PipelineApp[] = ['consumer-app', 'ingest-app'];

interface PublisherHealth {
  readonly capture: { readonly publisher: { readonly waiting_events: number; readonly lost: readonly unknown[] } };
}

interface ProcessHealth {
  readonly status: string;
  readonly reasons: readonly string[];
}

interface Kline {
  readonly openTime: number;
  readonly numbers: string;
}

/**
 * Exchange, ingest-app, broker and consumer-app as processes, under the load of a fast market before midnight, with a
 * witness of everything the exchange said in between.
 */
export class KafkaPipeline {
  readonly stack: Stack;
  /** Polls answered before each kill of ingest-app. */
  private readonly pollsAtKills: number[] = [];
  private readonly apps = new Map<PipelineApp, AppProcess>();

  private constructor(
    readonly broker: KafkaBroker,
    /** By which all of them reach the broker. */
    readonly link: NetworkLink,
    private readonly simulator: Stack,
    private readonly witness: ExchangeWitness,
  ) {
    this.stack = new Stack({
      BROKER_MODE: 'kafka',
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      TOPIC_PARTITIONS: '3',
      SYMBOLS: SYMBOLS.join(','),
      CLOCK: 'simulator',
      POLL_INTERVAL_SECONDS: String(POLL_INTERVAL_SECONDS),
      BACKFILL_DAYS: '1',
    });
    this.stack.exchangeUrl = witness.url;
  }

  /** @param market - market time at the start */
  static async start(market = MARKET_START): Promise<KafkaPipeline> {
    const link = await NetworkLink.start();
    const broker = await KafkaBroker.start({}, { link });
    const simulator = new Stack();
    const origin = marketAt(market);
    const { url } = await simulator.startSimulator([
      ...['--clock-origin', origin, '--clock-factor', String(CLOCK_FACTOR), '--weight-limit', '1000000'],
    ]);
    return new KafkaPipeline(broker, link, simulator, await ExchangeWitness.start(url));
  }

  async launch(name: PipelineApp): Promise<AppProcess> {
    // The witness sees ingest-app alone, so that it can tell when nothing of a dead one is under way.
    const past = { BINANCE_REST_URLS: this.simulator.exchangeUrl };
    const app = await this.stack.launch(name, name === 'ingest-app' ? {} : past);
    this.apps.set(name, app);
    return app;
  }

  /** Starts both processes, and waits until they do their work. */
  async launchBoth(): Promise<void> {
    for (const name of PIPELINE_APPS) await this.launch(name);
    for (const name of PIPELINE_APPS) await this.isWell(name);
    await this.moreTaken();
  }

  app(name: PipelineApp): AppProcess {
    const app = this.apps.get(name);
    if (!app) throw new Error(`${name} was never started`);
    return app;
  }

  /** Kills a process; for ingest-app, notes which poll may have been in its hands. */
  async kill(name: PipelineApp): Promise<void> {
    const app = this.app(name);
    app.signal('SIGKILL');
    await app.exited();
    if (name !== 'ingest-app') return;
    await this.witness.deserted();
    this.pollsAtKills.push(this.witness.answered.length);
  }

  get kills(): number {
    return this.pollsAtKills.length;
  }

  /** Polls that the exchange has answered. */
  get pollsAnswered(): number {
    return this.witness.answered.length;
  }

  /** Waits until the exchange has answered so many polls more. */
  async morePolls(count: number): Promise<void> {
    const goal = this.pollsAnswered + count;
    await eventually(`${count} more polls`, () => Promise.resolve(this.pollsAnswered >= goal ? true : undefined));
  }

  /** Waits until `/health` of a process gives a reason. */
  async healthSays(name: AppName, reason: RegExp, limitMs?: number): Promise<void> {
    const isSaid = ({ reasons }: ProcessHealth): boolean => reasons.some((said) => reason.test(said));
    await this.healthIs(name, `says ${String(reason)}`, isSaid, limitMs);
  }

  /** Waits until a process is ready, or is not, or does either, and `/readyz` gives a reason. */
  async ready(name: PipelineApp, isReady: Readiness, reason: string | RegExp = '', limitMs?: number): Promise<void> {
    await readiness(await this.stack.urlOf(name), isReady, reason, limitMs);
  }

  /** Both `/readyz`, by which the process is then ready or not, and `/health` say in time what began, or ended, just now. */
  async tells(name: PipelineApp, isReady: Readiness, reason: string | RegExp, inHealth: RegExp): Promise<void> {
    await Promise.all([
      this.ready(name, isReady, reason, NOTICE_LIMIT_MS),
      this.healthSays(name, inHealth, NOTICE_LIMIT_MS),
    ]);
  }

  /** Waits until `/health` of a process has nothing to complain of. */
  async isWell(name: PipelineApp): Promise<void> {
    await this.healthIs(name, 'is well', ({ status }) => status === 'ok');
  }

  /** HTTP status of a probe. */
  async statusOf(name: PipelineApp, probe: 'livez' | 'readyz'): Promise<number> {
    return (await fetch(`${await this.stack.urlOf(name)}/${probe}`)).status;
  }

  /** Value of a metric of a process, summed over its labels. */
  async metric(name: PipelineApp, metric: string): Promise<number> {
    const text = await getText(`${await this.stack.urlOf(name)}/metrics`);
    const lines = text.split('\n').filter((line) => line.startsWith(metric));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  private async healthIs(
    name: AppName,
    what: string,
    isSo: (health: ProcessHealth) => boolean,
    limitMs?: number,
  ): Promise<void> {
    const url = `${await this.stack.urlOf(name)}/health`;
    const probe = async (): Promise<true> => {
      const health = await getJson<ProcessHealth>(url);
      if (isSo(health)) return true;
      throw new Error(health.reasons.join('\n'));
    };
    await eventually(`${name} ${what}`, probe, limitMs);
  }

  /** How far the store is in each partition. */
  progress(): ReturnType<typeof sinkProgress> {
    return sinkProgress(this.stack.databasePath);
  }

  /** Waits until the store has moved on. */
  async moreTaken(): Promise<void> {
    const before = sinkProgress(this.stack.databasePath);
    await eventually('the store takes something', () =>
      Promise.resolve(
        [...sinkProgress(this.stack.databasePath)].some(([key, next]) => next > (before.get(key) ?? 0))
          ? true
          : undefined,
      ),
    );
  }

  /** Waits until the market is past midnight; a fast machine may get there too soon. */
  async midnightPassed(): Promise<void> {
    await eventually('the market is past midnight', async () =>
      (await this.simulator.marketTime()) > MIDNIGHT + 600_000 ? true : undefined,
    );
  }

  /**
   * Ends ingest-app once the broker has everything that it captured, and nothing of it was given up. What it could not
   * hand on in the time that a stop has is handed on by another start.
   * @returns the exit codes
   */
  async finishIngest(): Promise<number[]> {
    const codes: number[] = [];
    do {
      if (codes.length > 0) await this.launch('ingest-app');
      await this.everythingPublished();
      codes.push(await this.app('ingest-app').stop());
    } while (spooledEvents(this.stack) > 0);
    return codes;
  }

  /**
   * Ends both processes in order, once all that the exchange sent is stored.
   * @returns what is wrong, in words: polls and minutes that are missing, doubled, out of order or dead letters
   */
  async finish(): Promise<string[]> {
    const codes = await this.finishIngest();
    await this.everythingTaken();
    await this.minutesJoined();
    const problems = (await this.deadLetters()) > 0 ? ['there are dead letters'] : [];
    codes.push(await this.app('consumer-app').stop());
    if (codes.some((code) => code !== 0)) problems.push(`exit codes ${codes.join()}`);
    const books = this.books();
    try {
      const polls = this.pollProblems(books);
      // The one that was in hand when ingest was ended may be missing.
      if (polls.missing > codes.length) problems.push(`${polls.missing} polls are missing`);
      problems.push(...books.problems(), ...polls.problems, ...(await this.candleProblems(books)));
    } finally {
      books.close();
    }
    return problems;
  }

  private async everythingPublished(): Promise<void> {
    const url = await this.stack.urlOf('ingest-app');
    await eventually(
      'nothing waits in the spool',
      async () => {
        const { capture } = await getJson<PublisherHealth>(`${url}/health`);
        if (capture.publisher.lost.length > 0) throw new Error('events were given up');
        return capture.publisher.waiting_events === 0 ? true : undefined;
      },
      BACKLOG_LIMIT_MS,
      200,
    );
  }

  /** Waits until the store has passed the ends of all partitions. */
  async everythingTaken(): Promise<void> {
    await everythingTaken(this.broker, this.stack.databasePath, TOPICS, BACKLOG_LIMIT_MS);
  }

  /** The first backfill may not have begun yet; what lies between it and live capture is fetched a minute later. */
  private async minutesJoined(): Promise<void> {
    const joined = async (): Promise<true | undefined> => (await isWhole(this.stack)) || undefined;
    await eventually('no minute is missing between others', joined, undefined, 500);
  }

  async deadLetters(): Promise<number> {
    const counts = await Promise.all(TOPICS.map((topic) => this.broker.messagesIn(`${topic}.dlq`)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The books of the store; nobody may write to it. */
  books(): StoreBooks {
    return new StoreBooks(this.stack);
  }

  /** Polls that the exchange answered and that are not stored, and stored ones that it never gave, in words. */
  pollProblems(books: StoreBooks): { readonly missing: number; readonly problems: readonly string[] } {
    const stored = storedPolls(books);
    const problems: string[] = [];
    const missing: number[] = [];
    let next = 0;
    for (const [index, answer] of this.witness.answered.entries()) {
      if (stored[next] === answer) next += 1;
      else missing.push(index);
    }
    if (next < stored.length) problems.push(`${stored.length - next} stored polls are not what the exchange sent`);
    const inHand = new Set(this.pollsAtKills.map((answered) => answered - 1));
    const lost = missing.filter((index) => !inHand.has(index));
    if (lost.length > 0)
      problems.push(`${lost.length} polls are missing that were not in hand at a kill: ${lost.join()}`);
    return { missing: missing.length, problems };
  }

  /** Minutes of the tables that are not the exchange's own or are missing in between, and lines out of their order. */
  async candleProblems(books: StoreBooks): Promise<string[]> {
    const problems: string[] = [];
    const lines = books.candleLines.map(parseCandle);
    for (const symbol of SYMBOLS) {
      // A start asks again for what came last: those lines repeat a minute, each a later capture of it.
      const captures = new Map<number, number>();
      let newest = -Infinity;
      const inOrder = lines
        .filter((line) => line.symbol === symbol)
        .every(({ openTime, capturedAt }) => {
          const before = captures.get(openTime);
          const isNext = before === undefined ? openTime > newest : capturedAt > before;
          captures.set(openTime, capturedAt);
          newest = Math.max(newest, openTime);
          return isNext;
        });
      if (!inOrder) {
        problems.push(`${symbol}: its candle lines are out of order`);
      }
      const stored = books.minutes(symbol);
      const [first, last] = [stored[0], stored.at(-1)];
      if (!first || !last) {
        problems.push(`${symbol} has no candles`);
        continue;
      }
      const own = await this.klines(symbol, first.openTime, last.openTime + 60_000);
      const known = new Map(stored.map(({ openTime, numbers }) => [openTime, numbers]));
      const wrong = own.filter(({ openTime, numbers }) => known.get(openTime) !== numbers);
      if (wrong.length > 0 || own.length !== stored.length) {
        const which = wrong.slice(0, 5).map(({ openTime }) => new Date(openTime).toISOString());
        problems.push(
          `${symbol}: ${wrong.length} of ${own.length} minutes are missing or wrong: ${which.join(', ')}; ` +
            `stored are those from ${new Date(first.openTime).toISOString()} to ${new Date(last.openTime).toISOString()}`,
        );
      }
    }
    return problems;
  }

  async close(): Promise<void> {
    for (const app of this.apps.values()) if (app.isRunning) app.signal('SIGCONT');
    await this.stack.close();
    await this.witness.close();
    await this.simulator.close();
    await this.broker.close();
    await this.link.close();
  }

  /** The exchange's own closed minutes, asked past the witness, [start, end) in epoch milliseconds. */
  private async klines(symbol: string, start: number, end: number): Promise<Kline[]> {
    const klines: Kline[] = [];
    for (let from = start; from < end;) {
      const query = `symbol=${encodeURIComponent(symbol)}&interval=1m&limit=1000&startTime=${from}&endTime=${end - 1}`;
      const rows = await getJson<(string | number)[][]>(`${this.simulator.exchangeUrl}/api/v3/klines?${query}`);
      if (rows.length === 0) break;
      klines.push(...rows.map(([openTime, ...rest]) => ({ openTime: Number(openTime), numbers: numbersOf(rest) })));
      from = (klines.at(-1)?.openTime ?? from) + 1;
    }
    return klines;
  }
}

/** Open, high, low, close, volume; quote volume, trades, taker volumes: what follows the open time, without its close. */
function numbersOf(fields: readonly (string | number)[]): string {
  return [...fields.slice(0, 5), ...fields.slice(6, 10)].join(' ');
}

/** Contents of the stored polls, oldest first. */
function storedPolls(books: StoreBooks): PollContents[] {
  const polls = new Map<number, ReturnType<typeof parsePriceEvent>[]>();
  for (const event of books.priceLines.map(parsePriceEvent)) {
    polls.set(event.timestamp, [...(polls.get(event.timestamp) ?? []), event]);
  }
  return [...polls].sort(([a], [b]) => a - b).map(([, events]) => pollContents(events));
}

/** Whether each symbol has all minutes of a day and more, one after the other: the first backfill is through then. */
async function isWhole(stack: Stack): Promise<boolean> {
  // A test may backfill others beside those that are captured.
  const minutes = await storedMinutes(stack, SYMBOLS);
  return SYMBOLS.every((symbol) => {
    const times = minutes.filter((minute) => minute.symbol === symbol).map(({ openTime }) => openTime);
    const length = (times.at(-1) ?? 0) - (times[0] ?? 0);
    return length > DAY && times.length > length / MINUTE;
  });
}
