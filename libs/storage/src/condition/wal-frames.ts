import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const PAGE_SIZE_AT = 8;
/** Two random numbers that the frames of one writing-through of the file have in common with its header. */
const SALT_AT = 16;
const FRAME_SALT_AT = 8;
const SALT_BYTES = 8;
/** Pages of the database after the commit that a frame ends; zero in all others. */
const COMMIT_AT = 4;

/** A page as a `-wal` has it. */
export interface WalFrame {
  /** Counted from 1. */
  readonly page: number;
  /** Whether it is the last of a commit. */
  readonly isCommit: boolean;
  /** The first bytes of the page; overwritten by the next frame. */
  readonly head: Buffer;
}

/** The frames of a `-wal` in their order, each with the first `headBytes` bytes of its page; none where there is no file. */
export function* framesOf(walPath: string, headBytes = 0): Generator<WalFrame> {
  let descriptor: number;
  try {
    descriptor = openSync(walPath, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    yield* framesIn(descriptor, headBytes);
  } finally {
    closeSync(descriptor);
  }
}

function* framesIn(descriptor: number, headBytes: number): Generator<WalFrame> {
  const { size } = fstatSync(descriptor);
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  if (readSync(descriptor, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) return;
  const salt = header.subarray(SALT_AT, SALT_AT + SALT_BYTES);
  const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(PAGE_SIZE_AT);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + headBytes);
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= size; at += frameBytes) {
    if (readSync(descriptor, frame, 0, frame.length, at) < frame.length) return;
    // Behind the last frame lie those of an earlier time.
    if (!frame.subarray(FRAME_SALT_AT, FRAME_SALT_AT + SALT_BYTES).equals(salt)) return;
    const isCommit = frame.readUInt32BE(COMMIT_AT) > 0;
    yield { page: frame.readUInt32BE(0), isCommit, head: frame.subarray(FRAME_HEADER_BYTES) };
  }
}

/** Numbers of the pages that are committed in a `-wal`: SQLite reads them there, and not in the database file. */
export function pagesIn(walPath: string): ReadonlySet<number> {
  const pages = new Set<number>();
  let uncommitted: number[] = [];
  for (const { page, isCommit } of framesOf(walPath)) {
    uncommitted.push(page);
    if (!isCommit) continue;
    for (const each of uncommitted) pages.add(each);
    uncommitted = [];
  }
  return pages;
}
