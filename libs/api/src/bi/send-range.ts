import type { FastifyReply } from 'fastify';
import { ProblemError } from '@app/http';
import { parseByteRange } from './byte-range';

/** An answer that is one buffer, with the headers of the whole. */
export interface WholeAnswer {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A 416 for a file of so many bytes. */
export function rangePastEnd(length: number): ProblemError {
  return new ProblemError({
    status: 416,
    code: 'REQUEST.RANGE_NOT_SATISFIABLE',
    title: 'The range is past the end',
    detail: `Range is past the end; the file has ${length} bytes.`,
    headers: { 'Content-Range': `bytes */${length}` },
  });
}

/** Sends the part asked for; false when the whole is to be sent. @throws ProblemError 416 past the end */
export function sendRange(reply: FastifyReply, { bytes, headers }: WholeAnswer, header: string): boolean {
  const { length } = bytes;
  const range = parseByteRange(header, length);
  if (range === 'whole') return false;
  if (range === 'unsatisfiable') throw rangePastEnd(length);
  const { first, last } = range;
  reply
    .code(206)
    .headers(headers)
    .header('content-range', `bytes ${first}-${last}/${length}`)
    .header('content-length', last - first + 1)
    .send(bytes.subarray(first, last + 1));
  return true;
}
