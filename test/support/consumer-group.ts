import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePriceEvent } from '@app/domain';
import type { Producer } from 'kafkajs';
import { AppProcess, eventually } from './app-process';
import { priceLine } from './events';
import { getJson } from './http';
import { KafkaBroker } from './kafka-broker';
import { isWriteLocked } from './lock-holder';
import { PortSupply } from './port-block';
import { rawRequest } from './raw-request';
import { everythingTaken } from './sink-progress';
import { StoreBooks } from './store-books';
import { askStore } from './stored-history';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT', 'BNBUSDT'];

interface ConsumerHealth {
  readonly consumer: {
    readonly state: string;
    readonly lag: number;
    readonly taken: number;
    readonly rebalances: number;
    readonly retries: number;
    readonly repeats: number;
    readonly dead_letters: number;
    readonly last_commit_at: string | null;
    readonly partitions: readonly { readonly topic: string; readonly lag: number | null }[];
  };
}

/** Whether every thread of a process stands still: one that is in a system call does so when that returns. */
function standsStill(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  // No such folder outside Linux.
  if (!existsSync(tasks)) return true;
  return readdirSync(tasks).every((task) => / T /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')));
}

/** A consumer-app as a process, with the address of its probes. */
export class ConsumerProcess {
  constructor(
    readonly app: AppProcess,
    readonly url: string,
  ) {}

  health(): Promise<ConsumerHealth> {
    return getJson<ConsumerHealth>(`${this.url}/health`);
  }

  /** Waits until it answers. */
  async up(): Promise<void> {
    await this.app.answers(`${this.url}/livez`);
  }

  /** Waits until it is not ready, for a reason that it gives. */
  async notReady(reason = ''): Promise<void> {
    await eventually(`${this.url} is not ready ${reason}`, async () => {
      const { status, body } = await rawRequest(`${this.url}/readyz`);
      return status === 503 && body.includes(reason) ? true : undefined;
    });
  }

  /** Waits until it has taken messages of at least one of its partitions. */
  async taking(): Promise<void> {
    await eventually(`${this.url} takes what comes`, async () => {
      const { consumer } = await this.health();
      return consumer.taken > 0 ? true : undefined;
    });
  }

  /** Waits until it is a member of the group with at least one partition. */
  async joined(): Promise<void> {
    await eventually(`${this.url} has joined`, async () => {
      const { consumer } = await this.health();
      return consumer.state === 'running' && consumer.partitions.length > 0 ? true : undefined;
    });
  }
}

/** Consumers on one store, fed by price events that this process sends. */
export class ConsumerGroup {
  readonly folder = mkdtempSync(join(tmpdir(), 'csp-group-'));
  /** Topic and group of its own, so that many groups can share a broker. */
  readonly topic = `prices-${randomUUID()}`;
  readonly paths = {
    databasePath: join(this.folder, 'app.db'),
    rawDir: join(this.folder, 'raw'),
    pricesTopic: this.topic,
  };
  readonly sent: string[] = [];
  private readonly groupId = `group-of-${this.topic}`;
  private readonly ports = new PortSupply();
  private readonly started: AppProcess[] = [];
  private readonly members: ConsumerProcess[] = [];
  private producer: Producer | undefined;
  private feeding: Promise<void> | undefined;
  private isFeeding = false;

  /** `rows` false: the consumers keep bronze only. */
  constructor(
    private readonly broker: KafkaBroker,
    private readonly rows: boolean,
  ) {}

  /** Starts one more consumer without waiting for it. */
  async launch(groupId = this.groupId): Promise<ConsumerProcess> {
    const port = await this.ports.next();
    const app = AppProcess.start('consumer-app', {
      env: {
        BROKER_MODE: 'kafka',
        KAFKA_BOOTSTRAP_SERVERS: this.broker.bootstrap,
        TOPIC_NAME: this.topic,
        TOPIC_PARTITIONS: '4',
        CONSUMER_GROUP_ID: groupId,
        ENABLE_DB_SINK: String(this.rows),
        STORAGE_PATH: this.paths.databasePath,
        RAW_DIR: this.paths.rawDir,
        HOST: '127.0.0.1',
        CONSUMER_PORT: String(port),
        // Nobody answers there: the history has nothing to be fetched from, and the consumer must not care.
        BINANCE_REST_URLS: 'http://127.0.0.1:1',
        CAPTURE: 'tickers',
      },
    });
    this.started.push(app);
    const member = new ConsumerProcess(app, `http://127.0.0.1:${port}`);
    this.members.push(member);
    return member;
  }

  async start(): Promise<ConsumerProcess> {
    const consumer = await this.launch();
    await consumer.joined();
    return consumer;
  }

  /** Consumers that say in the store how they do. */
  instances(): Promise<string[]> {
    return askStore(this.paths, async ({ status }) => (await status.processes()).map(({ process }) => process));
  }

  /** Waits until the group shares out its partitions anew, as it does while a member joins, or has done so already. */
  async joining(member: ConsumerProcess): Promise<void> {
    await member.up();
    await eventually('the group is rebalancing', async () => {
      const { consumer } = await member.health();
      if (consumer.partitions.length > 0) return true;
      const [group] = await this.broker.asAdmin(async (admin) => {
        // Loads what the client must know of the broker first.
        await admin.fetchTopicOffsets(this.topic);
        return (await admin.describeGroups([this.groupId])).groups;
      });
      return group?.state.endsWith('Rebalance') ? true : undefined;
    });
  }

  /** Makes the consumer stand still (SIGSTOP) at a moment at which it holds the write lock of the store, or does not. */
  async standStill({ app }: ConsumerProcess, inTransaction: boolean): Promise<void> {
    await eventually(`${app.pid} stands still ${inTransaction ? 'inside' : 'outside'} a transaction`, async () => {
      app.signal('SIGSTOP');
      await eventually(
        `${app.pid} is stopped`,
        () => Promise.resolve(standsStill(app.pid) ? true : undefined),
        60_000,
        5,
      );
      if (isWriteLocked(this.paths.databasePath) === inTransaction) return true;
      app.signal('SIGCONT');
      return undefined;
    });
  }

  /** Sends polls of six symbols until told to stop, each with the times that follow the last one. */
  async feed(): Promise<void> {
    const producer = this.broker
      .client()
      .producer({ allowAutoTopicCreation: false, idempotent: true, retry: { retries: 10 } });
    await producer.connect();
    this.producer = producer;
    this.isFeeding = true;
    this.feeding = this.feedUntilStopped(producer);
  }

  /** Sends, among what is fed, a message that nobody can take. */
  async poison(): Promise<void> {
    await this.producer?.send({ topic: this.topic, acks: -1, messages: [{ key: 'BTCUSDT', value: 'not JSON' }] });
  }

  async stopFeeding(): Promise<void> {
    this.isFeeding = false;
    await this.feeding;
    await this.producer?.disconnect();
  }

  /** Dead letters of what was sent. */
  deadLetters(): Promise<number> {
    return this.broker.messagesIn(`${this.topic}.dlq`);
  }

  /** Waits until the store has passed the ends of all partitions. */
  async everythingTaken(): Promise<void> {
    await everythingTaken(this.broker, this.paths.databasePath, [this.topic]).catch(async (error: unknown) => {
      for (const { url } of this.members) {
        const answer = await fetch(`${url}/health`).then((response) => response.text(), String);
        process.stderr.write(`${url}: ${answer}\n`);
      }
      const outputs = this.started.map(({ pid, output }) => `consumer ${pid}:\n${output.slice(-4_000)}`);
      throw new Error(`not everything was taken\n${outputs.join('\n')}`, { cause: error });
    });
  }

  /** What is wrong in the store, in words: against itself, and against what was sent. */
  problems(): string[] {
    const books = new StoreBooks(this.paths);
    try {
      const stored = new Map<string, string[]>();
      for (const line of books.priceLines) {
        const { symbol } = parsePriceEvent(line);
        const lines = stored.get(symbol) ?? [];
        stored.set(symbol, lines);
        lines.push(line);
      }
      return [
        ...(this.rows ? books.problems() : books.unsettledFiles),
        ...SYMBOLS.filter((symbol) => {
          const sent = this.sent.filter((line) => line.includes(`"${symbol}"`));
          return sent.join('\n') !== (stored.get(symbol) ?? []).join('\n');
        }).map((symbol) => `${symbol}: what is stored is not what was sent`),
      ];
    } finally {
      books.close();
    }
  }

  async close(): Promise<void> {
    await this.stopFeeding();
    for (const app of this.started) {
      if (!app.isRunning) continue;
      app.signal('SIGCONT');
      await app.stop('SIGKILL');
    }
    this.ports.release();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async feedUntilStopped(producer: Producer): Promise<void> {
    for (let number = 0; this.isFeeding; number += 1) {
      const lines = SYMBOLS.map((symbol) => priceLine(number, symbol));
      const messages = SYMBOLS.map((key, index) => ({ key, value: lines[index] ?? '' }));
      await producer.send({ topic: this.topic, acks: -1, messages });
      this.sent.push(...lines);
      await delay(10);
    }
  }
}

/** For a suite: one broker for all of its tests, and groups that are closed when the test that opened them ends. */
export function consumerGroups(): { readonly open: (rows?: boolean) => ConsumerGroup } {
  let broker: KafkaBroker;
  const opened: ConsumerGroup[] = [];

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  });

  afterAll(() => broker.close());

  afterEach(async () => {
    for (const group of opened.splice(0)) await group.close();
  });

  return {
    open: (rows = true) => {
      const group = new ConsumerGroup(broker, rows);
      opened.push(group);
      return group;
    },
  };
}
