import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CsvLines } from '@app/bi';
import { ChangeFeedReader, compareCodePoints, nextTurn, positionToText, type TimeKey } from '@app/domain';
import { makePiece, PublicAddress, reserveRoom } from '@app/http';
import { isNotModified, weakTag } from '../bi/request-conditions';
import { sendRange, type WholeAnswer } from '../bi/send-range';
import { SnapshotPins } from '../bi/snapshot-pins';
import { encodeCursor, type Cursor } from '../paging/cursor';
import { coded, codedStream, contentCoding, streamCoding } from './content-coding';
import type { ListQuestion } from './list-question';
import { chosen, csvItems, ndjsonItems, type ListFields, type ListItem } from './text-rows';

/** Rows that are read at once: no read transaction is longer, and an answer of more is written as it is read. */
const PAGE_ROWS = 5_000;
/** No row of any list is longer: names, times and about ten decimals of the length that the market has. */
const MOST_ROW_BYTES = 700;
/** Largest piece of a page that is handed on at once: the page counts until the last of it is. */
const SLICE_BYTES = 65_536;
/** Slices that lie between this side and the socket. */
const SLICES_ON_THEIR_WAY = 4;
/** More rows than that are not written in the turn in which they were read. */
const ROWS_A_TURN = 500;

/** Sorts after every symbol. */
const LAST_SYMBOL = '\u{10FFFF}';

const CONTENT_TYPES = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
} as const;

/** A list: its fields, and how its rows are read either way. */
export interface ListSource<Row> {
  readonly scope: string;
  readonly fields: ListFields;
  readonly keyOf: (row: Row) => TimeKey;
  readonly toItem: (row: Row) => object;
  /** By time, then symbol; only rows behind the key. */
  readonly forwards: (limit: number, after?: TimeKey) => Promise<readonly Row[]>;
  /** The other way round, the last row first; only rows behind the key in that order. */
  readonly backwards: (limit: number, behind?: TimeKey) => Promise<readonly Row[]>;
  /** Whether nothing of a row changes any more, but by a repair or a revision; without it no row is final. */
  readonly isFinal?: (row: Row, item: ListItem) => boolean;
  /** Parameters that were relative to now, as they are written out in the address of the next page. */
  readonly absolute?: Readonly<Record<string, string>>;
}

/** Rows picked, and where the next answer begins; undefined behind the last. */
interface Picked<Row> {
  readonly rows: readonly Row[];
  readonly next: TimeKey | undefined;
}

/** Answers lists: a page as one buffer, and what is larger page by page at the pace of its reader. */
@Injectable()
export class ListResponder {
  /** For readers that work by HEAD and ranges. */
  private readonly pins = new SnapshotPins<ListPage>();

  constructor(
    private readonly feed: ChangeFeedReader,
    private readonly address: PublicAddress,
  ) {}

  /** @throws StoreNotReadyError; ProblemError 503 when there is no room in time */
  async send<Row>(
    request: FastifyRequest,
    reply: FastifyReply,
    question: ListQuestion,
    source: ListSource<Row>,
    cursor: Cursor | undefined,
  ): Promise<void> {
    const position = cursor?.feed ?? positionToText(await this.feed.end());
    reply.headers({
      'cache-control': 'no-cache',
      vary: 'Accept, Accept-Encoding',
      'x-feed-position': position,
      'content-type': CONTENT_TYPES[question.format],
    });
    this.address.varyByPrefix(reply);
    if (question.limit <= PAGE_ROWS) return this.sendPage(request, reply, question, source, cursor, position);
    return this.sendLong(request, reply, question, source, cursor, position);
  }

  private async sendPage<Row>(
    request: FastifyRequest,
    reply: FastifyReply,
    question: ListQuestion,
    source: ListSource<Row>,
    cursor: Cursor | undefined,
    position: string,
  ): Promise<void> {
    await reserveRoom(reply, question.limit * MOST_ROW_BYTES);
    const { range } = request.headers;
    const isPart = range !== undefined && request.headers['if-range'] === undefined;
    const address = `${question.format} ${this.address.prefixOf(request)}${request.url}`;
    const page =
      (isPart ? this.pins.pinned(address) : undefined) ??
      (await this.pageOf(request, question, source, cursor?.key, position));
    if (isPart || request.raw.method === 'HEAD') this.pins.pin(address, page);
    reply.headers(page.headers);
    if (isNotModified(request.headers, page.headers.etag, () => false)) {
      await reply.code(304).send();
      return;
    }
    reply.header('accept-ranges', 'bytes');
    if (isPart && request.raw.method !== 'HEAD' && sendRange(reply, page, range)) return;
    const answer = await coded(page.bytes, contentCoding(request.headers));
    if (answer.coding) reply.header('content-encoding', answer.coding);
    await reply.header('content-length', answer.bytes.length).send(answer.bytes);
  }

