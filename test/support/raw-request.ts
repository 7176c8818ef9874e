import { request, type IncomingHttpHeaders } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly method?: string;
  /** Path and query, sent as they are; those of the address when absent. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A process that hangs is an error, and not a test that hangs. */
const SILENCE_MS = 60_000;

/**
 * One request with exactly these headers: `fetch` adds some of its own, and undoes compression. It has a connection of its
 * own, which nobody closes as idle in the moment in which it is asked over.
 */
export function rawRequest(url: string, { method = 'GET', path, headers = {} }: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url);
  const target = { hostname, port, method, path: path ?? `${pathname}${search}`, headers };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, agent: false, timeout: SILENCE_MS }, (incoming) => {
      const chunks: Buffer[] = [];
      const answered = (): void => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      };
      // A stream has no end: its first bytes are the answer.
      const isStream = incoming.headers['content-type']?.startsWith('text/event-stream') === true;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (!isStream) return;
        answered();
        outgoing.destroy();
      });
      incoming.on('error', reject);
      incoming.on('end', answered);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} has said nothing for ${SILENCE_MS} ms`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
