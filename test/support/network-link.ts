import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DeafPort } from './deaf-port';

/**
 * What a link does with what passes: everything; refuse and break connections (`cut`); take connections and let nothing
 * pass, until it is up again (`silent`); or let it pass so many milliseconds later.
 */
export type LinkState = 'up' | 'cut' | 'silent' | { readonly delayMs: number };

/** A TCP connection between two processes, that a test can cut, silence and slow down. */
export class NetworkLink {
  private readonly sockets = new Set<Socket>();
  private state: LinkState = 'up';
  private deaf: DeafPort | undefined;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private target: number,
  ) {
    server.on('connection', (socket) => {
      this.join(socket);
    });
  }

  /** A link to a port of this machine; to none until {@link leadTo} says which. */
  static async start(target = 0): Promise<NetworkLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new NetworkLink(server, (server.address() as AddressInfo).port, target);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  leadTo(port: number): void {
    this.target = port;
  }

  set(state: LinkState): void {
    this.state = state;
    for (const socket of this.sockets) {
      if (state === 'cut') socket.destroy();
      else if (state === 'silent') socket.pause();
      else socket.resume();
    }
  }

  /** From now on no packet passes: connections stand still, and requests for new ones are not even refused. */
  async lose(): Promise<void> {
    this.set('silent');
    this.server.close();
    this.deaf = await DeafPort.at(this.port);
  }

  /** Packets pass again. Connections that were there before are gone: who waited at their ends has given them up. */
  async find(): Promise<void> {
    await this.deaf?.close();
    this.deaf = undefined;
    for (const socket of this.sockets) socket.destroy();
    this.state = 'up';
    if (this.server.listening) return;
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    await this.deaf?.close();
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    if (this.state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.target, '127.0.0.1');
    this.pass(near, far);
    this.pass(far, near);
  }

  private pass(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    /** What came later must not overtake. */
    let passed = Promise.resolve();
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      void passed.then(() => to.destroy());
    });
    from.on('data', (bytes: Buffer) => {
      const due = performance.now() + (typeof this.state === 'string' ? 0 : this.state.delayMs);
      passed = passed.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await delay(wait);
        if (!to.destroyed) to.write(bytes);
      });
    });
    if (this.state === 'silent') from.pause();
  }
}
