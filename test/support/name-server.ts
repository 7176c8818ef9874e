import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const PORT = 53;
const TYPE_A = 1;
const LOOPBACK = [127, 0, 0, 1] as const;

/** Why a process cannot be given a name server of the test's own; undefined when it can. */
const NO_NAME_SERVER = whyNoNameServer();

/** `describe` for tests with a name server of their own; skipped by name, and said, where there can be none. */
export const describeNameServer = NO_NAME_SERVER === undefined ? describe : skipped(NO_NAME_SERVER);

function skipped(reason: string): jest.Describe {
  process.stderr.write(`SKIPPED: tests with a name server of their own in this file: ${reason}\n`);
  return describe.skip;
}

/** Another `/etc/resolv.conf` for one process needs a mount namespace, and the port of name servers root. */
function whyNoNameServer(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root may take port 53';
  const { status, stderr, error } = spawnSync('unshare', ['-m', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}

/** A name server to which every name is one of this machine, and that can stop answering. Only for root. */
export class NameServer {
  isSilent = false;
  /** Questions so far, answered or not. */
  questions = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly address: string,
  ) {
    socket.on('message', (question, { port, address }) => {
      this.questions += 1;
      if (!this.isSilent) socket.send(answerTo(question), port, address);
    });
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4');
    // Several checkouts may run their tests at once; all of 127.0.0.0/8 is this machine.
    const address = `127.${[53, randomInt(1, 255), randomInt(1, 255)].join('.')}`;
    socket.bind(PORT, address);
    await once(socket, 'listening');
    return new NameServer(socket, address);
  }

  /** What `/etc/resolv.conf` has to say so that it is asked. */
  get resolvConf(): string {
    return `nameserver ${this.address}\n`;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

/** The question with its answer behind it: one address of version 4, and none of version 6. */
function answerTo(question: Buffer): Buffer {
  const nameEnd = question.indexOf(0, 12) + 1;
  const asked = question.subarray(0, nameEnd + 4);
  const isKnown = question.readUInt16BE(nameEnd) === TYPE_A;
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isKnown ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  if (!isKnown) return head;
  // A pointer to the name in the question, type, class, a second to live, and four bytes of address.
  return Buffer.concat([head, Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...LOOPBACK])]);
}
