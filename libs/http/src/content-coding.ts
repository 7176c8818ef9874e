import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip, type BrotliOptions } from 'node:zlib';

export type ContentCoding = 'br' | 'gzip';

/** Answers that are shorter gain nothing. */
export const LEAST_CODED_BYTES = 1_024;
/** Somebody waits: as fast as gzip, and smaller. It looks back 256 kB, for its memory is more than four times that. */
const BROTLI: BrotliOptions = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
};
/** Streams that are compressed at once: a slow reader of one has much more made for him than one of plain text. */
const MOST_STREAMS = 16;

const brotliBuffer = promisify<Buffer, BrotliOptions, Buffer>(brotliCompress);
const gzipBuffer = promisify<Buffer, Buffer>(gzip);

/** Whether the client asked for gzip by name, with a quality above 0. */
export function asksForGzip(headers: IncomingHttpHeaders): boolean {
  return asksFor(headers, ['gzip', 'x-gzip']);
}

/** Whether the client asked for a coding by one of its names, with a quality above 0. */
export function asksFor(headers: IncomingHttpHeaders, names: readonly string[]): boolean {
  const accepted = headers['accept-encoding'];
  if (typeof accepted !== 'string') return false;
  return accepted.split(',').some((item) => {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    if (!names.includes(coding)) return false;
    return !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
  });
}

/** The coding that an answer is sent in; undefined where the client takes none, or asked for a part of the bytes. */
export function contentCoding(headers: IncomingHttpHeaders): ContentCoding | undefined {
  if (headers.range !== undefined) return undefined;
  if (asksFor(headers, ['br'])) return 'br';
  return asksForGzip(headers) ? 'gzip' : undefined;
}

export interface CodedBytes {
  readonly bytes: Buffer;
  /** Undefined where the bytes are as they were. */
  readonly coding: ContentCoding | undefined;
}

/** Compresses an answer that is one buffer, in the thread pool. */
export async function coded(bytes: Buffer, coding: ContentCoding | undefined): Promise<CodedBytes> {
  if (coding === undefined || bytes.length <= LEAST_CODED_BYTES) return { bytes, coding: undefined };
  return { bytes: await (coding === 'br' ? brotliBuffer(bytes, BROTLI) : gzipBuffer(bytes)), coding };
}

let streams = 0;

/** The coding that a stream is sent in: none while so many are compressed that their memory would be too much. */
export function streamCoding(headers: IncomingHttpHeaders): ContentCoding | undefined {
  return streams < MOST_STREAMS ? contentCoding(headers) : undefined;
}

/**
 * Compresses an answer while it is read: at the pace of its reader, broken off with its source, and ending the source
 * when its reader goes away.
 */
export function codedStream(source: Readable, coding: ContentCoding): Readable {
  const packer = coding === 'br' ? createBrotliCompress(BROTLI) : createGzip();
  streams += 1;
  // What ends it is told by the stream itself, to whoever sends it.
  pipeline(source, packer, () => undefined);
  // Once all of it is taken, or nobody takes it any more.
  packer.once('close', () => {
    streams -= 1;
  });
  return packer;
}
