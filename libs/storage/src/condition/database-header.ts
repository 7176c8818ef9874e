/** Bytes at the begin of a database file that say what it is. */
export const HEADER_BYTES = 100;

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
/** How the largest page size, which two bytes cannot hold, is written. */
const LARGEST_PAGE_SIZE = 65_536;

/** What the first page of a database says, as far as it is looked at here. */
export interface DatabaseHeader {
  readonly pageSize: number;
  /** Pages of the database when this page was written. */
  readonly pageCount: number;
  readonly marks: SessionMarks;
}

/**
 * Which session of a capture owner wrote the page. A session draws a number and puts it into the database before it
 * writes anything else; until it has reached the file itself, `settled` is still the number of the session before.
 */
export interface SessionMarks {
  readonly session: number;
  readonly settled: number;
}

/** Undefined for what is no page 1 of an SQLite database. */
export function parseHeader(bytes: Buffer): DatabaseHeader | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const pageSize = bytes.readUInt16BE(PAGE_SIZE_AT);
  return {
    pageSize: pageSize === 1 ? LARGEST_PAGE_SIZE : pageSize,
    pageCount: bytes.readUInt32BE(PAGE_COUNT_AT),
    marks: { session: bytes.readInt32BE(USER_VERSION_AT), settled: bytes.readInt32BE(APPLICATION_ID_AT) },
  };
}
