import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { coded, codedStream, contentCoding, LEAST_CODED_BYTES, streamCoding } from '../content-coding';

const TEXT = /^(?:text\/(?!event-stream)|image\/svg|application\/(?:javascript|(?:[a-z]+\+)?json)(?:;|$))/;
/** Files are sent as they are: readers by ranges want their lengths. */
const FILES = '/data/';

/** Bytes of an answer; undefined where nobody knows before it is sent. */
function lengthOf(reply: FastifyReply, payload: unknown): number | undefined {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  if (Buffer.isBuffer(payload)) return payload.length;
  return payload instanceof Readable ? Number(reply.getHeader('content-length')) : undefined;
}

/** Whether an answer is sent in the coding that the client asks for, and nothing has seen to that yet. */
function isOpen(request: FastifyRequest, reply: FastifyReply, payload: unknown): boolean {
  if ((lengthOf(reply, payload) ?? 0) <= LEAST_CODED_BYTES) return false;
  // Routes with versions and ranges of their own see to their coding themselves.
  if (/\baccept-encoding\b/i.test(String(reply.getHeader('vary')))) return false;
  if (reply.hasHeader('content-encoding') || reply.hasHeader('content-range')) return false;
  return TEXT.test(String(reply.getHeader('content-type'))) && request.routeOptions.url?.startsWith(FILES) !== true;
}

async function compressed(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const coding = payload instanceof Readable ? streamCoding(request.headers) : contentCoding(request.headers);
  if (!coding) return payload;
  reply.header('content-encoding', coding).removeHeader('content-length');
  // Nobody reads what HEAD would have.
  if (payload instanceof Readable) return request.method === 'HEAD' ? payload : codedStream(payload, coding);
  return (await coded(Buffer.from(payload as string | Buffer), coding)).bytes;
}

/** Compresses every text answer above 1 kB for clients that ask for it, where its route does not. */
export function addTextCoding(instance: FastifyInstance): void {
  instance.addHook('onSend', (request, reply, payload, done) => {
    if (!isOpen(request, reply, payload)) {
      done(null, payload);
      return;
    }
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Accept-Encoding' : `Accept-Encoding, ${String(vary)}`);
    compressed(request, reply, payload).then((sent) => {
      done(null, sent);
    }, done);
  });
}
