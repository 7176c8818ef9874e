import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Node cannot set the size of a receive buffer. */
const SCRIPT = `
  use IO::Socket::INET; use Socket; $| = 1;
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
  setsockopt($socket, SOL_SOCKET, SO_RCVBUF, pack('l', 2048)) or die $!;
  connect($socket, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die $!;
  local $/; my $text = <STDIN>;
  print "connected\\n";
  syswrite($socket, $text); sleep;`;

/** A connection with a receive buffer of 2 kB that sends and never reads, in a process of its own. */
export class NarrowSocket {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it is connected and sends. */
  static async open(url: string, text: string): Promise<NarrowSocket> {
    const { hostname, port } = new URL(url);
    const child = spawn('perl', ['-e', SCRIPT, hostname, port], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = once(child, 'exit').then(() => {
      throw new Error('perl could not connect');
    });
    failed.catch(() => undefined);
    child.stdin.end(text);
    await Promise.race([once(child.stdout, 'data'), failed]);
    return new NarrowSocket(child);
  }

  async disconnect(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
