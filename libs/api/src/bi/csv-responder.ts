import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { EpochMicros } from '@app/domain';
import { ProblemError } from '@app/http';
import { AnswersUnderWay } from './answers-under-way';
import { parseByteRange } from './byte-range';
import { CsvCache, type BuiltTable } from './csv-cache';
import type { CsvSnapshot } from './csv-snapshot';
import { asksForGzip, isNotModified } from './request-conditions';
import { SnapshotPins } from './snapshot-pins';

/**
 * Answers CSV requests from one buffer, so that GET, HEAD, byte ranges, compression and conditional requests agree byte
 * for byte.
 */
@Injectable()
export class CsvResponder {
  constructor(
    private readonly cache: CsvCache,
    private readonly pins: SnapshotPins,
    private readonly underWay: AnswersUnderWay,
  ) {}

  /** Sends the table that `key` stands for, built when it is not at hand. @throws StoreNotReadyError */
  async send(reply: FastifyReply, key: string, build: (now: EpochMicros) => Promise<BuiltTable>): Promise<void> {
    const { request } = reply;
    const snapshot = this.pins.pinned(request.url) ?? (await this.cache.current(key, build));
    if (request.raw.method === 'HEAD' || request.headers.range !== undefined) this.pins.pin(request.url, snapshot);
    return this.sendSnapshot(reply, snapshot);
  }

  /** Sends the whole, a part of it, or that it is unchanged. */
  async sendSnapshot(reply: FastifyReply, snapshot: CsvSnapshot): Promise<void> {
    const { request } = reply;
    const range = request.headers.range;
    if (isNotModified(request.headers, snapshot.etag, snapshot.lastModified)) {
      await reply.code(304).headers(snapshot.validators()).send();
      return;
    }
    if (request.raw.method !== 'HEAD') await this.underWay.admit(snapshot.bytes, reply.raw);
    if (range !== undefined && request.raw.method !== 'HEAD' && request.headers['if-range'] === undefined) {
      if (this.sendRange(reply, snapshot, range)) return;
    }
    reply.headers(snapshot.headers);
    if (asksForGzip(request.headers)) {
      const compressed = await snapshot.gzip();
      reply.header('content-encoding', 'gzip').header('content-length', compressed.length).send(compressed);
    } else {
      reply.send(snapshot.bytes);
    }
  }

  /** Sends the part asked for; false when the whole is to be sent. @throws ProblemError 416 past the end */
  private sendRange(reply: FastifyReply, snapshot: CsvSnapshot, header: string): boolean {
    const { length } = snapshot.bytes;
    const range = parseByteRange(header, length);
    if (range === 'whole') return false;
    if (range === 'unsatisfiable') {
      throw new ProblemError({
        status: 416,
        code: 'REQUEST.RANGE_NOT_SATISFIABLE',
        title: 'The range is past the end',
        detail: `Range is past the end; the file has ${length} bytes.`,
        headers: { 'Content-Range': `bytes */${length}` },
      });
    }
    const { first, last } = range;
    reply
      .code(206)
      .headers(snapshot.headers)
      .header('content-range', `bytes ${first}-${last}/${length}`)
      .header('content-length', last - first + 1)
      .send(snapshot.bytes.subarray(first, last + 1));
    return true;
  }
}
