import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessGroup, type AppName, type AppOptions, type AppProcess } from './app-process';
import { getJson } from './http';
import { PortSupply } from './port-block';

/** A market time that coincides with a real time, for the simulator's `--clock-origin`. */
export function marketAt(market: Date, real: Date = new Date()): string {
  return `${market.toISOString()}@${real.toISOString()}`;
}

/** Apps that have a port of their own beside the one of the API. */
const PORT_NAMES: Partial<Record<AppName, string>> = { 'ingest-app': 'ingest', 'consumer-app': 'consumer' };

export interface SimulatorHandle {
  readonly url: string;
  readonly process: AppProcess;
}

/**
 * A folder with everything one installation keeps, and the processes that work on it: the exchange simulator and the
 * apps, each on a port of its own that stays the same when the process is started again.
 */
export class Stack {
  readonly databasePath: string;
  readonly rawDir: string;
  private readonly exchange = new ProcessGroup();
  private readonly processes = new ProcessGroup();
  private readonly ports = new Map<string, number>();
  private readonly supply = new PortSupply();
  exchangeUrl = 'http://127.0.0.1:1';

  constructor(
    /** Settings of the apps that differ from the defaults. */
    private readonly settings: Readonly<Record<string, string>> = {},
    readonly folder = mkdtempSync(join(tmpdir(), 'csp-stack-')),
  ) {
    this.databasePath = join(folder, 'app.db');
    this.rawDir = join(folder, 'raw');
  }

  async port(name: string): Promise<number> {
    const port = this.ports.get(name) ?? (await this.supply.next());
    this.ports.set(name, port);
    return port;
  }

  async startSimulator(args: readonly string[] = []): Promise<SimulatorHandle> {
    const port = await this.port('exchange-simulator');
    const url = `http://127.0.0.1:${port}`;
    this.exchangeUrl = url;
    const process = this.exchange.start('exchange-simulator', { args: ['--port', String(port), ...args] });
    await process.answers(`${url}/livez`);
    return { url, process };
  }

  /** Replaces all faults of the simulator. */
  async setFaults(faults: readonly object[]): Promise<void> {
    const response = await fetch(`${this.exchangeUrl}/_simulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    if (!response.ok) throw new Error(`faults: HTTP ${response.status}: ${await response.text()}`);
  }

  async environment(overrides: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
    const [api, ingest, consumer] = [await this.port('api'), await this.port('ingest'), await this.port('consumer')];
    return {
      BROKER_MODE: 'direct',
      BINANCE_REST_URLS: this.exchangeUrl,
      STORAGE_PATH: this.databasePath,
      RAW_DIR: this.rawDir,
      INGEST_STATE_DIR: join(this.folder, 'ingest'),
      BI_BUILD_DIR: join(this.folder, 'bi/build'),
      HOST: '127.0.0.1',
      PORT: String(api),
      INGEST_PORT: String(ingest),
      INGEST_URL: `http://127.0.0.1:${ingest}`,
      CONSUMER_PORT: String(consumer),
      CONSUMER_URL: `http://127.0.0.1:${consumer}`,
      THROTTLE_LIMIT: '1000000',
      ...this.settings,
      ...overrides,
    };
  }

  /** Starts an app without waiting for it. */
  async launch(
    name: AppName,
    overrides: Readonly<Record<string, string>> = {},
    args: readonly string[] = [],
    options: AppOptions = {},
  ): Promise<AppProcess> {
    return this.processes.start(name, { ...options, args, env: await this.environment(overrides) });
  }

  /** Starts an app in a folder with a `.env`, and nothing else in its environment. */
  launchIn(folder: string, name: AppName): AppProcess {
    return this.processes.start(name, { cwd: folder });
  }

  /** Starts an app and waits until it is alive. */
  async start(name: AppName, overrides: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const process = await this.launch(name, overrides);
    await process.answers(`${await this.urlOf(name)}/livez`);
    return process;
  }

  async urlOf(name: AppName): Promise<string> {
    return `http://127.0.0.1:${await this.port(PORT_NAMES[name] ?? 'api')}`;
  }

  /** Market time of the simulator, epoch milliseconds. */
  async marketTime(): Promise<number> {
    const { now } = await getJson<{ now: string }>(`${this.exchangeUrl}/_simulator/clock`);
    return Date.parse(now);
  }

  /** Kills the apps that are left, as those of a test that failed: the next test has its ports. */
  async stopApps(): Promise<void> {
    await this.processes.stopAll();
  }

  async close(): Promise<void> {
    await this.processes.stopAll();
    await this.exchange.stopAll();
    this.supply.release();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
