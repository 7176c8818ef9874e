import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ForwardProxyOptions {
  readonly port?: number;
  /** `user:password`; whoever does not give them is answered 407. */
  readonly credentials?: string;
  /** Where `host:port` really is, as `address:port`; what is not in here does not resolve. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Answers every request with this status, or never with `silence`. */
  readonly refuse?: number | 'silence';
}

/** A small HTTP proxy as companies have them: tunnels by CONNECT, and forwards requests for whole `http://` addresses. */
export class ForwardProxy {
  /** What was asked of it, in order: `CONNECT host:port` or `GET http://…`; with 407 where it asked for credentials. */
  readonly asked: string[] = [];
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private options: ForwardProxyOptions,
  ) {
    server.on('connection', (socket) => {
      this.track(socket);
    });
    server.on('request', (incoming, outgoing) => {
      this.forward(incoming, outgoing);
    });
    server.on('connect', (incoming, socket, head) => {
      this.tunnel(incoming, socket, head);
    });
  }

  static async start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(createServer(), options);
    proxy.server.listen(options.port ?? 0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get label(): string {
    return `127.0.0.1:${this.port}`;
  }

  set(options: ForwardProxyOptions): void {
    this.options = options;
  }

  /** Connections that are open through it or to it. */
  get connections(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private track(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
  }

  /** The status with which it refuses; undefined when it does the work, and `silence` when it says nothing. */
  private verdict(incoming: IncomingMessage): number | 'silence' | undefined {
    const { credentials, refuse } = this.options;
    const given = incoming.headers['proxy-authorization'];
    const expected = credentials && `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
    const status = expected !== undefined && given !== expected ? 407 : refuse;
    this.asked.push(`${incoming.method} ${incoming.url}${status === 407 ? ' 407' : ''}`);
    return status;
  }

  private target(host: string): { host: string; port: number } | undefined {
    const [address = '', port = ''] = (this.options.hosts?.[host] ?? '').split(':');
    return address === '' ? undefined : { host: address, port: Number(port) };
  }

  private tunnel(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const verdict = this.verdict(incoming);
    if (verdict === 'silence') return;
    const target = this.target(incoming.url ?? '');
    if (verdict !== undefined || !target) {
      socket.end(`HTTP/1.1 ${verdict ?? 502} no\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream: Socket = connect(target, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    this.track(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const verdict = this.verdict(incoming);
    if (verdict === 'silence') return;
    const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : undefined;
    const target = url && this.target(`${url.hostname}:${url.port || '80'}`);
    if (verdict !== undefined || !url || !target) {
      outgoing.writeHead(verdict ?? 502).end();
      return;
    }
    const headers = { ...incoming.headers };
    delete headers['proxy-authorization'];
    const upstream = request({ ...target, path: `${url.pathname}${url.search}`, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy()).end();
  }
}
