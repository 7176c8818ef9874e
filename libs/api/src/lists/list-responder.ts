import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CsvLines } from '@app/bi';
import { ChangeFeedReader, nextTurn, positionToText, type ListFormat, type TimeKey, PAGE_ROWS } from '@app/domain';
import {
  coded,
  codedStream,
  contentCoding,
  PublicAddress,
  RequestBudget,
  reserveRoom,
  streamCoding,
  type ContentCoding,
  type RowCost,
} from '@app/http';
import { isNotModified, weakTag } from '../bi/request-conditions';
import { sendRange, type WholeAnswer } from '../bi/send-range';
import { SnapshotPins } from '../bi/snapshot-pins';
import { assertCursorOf, encodeCursor } from '../paging/cursor';
import { fileColumns, type ListItem } from './list-fields';
import { ListFiles } from './list-files';
import type { ListQuestion } from './list-question';
import { MOST_ROW_BYTES, type ListSource } from './list-source';
import { beginOf, lastRows, nextAfter, pagesOf, pickPage, ROWS_A_TURN, type Picked, type Walk } from './list-walk';
import { chosen, csvItems, ndjsonItems } from './text-rows';

/** Largest piece of a page that is handed on at once: the page counts until the last of it is. */
const SLICE_BYTES = 65_536;
/** Slices that lie between this side and the socket. */
const SLICES_ON_THEIR_WAY = 4;

const CONTENT_TYPES: Readonly<Record<ListFormat, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

const NOTHING = new Uint8Array(0);

/** One request for a list. */
interface Asked<Row> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly question: ListQuestion;
  readonly source: ListSource<Row>;
  /** Behind which row the answer begins. */
  readonly key: TimeKey | undefined;
  /** Position of the change feed at which the walk began. */
  readonly position: string;
}

/** Answers lists: a page as one buffer, and what is larger page by page at the pace of its reader. */
@Injectable()
export class ListResponder {
  /** For readers that work by HEAD and ranges. */
  private readonly pins = new SnapshotPins<ListPage>();

  constructor(
    private readonly feed: ChangeFeedReader,
    private readonly address: PublicAddress,
    private readonly files: ListFiles,
    private readonly budget: RequestBudget,
  ) {}

  /** @throws StoreNotReadyError; ProblemError 400 for the cursor of another list, 503 when there is no room in time */
  async send<Row>(
    request: FastifyRequest,
    reply: FastifyReply,
    question: ListQuestion,
    source: ListSource<Row>,
  ): Promise<void> {
    const { cursor } = question;
    assertCursorOf(source.scope, cursor);
    const position = cursor?.feed ?? positionToText(await this.feed.end());
    reply.headers({
      'cache-control': 'no-cache',
      vary: 'Accept, Accept-Encoding',
      'x-feed-position': position,
      'content-type': CONTENT_TYPES[question.format],
    });
    this.address.varyByPrefix(reply);
    const asked = { request, reply, question, source, key: cursor?.key, position };
    const pinned = this.pinned(asked);
    if (pinned) return this.sendPage(asked, pinned);
    const mayBeLong = question.limit > PAGE_ROWS;
    await reserveRoom(reply, (mayBeLong ? PAGE_ROWS + 1 : question.limit) * MOST_ROW_BYTES);
    if (!mayBeLong) return this.sendPage(asked, await this.pageOf(asked, await pickPage(question, source, asked.key)));
    const begin = await beginOf(question, source, asked.key);
    if ('whole' in begin) return this.sendPage(asked, await this.pageOf(asked, begin.whole));
    return this.sendLong(asked, begin.first);
  }

  /** The page that a reader by ranges has begun to read. */
  private pinned<Row>(asked: Asked<Row>): ListPage | undefined {
    return partOf(asked) === undefined ? undefined : this.pins.pinned(this.pinName(asked));
  }

  private pinName<Row>({ request, question }: Asked<Row>): string {
    return `${question.format} ${this.address.prefixOf(request)}${request.url}`;
  }

  private async sendPage<Row>(asked: Asked<Row>, page: ListPage): Promise<void> {
    const { request, reply, question } = asked;
    const { headers, raw } = request;
    const part = partOf(asked);
    reply.headers(page.headers);
    if (isNotModified(headers, page.headers.etag, () => false)) {
      await reply.code(304).send();
      return;
    }
    if (question.format === 'parquet') return this.sendBytes(reply, page.bytes, undefined);
    if (part !== undefined || raw.method === 'HEAD') this.pins.pin(this.pinName(asked), page);
    reply.header('accept-ranges', 'bytes');
    if (part !== undefined && raw.method !== 'HEAD' && sendRange(reply, page, part)) return;
    await this.sendBytes(reply, page.bytes, contentCoding(headers));
  }

  private async sendBytes(reply: FastifyReply, whole: Buffer, accepted: ContentCoding | undefined): Promise<void> {
    const { bytes, coding } = await coded(whole, accepted);
    if (coding) reply.header('content-encoding', coding);
    await reply.header('content-length', bytes.length).send(bytes);
  }

