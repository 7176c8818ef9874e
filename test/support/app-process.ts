import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rawRequest } from './raw-request';

/** The Node that runs the apps, and the folder with `dist` and `node_modules`: another one to test what is shipped. */
const NODE = process.env['SMOKE_NODE'] ?? process.execPath;
const ROOT = process.env['SMOKE_ROOT'] ?? resolve(__dirname, '../..');

export type AppName = 'api-app' | 'cli' | 'consumer-app' | 'exchange-simulator' | 'ingest-app' | 'standalone-app';

/**
 * How Node is started for what captures, here as by the npm scripts, the images and the demo (a test holds them together). By
 * itself V8 lets each half of the young generation grow to 16 MB while a process starts (more on Node 24), and keeps it while
 * there is anything to do; at 4 MB the standalone app takes 25 MB less. api-app, which has more room and nothing to do but
 * answer, is left as V8 has it: collecting four times as often costs an answer up to a tenth of its time.
 */
export const HEAP_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
/**
 * The same for commands. Days of minutes live for about as long as a smaller one takes to fill: they became old, and a large
 * import took 20 MB less with 8 MB or 4, but up to a fifth longer.
 */
export const COMMAND_HEAP_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
/** With what environment programs are started everywhere: of malloc's arenas, one for each thread, glibc gives nothing back. */
export const MEMORY_SETTINGS: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };
const FLAGS: Readonly<Partial<Record<AppName, readonly string[]>>> = {
  cli: COMMAND_HEAP_FLAGS,
  'ingest-app': HEAP_FLAGS,
  'standalone-app': HEAP_FLAGS,
};

export interface AppOptions {
  readonly args?: readonly string[];
  /** Options of Node itself; of an app: those that it is started with everywhere. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory; a `.env` in it is read. Default: the folder with `dist`. */
  readonly cwd?: string;
  /** Lets what the process says go, where collecting it would cost the one that measures. */
  readonly discardOutput?: boolean;
  /** File that what it says on stdout goes to, behind what is there. */
  readonly outputFile?: string;
  /** Whether it leads a process group of its own, as what is started in a terminal does. */
  readonly group?: boolean;
  /** A command that is followed by what it starts in its own place, with the same process id. */
  readonly wrapper?: readonly string[];
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

/**
 * Longest time for what a test waits for. It only bounds how long a failure takes: a machine that is slow, or busy with
 * other suites, needs a multiple of what a quiet one does.
 */
const PATIENCE_MS = 180_000;

/** What is waited for cannot come any more. */
export class HopelessError extends Error {}

/**
 * Asks again until the answer is not undefined; fails with the last error when it takes longer than the limit, and at
 * once with a {@link HopelessError}.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  limitMs = PATIENCE_MS,
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
      if (error instanceof HopelessError) throw error;
      lastError = error;
    }
    await delay(everyMs);
  }
  throw new Error(`gave up waiting until ${what}`, { cause: lastError });
}

/** One built app as a process of its own, as the README, the images and the make targets start it. */
export class AppProcess {
  output = '';
  /** Settles when the process has ended and all that it said is in `output`. */
  private readonly closed: Promise<unknown>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    slowReader: boolean,
  ) {
    const { stdout, stderr } = child;
    for (const stream of [stdout, stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    if (slowReader) stdout?.once('data', () => stdout.pause());
    this.closed = once(child, 'close');
    child.once('exit', () => stdout?.resume());
  }

  static start(name: AppName, options: AppOptions = {}): AppProcess {
    const nodeFlags = FLAGS[name] ?? [];
    return AppProcess.run(name, [NODE, `dist/apps/${name}/src/main.js`], { nodeFlags, ...options });
  }

  /** Runs a command of which the second word is a file of the project. */
  static run(
    name: string,
    [command, file]: readonly [string, string],
    {
      args = [],
      nodeFlags = [],
      env = {},
      cwd = ROOT,
      group = false,
      discardOutput = false,
      slowReader = false,
      wrapper = [],
      outputFile,
    }: AppOptions = {},
  ): AppProcess {
    const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
    const output = outputFile === undefined ? 'pipe' : openSync(outputFile, 'a');
    const [program = command, ...words] = [...wrapper, command, ...nodeFlags, resolve(ROOT, file), ...args];
    const child = spawn(program, words, {
      cwd,
      env: { ...inherited, ...MEMORY_SETTINGS, ...env },
      stdio: discardOutput ? 'ignore' : ['ignore', output, 'pipe'],
      detached: group,
    });
    if (typeof output === 'number') closeSync(output);
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

  /**
   * Resolves with the exit code when the process has ended and all its output is read; -1 when a signal ended it. An app
   * that stops in order ends itself with 1 when it takes too long: no test measures it.
   */
  async exited(limitMs = PATIENCE_MS): Promise<number> {
    const timeout = new AbortController();
    await Promise.race([
      this.closed,
      delay(limitMs, undefined, { signal: timeout.signal }).then(() => {
        throw new Error(`${this.name} did not end within ${limitMs} ms:\n${this.output.slice(-2_000)}`);
      }),
    ]).finally(() => {
      timeout.abort();
    });
    return this.child.exitCode ?? -1;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    if (this.isRunning) this.signal(signal);
    return this.exited();
  }

  /** Waits until the address answers with the status; fails at once when the process has ended. */
  async answers(url: string, status = 200): Promise<void> {
    const what = `${this.name} answers ${url} with ${status}`;
    await eventually(what, async () => {
      if (!this.isRunning) throw new HopelessError(`${this.name} has ended:\n${this.output.slice(-2_000)}`);
      const answer = await rawRequest(url);
      return answer.status === status ? true : undefined;
    });
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
