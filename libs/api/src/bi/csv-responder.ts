import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '@app/domain';
import {
  contentCoding,
  hasRoomFor,
  ReadyAnswers,
  RequestBudget,
  reserveRoom,
  ROWS_A_REQUEST,
  type ReadyAnswer,
} from '@app/http';
import { parseByteRange } from './byte-range';
import { CsvCache, type BuildTable } from './csv-cache';
import type { CsvSnapshot } from './csv-snapshot';
import { isNotModified } from './request-conditions';
import { sendRange } from './send-range';
import { SnapshotPins } from './snapshot-pins';

/**
 * Answers CSV requests from one buffer, so that GET, HEAD, byte ranges, compression and conditional requests agree byte
 * for byte.
 */
@Injectable()
export class CsvResponder {
  private readonly pins = new SnapshotPins<CsvSnapshot>();

  constructor(
    private readonly cache: CsvCache,
    private readonly clock: Clock,
    private readonly budget: RequestBudget,
    private readonly ready: ReadyAnswers,
  ) {}

  /**
   * Sends the table that `key` stands for, built when it is not at hand.
   * @throws StoreNotReadyError
   * @throws ProblemError 503 when there is no room for it in time
   */
  async send(reply: FastifyReply, key: string, build: BuildTable): Promise<void> {
    const { request } = reply;
    for (;;) {
      const snapshot = this.pins.pinned(request.url) ?? (await this.cache.current(key, build, reply.raw));
      if (this.sendsNoBody(request, snapshot) || hasRoomFor(reply, snapshot.bytes)) {
        if (request.raw.method === 'HEAD' || request.headers.range !== undefined) this.pins.pin(request.url, snapshot);
        const { url, routeOptions } = request;
        const route = routeOptions.url;
        if (route !== undefined) {
          this.ready.keep(url, { route, answer: (headers) => this.readyAnswer(url, key, headers) });
        }
        return this.sendSnapshot(reply, snapshot);
      }
      // Who has to wait keeps no table in memory meanwhile; afterwards it may be another one.
      await reserveRoom(reply, snapshot.bytes.length);
    }
  }

  /** Sends the whole, a part of it, or that it is unchanged. @throws ProblemError 416 past the end */
  async sendSnapshot(reply: FastifyReply, snapshot: CsvSnapshot): Promise<void> {
    const { request } = reply;
    const range = request.headers.range;
    const isUnchanged = this.isNotModified(request.headers, snapshot);
    if (!isUnchanged) {
      await this.budget.rowsOf(request, reply).add(rowsOf(request, snapshot));
      if (range !== undefined && request.raw.method !== 'HEAD' && request.headers['if-range'] === undefined) {
        reply.header('cache-control', snapshot.cacheControl(this.clock.now()));
        if (sendRange(reply, snapshot, range)) return;
      }
    }
    const answer = isUnchanged ? this.unchanged(snapshot) : await this.wholeOf(snapshot, request.headers);
    const { status, headers, body } = answer;
    await reply.code(status).headers(headers).send(body);
  }

  /** What {@link send} would answer to a GET of this address; undefined for what is not at hand, or not plain. */
  private async readyAnswer(url: string, key: string, headers: IncomingHttpHeaders): Promise<ReadyAnswer | undefined> {
    if (headers.range !== undefined || this.pins.pinned(url)) return undefined;
    const snapshot = await this.cache.atHand(key);
    if (!snapshot) return undefined;
    if (this.isNotModified(headers, snapshot)) return this.unchanged(snapshot);
    // What costs more, and what may have to wait for room, is for the route.
    return snapshot.rows > ROWS_A_REQUEST ? undefined : this.wholeOf(snapshot, headers);
  }

  private unchanged(snapshot: CsvSnapshot): ReadyAnswer {
    const caching = { 'cache-control': snapshot.cacheControl(this.clock.now()) };
    return { status: 304, headers: { ...caching, ...snapshot.validators() } };
  }

  private async wholeOf(snapshot: CsvSnapshot, asked: IncomingHttpHeaders): Promise<ReadyAnswer> {
    const caching = { 'cache-control': snapshot.cacheControl(this.clock.now()) };
    const wanted = contentCoding(asked);
    const { bytes, coding } = wanted ? await snapshot.coded(wanted) : { bytes: snapshot.bytes, coding: undefined };
    const codedHeaders = coding ? { 'content-encoding': coding, 'content-length': bytes.length } : {};
    return { status: 200, headers: { ...caching, ...snapshot.headers, ...codedHeaders }, body: bytes };
  }

  private sendsNoBody(request: FastifyRequest, snapshot: CsvSnapshot): boolean {
    return request.raw.method === 'HEAD' || this.isNotModified(request.headers, snapshot);
  }

  private isNotModified(headers: IncomingHttpHeaders, snapshot: CsvSnapshot): boolean {
    return isNotModified(headers, snapshot.etag, (since) => snapshot.isCopiedAt(since, this.clock.now()));
  }
}

/** Rows of the answer, of a part of the table as many as its share of the bytes; none of HEAD. */
function rowsOf({ raw, headers }: FastifyRequest, { rows, bytes }: CsvSnapshot): number {
  if (raw.method === 'HEAD') return 0;
  const range = headers.range === undefined ? 'whole' : parseByteRange(headers.range, bytes.length);
  if (typeof range !== 'object') return range === 'whole' ? rows : 0;
  return Math.ceil((rows * (range.last - range.first + 1)) / bytes.length);
}
