import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Listens, and then stands still: the kernel takes as many connections as the queue has room for, and leaves every further
 * request for one without an answer, as a network does that loses packets.
 */
const PROGRAM = `
  const [port] = process.argv.slice(1);
  require('node:net').createServer().listen({ port: Number(port), host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write('listening', () => process.kill(process.pid, 'SIGSTOP'));
  });
`;
/** More than a queue of that length takes. */
const FILLING = 8;

/** A port of this machine at which nobody answers a request for a connection. */
export class DeafPort {
  private constructor(
    private readonly child: ChildProcess,
    private readonly fillers: readonly Socket[],
  ) {}

  static async at(port: number): Promise<DeafPort> {
    const child = spawn(process.execPath, ['-e', PROGRAM, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`nobody can listen at ${port}`)));
    await Promise.race([once(child.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    const fillers = Array.from({ length: FILLING }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    return new DeafPort(child, fillers);
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    for (const filler of this.fillers) filler.destroy();
  }
}
