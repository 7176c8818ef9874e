import { Readable } from 'node:stream';

/** A body that fails half-way, upon which Fastify breaks the connection. */
export function cutInHalf(body: string | Uint8Array): Readable {
  const bytes = Buffer.from(body as Uint8Array);
  return Readable.from(
    (function* () {
      yield bytes.subarray(0, Math.ceil(bytes.length / 2));
      throw new Error('The answer is cut here.');
    })(),
  );
}
