import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and counts what readers are sent. */
export class CountingProxy {
  /** Bytes of bodies. */
  bytes = 0;
  requests = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<CountingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new CountingProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (incoming, outgoing) => {
      proxy.requests += 1;
      const { url = '/', method = 'GET', headers } = incoming;
      const onward = request(new URL(url, target), { method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('data', (chunk: Buffer) => {
          proxy.bytes += chunk.length;
        });
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      // What a reader leaves is not sent to him.
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    return proxy;
  }

  /** Counts from here on. */
  reset(): void {
    this.bytes = 0;
    this.requests = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