  private async pageOf<Row>(
    request: FastifyRequest,
    question: ListQuestion,
    source: ListSource<Row>,
    key: TimeKey | undefined,
    position: string,
  ): Promise<ListPage> {
    const { rows, next } = await pickPage(question, source, key);
    if (rows.length > ROWS_A_TURN) await nextTurn();
    const link = next && this.nextPage(request, source, next, position);
    const items = rows.map((row) => source.toItem(row) as ListItem);
    const bytes = Buffer.from(
      question.format === 'json' ? jsonPage(items, question.columns, link) : textOf(items, linesOf(question, source)),
    );
    return {
      bytes,
      headers: {
        etag: weakTag(bytes),
        'x-feed-position': position,
        ...(link ? { link: link.header } : {}),
        ...(isSettled(question, source, rows, items) ? { 'cache-control': 'public, max-age=60' } : {}),
      },
    };
  }

  /** An answer that is not held in memory; whether more follows is known before its first byte. */
  private async sendLong<Row>(
    request: FastifyRequest,
    reply: FastifyReply,
    question: ListQuestion,
    source: ListSource<Row>,
    cursor: Cursor | undefined,
    position: string,
  ): Promise<void> {
    if (request.raw.method === 'HEAD') {
      const coding = contentCoding(request.headers);
      if (coding) reply.header('content-encoding', coding);
      // Nothing at all would be said to have a length of 0.
      await reply.send(Readable.from([]));
      return;
    }
    const { isLast, order, limit } = question;
    const walk = isLast && order === 'asc' ? await lastRows(reply, source, limit) : { after: cursor?.key };
    if (!isLast) {
      const next = await nextAfter(reply, source, question, cursor?.key);
      if (next) reply.header('link', this.nextPage(request, source, next, position).header);
    }
    const lines = linesOf(question, source);
    const text = Readable.from(chunks(reply, source, question, walk, lines), { objectMode: false });
    const coding = streamCoding(request.headers);
    if (coding) reply.header('content-encoding', coding);
    await reply.send(coding ? codedStream(text, coding) : text);
  }

  /** The same question from another cursor on: path and query, as a visitor reaches them. */
  private nextPage<Row>(
    request: FastifyRequest,
    { scope, absolute = {} }: ListSource<Row>,
    key: TimeKey,
    feed: string,
  ): NextPage {
    const cursor = encodeCursor(scope, key, feed);
    const [, query = ''] = request.url.split('?', 2);
    const parameters = new URLSearchParams(query);
    parameters.delete('api_key');
    for (const [name, value] of Object.entries(absolute)) parameters.set(name, value);
    parameters.set('cursor', cursor);
    // Not the path as it was asked for: that of a proxy's request may name another host.
    const url = `${this.address.prefixOf(request)}${request.routeOptions.url ?? '/'}?${parameters.toString()}`;
    return { cursor, url, header: `<${url}>; rel="next"` };
  }
}

/** Whether a page stays as it is: nothing of its rows changes, and nothing can come behind or between them. */
function isSettled<Row>(
  { order, limit, isLast, isFixed, endsInPast }: ListQuestion,
  { isFinal }: ListSource<Row>,
  rows: readonly Row[],
  items: readonly ListItem[],
): boolean {
  if (!isFinal || !isFixed) return false;
  for (const [index, row] of rows.entries()) {
    const item = items[index];
    if (!item || !isFinal(row, item)) return false;
  }
  return endsInPast || (order === 'asc' && !isLast && rows.length === limit);
}

/** Where a long answer begins, and rows of its first instant that are not in it. */
interface Walk {
  readonly after: TimeKey | undefined;
  readonly skip?: (key: TimeKey) => boolean;
}

async function pickPage<Row>(
  { order, limit, isLast }: ListQuestion,
  source: ListSource<Row>,
  key: TimeKey | undefined,
): Promise<Picked<Row>> {
  if (isLast) {
    const newest = await source.backwards(limit);
    return { rows: order === 'asc' ? [...newest].reverse() : newest, next: undefined };
  }
  const rows = await (order === 'asc' ? source.forwards(limit + 1, key) : source.backwards(limit + 1, key));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { rows: rows.slice(0, limit), next: last && source.keyOf(last) };
}