  private async pageOf<Row>(asked: Asked<Row>, { rows, next }: Picked<Row>): Promise<ListPage> {
    const { question, source, position } = asked;
    if (rows.length > ROWS_A_TURN) await nextTurn();
    const link = next && this.nextPage(asked, next);
    const items = rows.map((row) => source.toItem(row) as ListItem);
    const bytes = await this.bytesOf(asked, items, link);
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

  private async bytesOf<Row>(
    { reply, question, source }: Asked<Row>,
    items: readonly ListItem[],
    next: NextPage | undefined,
  ): Promise<Buffer> {
    const { format, columns } = question;
    if (format === 'json') return Buffer.from(jsonPage(items, columns, next));
    if (format !== 'parquet') return Buffer.from(textOf(items, linesOf(question, source)));
    const handle = await this.files.write(reply, fileColumns(source.fields, columns), items.length, (file) =>
      file.write(items),
    );
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  /** An answer that is not held in memory; whether more follows is known before its first byte. */
  private async sendLong<Row>(asked: Asked<Row>, first: TimeKey): Promise<void> {
    const { request, reply, question, source, key } = asked;
    if (request.raw.method === 'HEAD') {
      const coding = question.format === 'parquet' ? undefined : contentCoding(request.headers);
      if (coding) reply.header('content-encoding', coding);
      // Nothing at all would be said to have a length of 0.
      await reply.send(Readable.from([]));
      return;
    }
    const { isLast, order, limit } = question;
    const walk = isLast && order === 'asc' ? await lastRows(reply, source, limit) : { after: key };
    if (!isLast) {
      const next = await nextAfter(reply, source, question, key, first);
      if (next) reply.header('link', this.nextPage(asked, next).header);
    }
    if (question.format === 'parquet') return this.sendFile(asked, walk);
    const text = Readable.from(slices(asked, walk, this.budget.rowsOf(request, reply)), { objectMode: false });
    const coding = streamCoding(request.headers);
    if (coding) reply.header('content-encoding', coding);
    await reply.send(coding ? codedStream(text, coding) : text);
  }

  /** The whole of it is in a file before the first byte is sent, so that its length is known. */
  private async sendFile<Row>({ request, reply, question, source }: Asked<Row>, walk: Walk): Promise<void> {
    const { columns, limit } = question;
    const cost = this.budget.rowsOf(request, reply);
    const handle = await this.files.write(reply, fileColumns(source.fields, columns), limit, async (file) => {
      const pages = pagesOf(reply, source, question, walk, async (rows) => {
        await cost.add(rows.length);
        await file.write(rows.map((row) => source.toItem(row) as ListItem));
        return NOTHING;
      });
      for await (const page of pages) page satisfies Uint8Array;
    });
    // No page is made any more.
    await reserveRoom(reply, 0);
    const { size } = await handle.stat();
    await reply.header('content-length', size).send(handle.createReadStream());
  }

  /** The same question from another cursor on: path and query, as a visitor reaches them. */
  private nextPage<Row>({ request, question, source, position }: Asked<Row>, key: TimeKey): NextPage {
    const { scope, absolute = {} } = source;
    const cursor = encodeCursor({ scope, key, feed: position, times: question.times });
    const [, query = ''] = request.url.split('?', 2);
    const parameters = new URLSearchParams(query);
    for (const [name, value] of Object.entries(absolute)) parameters.set(name, value);
    parameters.set('cursor', cursor);
    // Not the path as it was asked for: that of a proxy's request may name another host.
    const url = `${this.address.prefixOf(request)}${request.routeOptions.url ?? '/'}?${parameters.toString()}`;
    return { cursor, url, header: `<${url}>; rel="next"` };
  }
}

/** The range that a request asks for, where it is to be looked at: files have none. */
function partOf<Row>({ request: { headers }, question: { format } }: Asked<Row>): string | undefined {
  return format === 'parquet' || headers['if-range'] !== undefined ? undefined : headers.range;
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

/** The text of a long answer, in pieces as they are handed on. */
async function* slices<Row>(
  { reply, question, source }: Asked<Row>,
  walk: Walk,
  cost: RowCost,
): AsyncGenerator<Uint8Array> {
  const { head, line } = linesOf(question, source);
  // With the first rows: until there is room for those, nothing is sent that could not give way to an error.
  let start = head;
  // While the reader takes a page, its text alone is in memory: rows are many times larger.
  const pages = pagesOf(reply, source, question, walk, async (rows) => {
    await cost.add(rows.length);
    const text = start + rows.map((row) => line(source.toItem(row) as ListItem)).join('');
    start = '';
    return Buffer.from(text);
  });
  for await (const page of pages) {
    for (let from = 0; from < page.length; from += SLICE_BYTES) {
      const slice = page.subarray(from, from + SLICE_BYTES);
      // What a slow reader has of the end would keep the whole page in memory beside the next one.
      yield from + SLICES_ON_THEIR_WAY * SLICE_BYTES < page.length ? slice : Buffer.from(slice);
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
