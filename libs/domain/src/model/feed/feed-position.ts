import type { EpochMicros } from '../time';
import { VarintReader, VarintWriter } from './varint-bytes';

/** Within which unit of which feed a reader is, and the first of its items that has not been sent. */
export interface UnitPosition {
  readonly feed: number;
  readonly index: number;
}

/**
 * How far a reader has come in the change feed of a store.
 *
 * Positions count units: the next one to be read of each feed, by the feed's number. A feed that is not named is read from
 * its begin, for it was made later.
 */
export interface FeedPosition {
  /** Which feed tables these numbers belong to: made anew with the tables, and another one after a rebuild. */
  readonly generation: string;
  readonly next: ReadonlyMap<number, number>;
  /** Set in the middle of a unit: the unit at `next` of that feed, from that item on. */
  readonly within: UnitPosition | null;
  /** When the newest unit that was read had been committed; null before the first. */
  readonly committedAt: EpochMicros | null;
}

/** First byte of every position, so that another form can be told from this one. */
const VERSION = 1;
const GENERATION_BYTES = 8;
/** A position that is longer was not made here. */
const MAX_TEXT = 8_192;

/** A position as opaque text of the letters that are safe in an address and in a header. */
export function positionToText({ generation, next, within, committedAt }: FeedPosition): string {
  const writer = new VarintWriter();
  writer.unsigned(VERSION);
  writer.text(generation);
  writer.unsigned(committedAt === null ? 0 : committedAt + 1);
  writer.unsigned(within === null ? 0 : within.index + 1);
  if (within !== null) writer.unsigned(within.feed);
  writer.unsigned(next.size);
  for (const [feed, position] of [...next].sort(([a], [b]) => a - b)) {
    writer.unsigned(feed);
    writer.unsigned(position);
  }
  return writer.written.toString('base64url');
}

/** The position that a text means; undefined where it is none. */
export function positionFromText(text: string): FeedPosition | undefined {
  if (text.length > MAX_TEXT || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    const position = read(new VarintReader(Buffer.from(text, 'base64url')));
    // Another spelling of the same bytes, or bytes behind them, were not made here.
    return position !== undefined && positionToText(position) === text ? position : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(reader: VarintReader): FeedPosition | undefined {
  if (reader.unsigned() !== VERSION) return undefined;
  const generation = reader.text();
  if (!isGeneration(generation)) return undefined;
  const committed = reader.unsigned();
  const index = reader.unsigned();
  const within = index === 0 ? null : { index: index - 1, feed: reader.unsigned() };
  const next = new Map<number, number>();
  for (let feeds = reader.unsigned(); feeds > 0; feeds -= 1) next.set(reader.unsigned(), reader.unsigned());
  return { generation, next, within, committedAt: committed === 0 ? null : committed - 1 };
}

/** Whether a text can name a generation: hexadecimal digits. */
export function isGeneration(text: string): boolean {
  return text.length === 2 * GENERATION_BYTES && /^[0-9a-f]+$/.test(text);
}
