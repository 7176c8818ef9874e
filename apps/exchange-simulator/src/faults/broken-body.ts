import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import type { FaultRegistry, FaultTarget } from './fault-registry';

const UTF_16_MARK = Buffer.from([0xff, 0xfe]);

/** The body that goes out in place of a whole one, as the faults say: nothing of it, too much, half of it, noise. */
export function brokenBody(
  body: Buffer,
  { reply, faults, target }: { reply: FastifyReply; faults: FaultRegistry; target: FaultTarget },
): Buffer | Readable {
  const sent = (bytes: Buffer): Buffer => {
    // It was set for the whole body.
    reply.header('content-length', String(bytes.length));
    return bytes;
  };
  if (faults.take('empty', target) !== undefined) {
    return sent(Buffer.alloc(0));
  }
  if (faults.take('malformed', target) !== undefined) {
    return sent(Buffer.concat([body.subarray(0, Math.max(1, body.length - 2)), Buffer.from(',,')]));
  }
  const oversized = faults.take('oversized', target);
  if (oversized !== undefined) {
    return sent(Buffer.concat([body, Buffer.alloc(Math.max(0, oversized.bytes - body.length), ' ')]));
  }
  if (faults.take('utf-16', target) !== undefined) {
    return sent(Buffer.concat([UTF_16_MARK, Buffer.from(body.toString('utf8'), 'utf16le')]));
  }
  const gzip = faults.take('bad-gzip', target);
  if (gzip !== undefined) {
    reply.header('content-encoding', 'gzip');
    return sent(gzip.defect === 'cut' ? half(gzipSync(body)) : body);
  }
  const { socket } = reply.raw;
  if (socket !== null && faults.take('reset', { ...target, at: 'body' }) !== undefined) {
    sent(body);
    return endingHalfWay(body, () => {
      socket.resetAndDestroy();
    });
  }
  if (faults.take('cut', target) !== undefined) {
    sent(body);
    // Upon an error of the body Fastify breaks the connection.
    return endingHalfWay(body, () => {
      throw new Error('The answer is cut here.');
    });
  }
  return sent(body);
}

/** Breaks the connection of a request that was not answered; true when a fault says so. */
export function resetBeforeAnswer(socket: Socket, faults: FaultRegistry, target: FaultTarget): boolean {
  if (faults.take('reset', { ...target, at: 'request' }) === undefined) {
    return false;
  }
  socket.resetAndDestroy();
  return true;
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.ceil(bytes.length / 2));
}

function endingHalfWay(body: Buffer, end: () => void): Readable {
  return Readable.from(
    (async function* () {
      yield half(body);
      // The half is on its way by then.
      await nextTurn();
      end();
    })(),
  );
}
