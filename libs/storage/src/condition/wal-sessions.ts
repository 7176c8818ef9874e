import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HEADER_BYTES, parseHeader, type SessionMarks } from './database-header';

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const PAGE_SIZE_AT = 8;
/** Two random numbers that the frames of one writing-through of the file have in common with its header. */
const SALT_AT = 16;
const FRAME_SALT_AT = 8;
const SALT_BYTES = 8;

/** The first pages in a `-wal`, as its frames have them; none where there is no file, or no such page in it. */
export function* sessionsOf(walPath: string): Generator<SessionMarks> {
  let descriptor: number;
  try {
    descriptor = openSync(walPath, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    yield* firstPages(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function* firstPages(descriptor: number): Generator<SessionMarks> {
  const { size } = fstatSync(descriptor);
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  if (readSync(descriptor, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) return;
  const salt = header.subarray(SALT_AT, SALT_AT + SALT_BYTES);
  const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(PAGE_SIZE_AT);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + HEADER_BYTES);
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= size; at += frameBytes) {
    if (readSync(descriptor, frame, 0, frame.length, at) < frame.length) return;
    // Behind the last frame lie those of an earlier time.
    if (!frame.subarray(FRAME_SALT_AT, FRAME_SALT_AT + SALT_BYTES).equals(salt)) return;
    if (frame.readUInt32BE(0) !== 1) continue;
    const page = parseHeader(frame.subarray(FRAME_HEADER_BYTES));
    if (page) yield page.marks;
  }
}

/**
 * Whether what a `-wal` holds was written for this database file. SQLite does not ask: beside a file that was replaced, an
 * old `-wal` is written over it. What has no first page in it says nothing, and passes.
 */
export function walBelongsTo(walPath: string, { session }: SessionMarks): boolean {
  let isUnknown = true;
  for (const marks of sessionsOf(walPath)) {
    if (marks.session === session || marks.settled === session) return true;
    isUnknown = false;
  }
  return isUnknown;
}
