import type { FastifyReply, FastifyRequest } from 'fastify';
import { nextTurn, type Page, type TimeKey } from '@app/domain';
import { reserveRoom } from '@app/http';
import { encodeCursor } from './cursor';

/** No item of any list is longer, as JSON: names, times and about ten decimals of the length that the market has. */
const MOST_ITEM_BYTES = 700;

/** More rows than that are not written in the turn in which they were read. */
const ROWS_A_TURN = 500;

export interface PageSource<Row, Item> {
  /** Reads so many rows of the page, or all that there are. */
  readonly read: (rows: number) => Promise<readonly Row[]>;
  readonly limit: number;
  readonly scope: string;
  readonly keyOf: (row: Row) => TimeKey;
  readonly toItem: (row: Row) => Item;
}

/** The same question from another cursor on: path and query, relative to this server. */
function nextUrl(url: string, cursor: string): string {
  const [path = '/', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}

/**
 * Reads a page when there is room for it, and says in body and `Link` header where to go on.
 * @throws ProblemError 503 when there is no room in time
 */
export async function answerPage<Row, Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  { read, limit, scope, keyOf, toItem }: PageSource<Row, Item>,
): Promise<Page<Item>> {
  await reserveRoom(reply, limit * MOST_ITEM_BYTES);
  // One row more than is shown says whether there is another page.
  const rows = await read(limit + 1);
  if (rows.length > ROWS_A_TURN) await nextTurn();
  reply.header('cache-control', 'no-cache');
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const data = shown.map(toItem);
  if (last === undefined) return { data, next_cursor: null, next_url: null };
  const cursor = encodeCursor(scope, keyOf(last));
  const url = nextUrl(request.url, cursor);
  reply.header('link', `<${url}>; rel="next"`);
  return { data, next_cursor: cursor, next_url: url };
}
