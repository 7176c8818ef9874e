import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { HopelessError, eventually, type AppProcess } from './app-process';

/** Why no calls of a process can be made to fail here; undefined when they can. */
const NO_STRACE = whyNoStrace();

/** `describe` for tests in which the system refuses calls of a process, or lets them wait; skipped by name, and said. */
export const describeHostFault = NO_STRACE === undefined ? describe : skipped();

function skipped(): jest.Describe {
  process.stderr.write(`SKIPPED: tests with failing calls of the system in this file: ${NO_STRACE}\n`);
  return describe.skip;
}

function whyNoStrace(): string | undefined {
  const inject = ['-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO'];
  const { status, error, stderr } = spawnSync('strace', ['-o', '/dev/null', ...inject, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}

/** What brings bytes from memory to the disk. */
const FLUSHES = ['fsync', 'fdatasync'];
/** What changes files and folders: of connections and of standard output, none. A machine has some of them only. */
const CHANGES = [
  ...['pwrite64', 'pwritev', 'pwritev2', 'ftruncate', 'fallocate', ...FLUSHES],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'mkdir', 'mkdirat', 'link', 'linkat'],
];

/** Calls of a running process that the system refuses, or lets wait, as long as it lasts. */
export class HostFault {
  private constructor(private readonly tracer: ChildProcess) {}

  /** Nothing can be changed on any disk, as when a file system was mounted read-only after an error. */
  static readOnlyDisk(app: AppProcess): Promise<HostFault> {
    return HostFault.begin(app, CHANGES, 'error=EROFS');
  }

  /** No flush succeeds, as on a disk that is about to die. */
  static failingFlush(app: AppProcess): Promise<HostFault> {
    return HostFault.begin(app, FLUSHES, 'error=EIO');
  }

  /** The next flush lasts so long. */
  static lastingFlush(app: AppProcess, seconds: number): Promise<HostFault> {
    return HostFault.begin(app, FLUSHES, `delay_enter=${seconds * 1_000_000}:when=1`);
  }

  private static async begin(app: AppProcess, calls: readonly string[], effect: string): Promise<HostFault> {
    const set = calls.map((call) => `?${call}`).join(',');
    const args = [
      '-f',
      '-p',
      String(app.pid),
      '-o',
      '/dev/null',
      '-e',
      `trace=${set}`,
      '-e',
      `inject=${set}:${effect}`,
    ];
    const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await eventually('strace has the process', () => {
      if (tracer.exitCode !== null) throw new HopelessError(said);
      return Promise.resolve(said.includes('attached') || undefined);
    });
    return new HostFault(tracer);
  }

  /** The system does again what it is asked. */
  async end(): Promise<void> {
    if (this.tracer.exitCode !== null || this.tracer.signalCode !== null) return;
    const ended = once(this.tracer, 'exit');
    this.tracer.kill('SIGINT');
    await ended;
  }
}

/** The numbers below it are those of the standard streams: what is open stays open, and nothing else is opened. */
const STANDARD_STREAMS = 3;

/** Gives a process no further file handle, or as many as it may have. Needs util-linux, which every Linux has. */
export function limitHandles(app: AppProcess, limit: 'none left' | 'unlimited'): void {
  const soft = limit === 'none left' ? STANDARD_STREAMS : 4_096;
  execFileSync('prlimit', ['--pid', String(app.pid), `--nofile=${soft}:`]);
}
