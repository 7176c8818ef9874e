import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PrefixProxyOptions {
  /** The path that it takes off; '' for none. */
  readonly prefix: string;
  /**
   * What it says of that in `X-Forwarded-Prefix`: nothing and hands on what the client sent (nginx by itself), its own
   * value alone (nginx and Caddy where told so), or its own behind the client's (Traefik before 3.2, Spring).
   */
  readonly header?: 'handed on' | 'set' | 'added';
}

/** A small reverse proxy as people put in front: serves below a path, which it takes off before it hands a request on. */
export class PrefixProxy {
  /** Paths that were asked for and lie outside of its own: addresses that left the prefix. */
  readonly strays: string[] = [];
  /** Address of what it serves. */
  target = '';

  private constructor(
    private readonly server: Server,
    private readonly options: PrefixProxyOptions,
  ) {
    server.on('request', (incoming, outgoing) => {
      this.forward(incoming, outgoing);
    });
  }

  static async start(options: PrefixProxyOptions): Promise<PrefixProxy> {
    const proxy = new PrefixProxy(createServer(), options);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { prefix, header = 'handed on' } = this.options;
    const { url = '/', method = 'GET' } = incoming;
    const rest = url.slice(prefix.length);
    if (!url.startsWith(prefix) || !/^(?:[/?]|$)/.test(rest)) {
      this.strays.push(url);
      outgoing.writeHead(404).end();
      return;
    }
    const headers = { ...incoming.headers };
    const given = headers['x-forwarded-prefix'];
    if (header === 'set' || (header === 'added' && given === undefined)) headers['x-forwarded-prefix'] = prefix;
    else if (header === 'added') headers['x-forwarded-prefix'] = `${String(given)}, ${prefix}`;
    const path = rest.startsWith('/') ? rest : `/${rest}`;
    const upstream = request(`${this.target}${path}`, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    outgoing.on('close', () => upstream.destroy());
    upstream.on('error', () => outgoing.destroy()).end();
  }
}
