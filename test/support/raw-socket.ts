import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './app-process';

/** A connection that sends what it is told, and reads only when it is told to. */
export class RawSocket {
  private readonly chunks: Buffer[] = [];
  /** Whether the other side has closed it; a socket that does not read is not told. */
  isClosed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.isClosed = true;
      });
    }
  }

  /** `reads`: whether it takes what comes; otherwise it does once it is told to. */
  static async open(url: string, reads = true): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    await once(socket, 'connect');
    const opened = new RawSocket(socket);
    if (!reads) socket.pause();
    return opened;
  }

  /** All that was read. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Says that nothing more will come, and goes on reading. */
  endSending(): void {
    this.socket.end();
  }

  read(): void {
    this.socket.resume();
  }

  /** Takes the next piece, and then no more. */
  async readPiece(): Promise<void> {
    const before = this.chunks.length;
    this.socket.once('data', () => this.socket.pause());
    this.socket.resume();
    await eventually('a piece is read', () =>
      Promise.resolve(this.chunks.length > before || this.isClosed || undefined),
    );
  }

  /** Goes away at once. */
  disconnect(): void {
    this.socket.destroy();
  }

  /** Waits until the other side has closed the connection. */
  async closed(): Promise<void> {
    this.socket.resume();
    await eventually('the connection is closed', () => Promise.resolve(this.isClosed || undefined));
  }

  /** Waits until what has come satisfies the pattern. */
  async receives(pattern: RegExp): Promise<RegExpMatchArray> {
    return eventually(`${String(pattern)} is received`, () => Promise.resolve(pattern.exec(this.text) ?? undefined));
  }

  /** Waits for so many answers; returns their statuses in order. */
  async statuses(count: number): Promise<number[]> {
    return eventually(`${count} answers are received`, () => {
      const found = [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      return Promise.resolve(found.length >= count ? found : undefined);
    });
  }
}

/** A request as it is sent. */
export function requestText(path: string, headers: Readonly<Record<string, string>> = {}, start = 'GET'): string {
  const lines = Object.entries({ Host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${start} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
