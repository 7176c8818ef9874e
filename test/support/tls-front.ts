import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SelfSigned } from './self-signed';

export interface TlsFront {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves over TLS what an address serves without. */
export async function startTlsFront(url: string, identity: SelfSigned): Promise<TlsFront> {
  const server = createServer({ key: identity.key, cert: identity.cert }, (incoming, outgoing) => {
    const upstream = request(`${url}${incoming.url}`, { headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy()).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
