import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { isAborted } from '@app/domain';

/** What a command ends with where another process is at the same work. */
const BUSY_EXIT_CODE = 75;
/** It is to have what capture and readers leave. */
const PRIORITY = 10;
/** Its memory counts beside that of this process: its heap is kept small, at the cost of some of its time. */
const NODE_FLAGS = ['--max-semi-space-size=2', '--max-old-space-size=192'];
/** Of what it says, so much of the end is kept. */
const MOST_SAID = 4_096;
/** Time to end in order. */
const STOP_MS = 3_000;

/** How a command ended. */
export type CommandOutcome =
  | { readonly kind: 'made' | 'elsewhere' | 'stopped' }
  /** `reason` is for everybody, `said` for the log. */
  | { readonly kind: 'failed'; readonly reason: string; readonly said: string };

/**
 * Runs a command of the command line program, as a process of its own with this one's settings. When the signal is raised it
 * is ended, and leaves nothing; where this process is killed, it goes on to its end.
 *
 * @param script the command line program
 * @param command its command with arguments
 * @param maxSeconds by then it is taken to hang, as on a network folder that does not answer, and is ended
 */
export async function runCommand(
  script: string,
  command: readonly string[],
  maxSeconds: number,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  if (signal.aborted) return { kind: 'stopped' };
  const child = spawn(process.execPath, [...NODE_FLAGS, script, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  const { pid } = child;
  if (pid !== undefined) leaveRoomForOthers(pid);
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killing ??= setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  };
  const timeout = AbortSignal.timeout(maxSeconds * 1_000);
  timeout.addEventListener('abort', stop, { once: true });
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return { kind: 'made' };
    if (isAborted(signal)) return { kind: 'stopped' };
    if (code === BUSY_EXIT_CODE) return { kind: 'elsewhere' };
    if (isAborted(timeout)) return { kind: 'failed', reason: `it was ended after ${maxSeconds} s`, said: said.trim() };
    const reason = killedBy === null ? `it ended with ${String(code)}; the log says why` : `${killedBy} ended it`;
    return { kind: 'failed', reason, said: said.trim() };
  } catch (error) {
    return { kind: 'failed', reason: 'it could not be started; the log says why', said: (error as Error).message };
  } finally {
    timeout.removeEventListener('abort', stop);
    clearTimeout(killing);
    signal.removeEventListener('abort', stop);
  }
}

function leaveRoomForOthers(pid: number): void {
  try {
    setPriority(pid, PRIORITY);
  } catch {
    // It has ended already, and says so itself.
  }
}
