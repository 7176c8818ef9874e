import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { eventually, HopelessError } from './app-process';
import type { NetworkLink } from './network-link';
import { reservePortBlock, type PortBlock } from './port-block';

const SCRIPT = resolve(process.env['SMOKE_ROOT'] ?? resolve(__dirname, '../..'), 'scripts/kafka.mjs');

/** A broker that is already there (`KAFKA_BOOTSTRAP_SERVERS`), for machines without Java; it cannot be killed. */
export const EXTERNAL_BROKER = process.env['KAFKA_BOOTSTRAP_SERVERS'] ?? '';

/** Why no broker of the tests' own can be had here; undefined when one can. */
export const NO_OWN_BROKER =
  EXTERNAL_BROKER === '' ? whyNoJars() : 'KAFKA_BOOTSTRAP_SERVERS names a broker that may not be killed';

/** Longest time that an orderly stop may take, on a machine that is busy with other suites. */
const STOP_LIMIT_MS = 120_000;

/** This process has clients of its own to answer for while a command runs. */
const run = promisify(execFile);

function whyNoJars(): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, 'have'], { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim();
}

export interface TopicOptions {
  readonly partitions?: number;
  /** Settings of the topic; `max.message.bytes` lets messages in that the broker's default of 1 MB refuses. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface OwnBroker {
  readonly block: PortBlock;
  readonly folder: string;
  readonly settings: readonly string[];
  readonly jvm: readonly string[];
}

/**
 * A real Apache Kafka broker, one node in KRaft mode. Its address stays the same while it is stopped, killed and started
 * again, on the same data or on none. Topics are never made by a client that mentions their name.
 */
export class KafkaBroker {
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    /** `host:port`, as in `KAFKA_BOOTSTRAP_SERVERS`. */
    readonly bootstrap: string,
    private readonly own?: OwnBroker,
  ) {}

  /**
   * A broker that answers.
   * @param settings - broker settings beside those of `make up`, for example `message.max.bytes`
   * @param fullSpeed - for measurements: takes longer to start and moves more once it is warm
   * @param link - by which every client reaches the broker
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    { fullSpeed = false, link }: { readonly fullSpeed?: boolean; readonly link?: NetworkLink } = {},
  ): Promise<KafkaBroker> {
    if (EXTERNAL_BROKER !== '') return new KafkaBroker(EXTERNAL_BROKER);
    const block = await reservePortBlock();
    const address = `127.0.0.1:${link?.port ?? block.ports[0]}`;
    link?.leadTo(block.ports[0]);
    const all = { ...settings, 'advertised.listeners': `PLAINTEXT://${address}` };
    const broker = new KafkaBroker(address, {
      block,
      folder: mkdtempSync(join(tmpdir(), 'csp-kafka-')),
      settings: Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
      jvm: fullSpeed ? [] : ['-XX:TieredStopAtLevel=1'],
    });
    await broker.startAgain();
    return broker;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the broker that was stopped or killed, and waits until it answers. */
  async startAgain({ emptyVolume = false } = {}): Promise<void> {
    await this.launch({ emptyVolume });
    await this.untilReady();
  }

  /** Starts the broker that was stopped or killed, without waiting for it. */
  async launch({ emptyVolume = false } = {}): Promise<void> {
    const { block, folder, settings, jvm } = this.mustBeOwn();
    if (this.isRunning) throw new Error('the broker is running');
    if (emptyVolume) rmSync(join(folder, 'log'), { recursive: true });
    const port = String(block.ports[0]);
    const { stdout } = await run(process.execPath, [
      SCRIPT,
      'prepare',
      '--folder',
      folder,
      '--port',
      port,
      ...settings,
    ]);
    const { command, args } = JSON.parse(stdout) as { command: string; args: string[] };
    const child = spawn(command, [...jvm, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    const collect = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    endWithThisProcess(child);
    this.child = child;
  }

  /** Waits until the broker answers a metadata request; fails at once when it has ended. */
  async untilReady(): Promise<void> {
    await eventually('the broker answers', async () => {
      if (this.own && !this.isRunning) throw new HopelessError(`the broker has ended:\n${this.output.slice(-2_000)}`);
      const { brokers } = await this.asAdmin((admin) => admin.describeCluster());
      return brokers.length > 0 ? true : undefined;
    });
  }

  /** Ends the broker as an operator does. */
  async stop(): Promise<void> {
    this.resume();
    await this.end('SIGTERM');
  }

  /** Ends the broker at once: nothing is flushed, no client is told. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** The broker keeps its connections and does nothing (SIGSTOP). */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Ends an own broker and removes its data; an external one is left as it is. */
  async close(): Promise<void> {
    if (!this.own) return;
    if (this.isRunning) await this.kill();
    this.own.block.release();
    rmSync(this.own.folder, { recursive: true, force: true });
  }

  /**
   * A client of kafkajs that logs nothing.
   * @param retries - how often a request is tried again. A consumer needs some: without a retry it stops for good when
   * the group's coordinator is still loading, as it is just after a start.
   */
  client(retries = 10): Kafka {
    return new Kafka({
      clientId: 'csp-test',
      brokers: this.bootstrap.split(','),
      connectionTimeout: 2_000,
      requestTimeout: 10_000,
      retry: { retries },
      logLevel: logLevel.NOTHING,
    });
  }

  /** Asks as administrator, once: a broker that is away is an error at once. */
  async asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.client(0).admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Makes a topic and waits until each of its partitions has a leader: a busy broker shows it only some time later. */
  async createTopic(topic: string, { partitions = 1, settings = {} }: TopicOptions = {}): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.asAdmin((admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }], waitForLeaders: false }),
    );
    await this.endsOf(topic);
  }

  /** Deletes those of the topics that are there, and waits until the broker has them no more. Nobody makes them again. */
  async deleteTopics(...topics: readonly string[]): Promise<void> {
    await eventually(`${topics.join(' and ')} are gone`, () =>
      this.asAdmin(async (admin) => {
        const present = (await admin.listTopics()).filter((topic) => topics.includes(topic));
        if (present.length === 0) return true;
        await admin.deleteTopics({ topics: present });
        return undefined;
      }),
    );
  }

  /** First offset and end of each partition, once all of them have a leader: just after a start they may have none. */
  endsOf(topic: string): ReturnType<Admin['fetchTopicOffsets']> {
    return eventually(`${topic} tells its ends`, () => this.asAdmin((admin) => admin.fetchTopicOffsets(topic)));
  }

  /** Messages that were ever put into a topic. */
  async messagesIn(topic: string): Promise<number> {
    return (await this.endsOf(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.child!, 'exit').then(() => true);
    this.signal(signal);
    const timeout = new AbortController();
    const inTime = await Promise.race([ended, delay(STOP_LIMIT_MS, false, { signal: timeout.signal })]);
    timeout.abort();
    if (!inTime) {
      this.signal('SIGKILL');
      throw new Error(`the broker did not end within ${STOP_LIMIT_MS} ms of ${signal}:\n${this.output.slice(-2_000)}`);
    }
  }

  private signal(signal: NodeJS.Signals): void {
    this.mustBeOwn();
    this.child?.kill(signal);
  }

  private mustBeOwn(): NonNullable<KafkaBroker['own']> {
    if (!this.own) throw new Error(NO_OWN_BROKER);
    return this.own;
  }
}

/** A broker outlives a jest worker that is killed, unless somebody sees the pipe break: this shell does. */
function endWithThisProcess(child: ChildProcess): void {
  const watch = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$1" 2>/dev/null', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  child.once('exit', () => watch.kill('SIGKILL'));
}
