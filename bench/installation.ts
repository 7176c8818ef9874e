import { join, resolve } from 'node:path';
import {
  eventually,
  freePort,
  ProcessGroup,
  type AppName,
  type AppOptions,
  type AppProcess,
} from '../test/support/app-process';
import { getText } from '../test/support/http';
import { databasePath, rawDir } from './workspace';

interface Health {
  readonly processes: Readonly<
    Record<string, { readonly status?: { readonly backfill?: { readonly state: string } } }>
  >;
}

/** The apps of one installation in a folder, against one exchange, with limits raised and nothing else changed. */
export class Installation {
  constructor(
    private readonly group: ProcessGroup,
    private readonly folder: string,
    private readonly exchangeUrl: string,
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {}

  /** Starts the app; its output goes nowhere, as with any service whose log is read by another program. */
  async launch(
    name: AppName,
    options: Pick<AppOptions, 'nodeFlags'> = {},
  ): Promise<{ readonly process: AppProcess; readonly url: string }> {
    const port = await freePort();
    const process = this.group.start(name, {
      ...options,
      cwd: this.folder,
      discardOutput: true,
      env: await this.environment(port),
    });
    return { process, url: `http://127.0.0.1:${port}` };
  }

  /**
   * Runs a command of the command line program to its end.
   * @throws Error when it ends with anything but 0
   */
  async command(...args: string[]): Promise<void> {
    const process = this.group.start('cli', { cwd: this.folder, args, env: await this.environment(await freePort()) });
    const code = await process.exited();
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${process.output.trim()}`);
  }

  private async environment(port: number): Promise<Readonly<Record<string, string>>> {
    return {
      BROKER_MODE: 'direct',
      BINANCE_REST_URLS: this.exchangeUrl,
      STORAGE_PATH: databasePath(this.folder),
      RAW_DIR: rawDir(this.folder),
      INGEST_STATE_DIR: join(this.folder, 'ingest'),
      HOST: '127.0.0.1',
      PORT: String(port),
      INGEST_URL: `http://127.0.0.1:${await freePort()}`,
      THROTTLE_LIMIT: '100000000',
      ...this.settings,
    };
  }

  /** Captures until the first backfill is through, then stops: a store with its whole history. */
  async fill(): Promise<void> {
    const { process, url } = await this.launch('standalone-app');
    await process.answers(`${url}/readyz`);
    await eventually('the first backfill is through', () => backfillDone(url), 600_000, 500);
    await process.stop();
  }
}

/** True when the standalone app at the address has its first history, undefined until then. */
export async function backfillDone(url: string): Promise<true | undefined> {
  // Tests hold each reason against docs/health.md, which is not where this is compiled to.
  const { processes } = JSON.parse(await getText(`${url}/health`)) as Health;
  return processes['standalone']?.status?.backfill?.state === 'done' ? true : undefined;
}

/** Runs a simulated exchange, on the simulator's own terms but for the request weight, while the work runs. */
export async function withExchange<T>(work: (group: ProcessGroup, exchangeUrl: string) => Promise<T>): Promise<T> {
  const group = new ProcessGroup();
  try {
    const port = await freePort();
    const simulator = group.start('exchange-simulator', {
      args: ['--port', String(port), '--weight-limit', '1000000'],
      discardOutput: true,
    });
    const url = `http://127.0.0.1:${port}`;
    await simulator.answers(`${url}/livez`);
    return await work(group, url);
  } finally {
    await group.stopAll();
  }
}

/** A compiled file beside this one. */
export function compiledFile(name: string): string {
  return resolve(__dirname, `${name}.js`);
}
