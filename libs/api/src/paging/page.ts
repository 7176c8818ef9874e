import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page, TimeKey } from '@app/domain';
import { encodeCursor } from './cursor';

export interface PageSource<Row, Item> {
  /** Rows read: one more than the limit when there are more. */
  readonly rows: readonly Row[];
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

/** Cuts the rows to a page, and says in body and `Link` header where to go on. */
export function answerPage<Row, Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  { rows, limit, scope, keyOf, toItem }: PageSource<Row, Item>,
): Page<Item> {
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
