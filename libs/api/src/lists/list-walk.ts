import type { FastifyReply } from 'fastify';
import { compareCodePoints, nextTurn, type TimeKey, PAGE_ROWS } from '@app/domain';
import { makePiece, reserveRoom } from '@app/http';
import type { ListQuestion } from './list-question';
import { MOST_ROW_BYTES, type ListSource } from './list-source';

/** Rows of a piece of a long list: what a slow reader has waiting for him is one of these. */
const PIECE_ROWS = 1_000;

/** More rows than that are not written in the turn in which they were read. */
export const ROWS_A_TURN = 500;

/** Sorts after every symbol. */
const LAST_SYMBOL = '\u{10FFFF}';

/** Rows picked, and where the next answer begins; undefined behind the last. */
export interface Picked<Row> {
  readonly rows: readonly Row[];
  readonly next: TimeKey | undefined;
}

/** Where a long answer begins, and rows of its first instant that are not in it. */
export interface Walk {
  readonly after: TimeKey | undefined;
  readonly skip?: (key: TimeKey) => boolean;
}

/** The rows of an answer that is read at once. */
export async function pickPage<Row>(
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

/** The begin of an answer that may be long: all of it where it is short after all, else the key of its first row. */
export type Begin<Row> = { readonly whole: Picked<Row> } | { readonly first: TimeKey };

/** Reads as far as an answer that may be longer than a page is one. */
export async function beginOf<Row>(
  { order, isLast }: ListQuestion,
  { forwards, backwards, keyOf }: ListSource<Row>,
  key: TimeKey | undefined,
): Promise<Begin<Row>> {
  const isForwards = order === 'asc' && !isLast;
  const rows = await (isForwards ? forwards : backwards)(PAGE_ROWS + 1, isLast ? undefined : key);
  const [first] = rows;
  if (first !== undefined && rows.length > PAGE_ROWS) return { first: keyOf(first) };
  return { whole: { rows: isLast && order === 'asc' ? [...rows].reverse() : rows, next: undefined } };
}

/** Where the newest rows begin: their keys alone are walked through. */
export async function lastRows<Row>(
  reply: FastifyReply,
  { backwards, keyOf }: ListSource<Row>,
  limit: number,
): Promise<Walk> {
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

/**
 * The key behind which more follows than the answer holds; undefined when all is in it, as where its range has no room for
 * more rows. `first` is the key of its first row.
 */
export async function nextAfter<Row>(
  reply: FastifyReply,
  source: ListSource<Row>,
  question: ListQuestion,
  after: TimeKey | undefined,
  first: TimeKey,
): Promise<TimeKey | undefined> {
  const { forwards, backwards, keyOf } = source;
  const { order, limit } = question;
  if ((await mostRows(source, question, first)) <= limit) return undefined;
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

/** How many rows there can be from the first one of an answer on. */
async function mostRows<Row>(
  { most, forwards, keyOf }: ListSource<Row>,
  { order, range }: ListQuestion,
  first: TimeKey,
): Promise<number> {
  if (!most) return Infinity;
  if (order === 'asc') return most(first.time, range.end);
  const [oldest] = await forwards(1);
  return oldest === undefined ? 0 : most(keyOf(oldest).time, first.time + 1);
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

/**
 * Makes an answer piece by piece, each when there is room for it: what waits has nothing in memory but its place. The rows of
 * a page are let go of before the next one is read.
 */
export async function* pagesOf<Row>(
  reply: FastifyReply,
  { forwards, backwards, keyOf }: ListSource<Row>,
  { order, limit }: ListQuestion,
  { after, skip }: Walk,
  make: (rows: readonly Row[]) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const read = order === 'asc' ? forwards : backwards;
  let key = after;
  let left = limit;
  const page = async (): Promise<Uint8Array> => {
    const rows = await read(Math.min(PIECE_ROWS, left), key);
    const last = rows.at(-1);
    if (last !== undefined) key = keyOf(last);
    const sent = skip ? rows.filter((row) => !skip(keyOf(row))) : rows;
    // Behind a short page there is nothing.
    left = rows.length < PIECE_ROWS ? 0 : left - sent.length;
    if (sent.length > ROWS_A_TURN) await nextTurn();
    return make(sent);
  };
  while (left > 0) yield await makePiece(reply, Math.min(PIECE_ROWS, left) * MOST_ROW_BYTES, page);
}