/** Where the newest rows begin: their keys alone are walked through. */
async function lastRows<Row>(reply: FastifyReply, { backwards, keyOf }: ListSource<Row>, limit: number): Promise<Walk> {
  let oldest: TimeKey | undefined;
  for (let left = limit; left > 0;) {
    await reserveRoom(reply, PAGE_ROWS * MOST_ROW_BYTES);
    const { count, last } = await keysOf(backwards(Math.min(PAGE_ROWS, left), oldest), keyOf);
    oldest = last ?? oldest;
    left -= count;
    if (count < PAGE_ROWS) break;
  }
  const first = oldest;
  if (first === undefined) return { after: undefined };
  return {
    after: { time: first.time - 1, symbol: LAST_SYMBOL },
    skip: ({ time, symbol }) => time === first.time && compareCodePoints(symbol, first.symbol) < 0,
  };
}

/** The key behind which more follows than the answer holds; undefined when all is in it. */
async function nextAfter<Row>(
  reply: FastifyReply,
  { forwards, backwards, keyOf }: ListSource<Row>,
  { order, limit }: ListQuestion,
  after: TimeKey | undefined,
): Promise<TimeKey | undefined> {
  const read = order === 'asc' ? forwards : backwards;
  let key = after;
  for (let left = limit; left > 0;) {
    await reserveRoom(reply, PAGE_ROWS * MOST_ROW_BYTES);
    const size = Math.min(PAGE_ROWS, left);
    const { count, last } = await keysOf(read(size, key), keyOf);
    if (last === undefined || count < size) return undefined;
    key = last;
    left -= count;
  }
  return (await keysOf(read(1, key), keyOf)).count > 0 ? key : undefined;
}

/** What a walk needs of the rows that it passes: whoever waits for room for the next ones keeps none of these. */
async function keysOf<Row>(
  reading: Promise<readonly Row[]>,
  keyOf: (row: Row) => TimeKey,
): Promise<{ readonly count: number; readonly last: TimeKey | undefined }> {
  const rows = await reading;
  const last = rows.at(-1);
  return { count: rows.length, last: last && keyOf(last) };
}

async function* chunks<Row>(
  reply: FastifyReply,
  { forwards, backwards, keyOf, toItem }: ListSource<Row>,
  { order, limit }: ListQuestion,
  { after, skip }: Walk,
  { head, line }: CsvLines<ListItem>,
): AsyncGenerator<Uint8Array> {
  const read = order === 'asc' ? forwards : backwards;
  let key = after;
  let left = limit;
  // With the first rows: until there is room for those, nothing is sent that could not give way to an error.
  let start = head;
  // While the reader takes a page, its text alone is in memory: rows are many times larger.
  const page = async (): Promise<Uint8Array> => {
    const rows = await read(Math.min(PAGE_ROWS, left), key);
    const last = rows.at(-1);
    if (last !== undefined) key = keyOf(last);
    const sent = skip ? rows.filter((row) => !skip(keyOf(row))) : rows;
    // Behind a short page there is nothing.
    left = rows.length < PAGE_ROWS ? 0 : left - sent.length;
    if (sent.length > ROWS_A_TURN) await nextTurn();
    const text = start + sent.map((row) => line(toItem(row) as ListItem)).join('');
    start = '';
    return Buffer.from(text);
  };
  while (left > 0) {
    const bytes = await makePiece(reply, Math.min(PAGE_ROWS, left) * MOST_ROW_BYTES, page);
    for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
      const slice = bytes.subarray(from, from + SLICE_BYTES);
      // What a slow reader has of the end would keep the whole page in memory beside the next one.
      yield from + SLICES_ON_THEIR_WAY * SLICE_BYTES < bytes.length ? slice : Buffer.from(slice);
    }
  }
}

function linesOf<Row>({ format, columns, text }: ListQuestion, { fields }: ListSource<Row>): CsvLines<ListItem> {
  return format === 'csv' ? csvItems(fields, columns, text) : ndjsonItems(columns);
}

function textOf(items: readonly ListItem[], { head, line }: CsvLines<ListItem>): string {
  return head + items.map(line).join('');
}

interface NextPage {
  readonly cursor: string;
  readonly url: string;
  /** What `Link` says. */
  readonly header: string;
}

/** A page as it is sent: its bytes, and what is said of them. */
interface ListPage extends WholeAnswer {
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string };
}

function jsonPage(
  items: readonly ListItem[],
  columns: readonly string[] | undefined,
  next: NextPage | undefined,
): string {
  return JSON.stringify({
    data: columns ? items.map((item) => chosen(item, columns)) : items,
    next_cursor: next?.cursor ?? null,
    next_url: next?.url ?? null,
  });
}
