import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The Node that runs the apps, and the folder with `dist` and `node_modules`: another one to test what is shipped. */
const NODE = process.env['SMOKE_NODE'] ?? process.execPath;
const ROOT = process.env['SMOKE_ROOT'] ?? resolve(__dirname, '../..');

export type AppName = 'api-app' | 'cli' | 'consumer-app' | 'exchange-simulator' | 'ingest-app' | 'standalone-app';

export interface AppOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory; a `.env` in it is read. Default: the folder with `dist`. */
  readonly cwd?: string;
  /** Lets what the process says go, where collecting it would cost the one that measures. */
  readonly discardOutput?: boolean;
  /** Whether it leads a process group of its own, as what is started in a terminal does. */
  readonly group?: boolean;
  /** Whether the first of what it says on stdout is read and then no more, as by a reader that stands still. */
  readonly slowReader?: boolean;
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks again until the answer is not undefined; fails with the last error when it takes longer than the limit. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  limitMs = 60_000,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await delay(everyMs);
  }
  throw new Error(`gave up waiting until ${what}`, { cause: lastError });
}

/** One built app as a process of its own, as the README, the images and the make targets start it. */
export class AppProcess {
  output = '';

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    slowReader: boolean,
  ) {
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    if (slowReader) child.stdout?.once('data', () => child.stdout?.pause());
    child.stderr?.on('data', collect);
  }

  static start(name: AppName, options: AppOptions = {}): AppProcess {
    return AppProcess.run(name, [NODE, `dist/apps/${name}/src/main.js`], options);
  }

  /** Runs a command of which the second word is a file of the project. */
  static run(
    name: string,
    [command, file]: readonly [string, string],
    { args = [], env = {}, cwd = ROOT, group = false, discardOutput = false, slowReader = false }: AppOptions = {},
  ): AppProcess {
    const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
    const child = spawn(command, [resolve(ROOT, file), ...args], {
      cwd,
      env: { ...inherited, ...env },
      stdio: discardOutput ? 'ignore' : ['ignore', 'pipe', 'pipe'],
      detached: group,
    });
    return new AppProcess(name, child, slowReader);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Reads no more of what it says on stdout, as `head` does when it has enough. */
  closeOutput(): void {
    this.child.stdout?.destroy();
  }

  /** What Ctrl-C in a terminal does: every process of the group gets the signal. Only for one started as a group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Whether any process of its group is still there. */
  get groupIsAlive(): boolean {
    try {
      process.kill(-this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves with the exit code when the process has ended; -1 when a signal ended it. */
  async exited(limitMs = 20_000): Promise<number> {
    if (this.isRunning) {
      const timeout = new AbortController();
      await Promise.race([
        once(this.child, 'exit'),
        delay(limitMs, undefined, { signal: timeout.signal }).then(() => {
          throw new Error(`${this.name} did not end within ${limitMs} ms:\n${this.output.slice(-2_000)}`);
        }),
      ]).finally(() => {
        timeout.abort();
      });
    }
    return this.child.exitCode ?? -1;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    if (this.isRunning) this.signal(signal);
    return this.exited();
  }

  /** Waits until the address answers with the status; fails at once when the process has ended. */
  async answers(url: string, status = 200, limitMs = 60_000): Promise<void> {
    await eventually(
      `${this.name} answers ${url} with ${status}`,
      async () => {
        if (!this.isRunning) throw new Error(`${this.name} has ended:\n${this.output.slice(-2_000)}`);
        const response = await fetch(url);
        await response.arrayBuffer();
        return response.status === status ? true : undefined;
      },
      limitMs,
    );
  }
}

/** Ends every process that a test started, last started first. */
export class ProcessGroup {
  private readonly processes: AppProcess[] = [];

  start(name: AppName, options?: AppOptions): AppProcess {
    const process = AppProcess.start(name, options);
    this.processes.push(process);
    return process;
  }

  async stopAll(): Promise<void> {
    for (const process of this.processes.reverse()) if (process.isRunning) await process.stop('SIGKILL');
    this.processes.length = 0;
  }
}
