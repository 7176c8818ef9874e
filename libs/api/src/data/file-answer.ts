import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { PublishedBuild, PublishedFile } from '@app/bi';
import { makePiece } from '@app/http';
import { parseByteRange, type ByteRange } from '../bi/byte-range';
import { isNotModified } from '../bi/request-conditions';
import { rangePastEnd } from '../bi/send-range';

/** What is read of a file at once: large enough to wait where readers have taken all the room there is. */
const PIECE_BYTES = 131_072;
/** Largest piece that is handed on at once. */
const SLICE_BYTES = 65_536;

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

/** Under its name a file never has other bytes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Sends a file of a build, or the part asked for. Unlike other routes it answers a HEAD with a range by 206, against RFC
 * 9110, 14.2: DuckDB-WASM looks that way whether there are ranges.
 *
 * @returns false where the file is there no more
 * @throws ProblemError 416 past the end, 503 when there is no room in time
 */
export async function sendFile(reply: FastifyReply, build: PublishedBuild, file: PublishedFile): Promise<boolean> {
  const { headers, raw } = reply.request;
  const handle = await open(join(build.folder, file.name)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return false;
  let isLeftOpen = false;
  try {
    const { size } = await handle.stat();
    if (size !== file.bytes) throw new Error(`${file.name} of build ${build.name} has ${size} bytes of ${file.bytes}`);
    const etag = `"${file.sha256}"`;
    reply.headers({ etag, 'cache-control': FOR_EVER, 'last-modified': new Date(build.madeAt / 1_000).toUTCString() });
    if (isNotModified(headers, etag, (since) => since >= Math.floor(build.madeAt / 1e6) * 1e6)) {
      await reply.code(304).send();
      return true;
    }
    const part = partOf(headers.range, headers['if-range'], etag, size);
    const { first, last } = part ?? { first: 0, last: size - 1 };
    const length = last - first + 1;
    reply.headers({
      'accept-ranges': 'bytes',
      'content-type': TYPES[file.name.slice(file.name.lastIndexOf('.') + 1)],
      'content-disposition': `inline; filename="${file.name}"`,
    });
    if (part) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`);
    if (raw.method === 'HEAD') {
      // Nothing at all would be said to have a length of 0.
      await reply.header('content-length', length).send(Readable.from([]));
      return true;
    }
    const start = await nextPiece(reply, handle, first, length);
    reply.header('content-length', length);
    if (start.length === length) {
      await reply.send(start);
      return true;
    }
    const text = Readable.from(pieces(reply, handle, start, first, length), { objectMode: false, highWaterMark: 1 });
    isLeftOpen = true;
    finished(text, () => void handle.close());
    await reply.send(text);
    return true;
  } finally {
    if (!isLeftOpen) await handle.close();
  }
}

/** The part that is asked for; undefined for the whole. @throws ProblemError 416 past the end */
function partOf(
  range: string | undefined,
  condition: string | string[] | undefined,
  etag: string,
  size: number,
): ByteRange | undefined {
  // Only of the bytes that the client has parts of already; a date is too coarse to tell.
  if (condition !== undefined && condition !== etag) return undefined;
  const part = parseByteRange(range, size);
  if (part === 'unsatisfiable') throw rangePastEnd(size);
  return part === 'whole' ? undefined : part;
}

/** Bytes from a place on, when there is room for them: at most {@link PIECE_BYTES}. */
async function nextPiece(
  reply: FastifyReply,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = Math.min(length, PIECE_BYTES);
  return makePiece(reply, bytes, async () => {
    const piece = Buffer.allocUnsafeSlow(bytes);
    const { bytesRead } = await handle.read(piece, 0, bytes, position);
    if (bytesRead !== bytes) throw new Error(`a file of a build ends at ${position + bytesRead}`);
    return piece;
  });
}

async function* pieces(
  reply: FastifyReply,
  handle: FileHandle,
  start: Uint8Array,
  first: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  let piece = start;
  for (let sent = 0; ;) {
    for (let from = 0; from < piece.length; from += SLICE_BYTES) yield piece.subarray(from, from + SLICE_BYTES);
    sent += piece.length;
    if (sent >= length) return;
    piece = await nextPiece(reply, handle, first + sent, length - sent);
  }
}
