import { SECOND, type EpochMicros } from '@app/domain';
import { coded, type CodedBytes, type ContentCoding } from '@app/http';
import { weakTag } from './request-conditions';

const LINE_FEED = 0x0a;

/** Bytes that are served under a name. */
export class CsvFile {
  readonly etag: string;
  /** What follows from the bytes alone. */
  readonly headers: Readonly<Record<string, string>>;
  private readonly compressed = new Map<ContentCoding, Promise<CodedBytes>>();
  private counted: number | undefined;

  constructor(
    readonly bytes: Buffer,
    fileName: string,
    contentType = 'text/csv; charset=utf-8; header=present',
  ) {
    this.etag = weakTag(bytes);
    this.headers = {
      'content-type': contentType,
      'content-length': String(bytes.length),
      'content-disposition': `inline; filename="${fileName}"`,
      'accept-ranges': 'bytes',
    };
  }

  /** Rows below the header, counted once. */
  get rows(): number {
    if (this.counted !== undefined) return this.counted;
    let lines = 0;
    for (let at = this.bytes.indexOf(LINE_FEED); at >= 0; at = this.bytes.indexOf(LINE_FEED, at + 1)) lines += 1;
    this.counted = Math.max(0, lines - 1);
    return this.counted;
  }

  /** The same bytes in a coding, in each of them once. */
  coded(coding: ContentCoding): Promise<CodedBytes> {
    const known = this.compressed.get(coding);
    if (known) return known;
    const compressed = coded(this.bytes, coding);
    this.compressed.set(coding, compressed);
    return compressed;
  }
}

/** What a date says of the bytes that are served under it. */
export interface Dating {
  /** To the second, as HTTP dates are. */
  readonly lastModified: EpochMicros;
  /** Whether no other bytes can have been served under the same date. */
  readonly isDistinct: boolean;
  /** From when on these were the bytes, as far as this process knows. */
  readonly heldSince: EpochMicros;
  /** Until when they are expected to stay as they are; absent where no row is open. */
  readonly freshUntil?: EpochMicros | undefined;
}

/** Longest time for which a cache may keep a table without asking, in seconds. */
const MOST_SECONDS = 60;

/** A table as it is served: its bytes, and what caches need to know about them. */
export class CsvSnapshot {
  readonly lastModifiedText: string;
  /** Headers of a plain 200, ready to be sent beside `Cache-Control`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly file: CsvFile,
    private readonly dating: Dating,
  ) {
    this.lastModifiedText = new Date((dating.lastModified / SECOND) * 1_000).toUTCString();
    this.headers = { ...file.headers, ...this.validators() };
  }

  get bytes(): Buffer {
    return this.file.bytes;
  }

  get rows(): number {
    return this.file.rows;
  }

  get etag(): string {
    return this.file.etag;
  }

  get lastModified(): EpochMicros {
    return this.dating.lastModified;
  }

  /**
   * Whether a copy that is as old as `since` has these bytes: its date is theirs and no others', or it was made while
   * they were served here. What is neither may be other bytes of the same second, or some that came late into the store.
   */
  isCopiedAt(since: EpochMicros, now: EpochMicros): boolean {
    const { lastModified, isDistinct, heldSince } = this.dating;
    return (isDistinct && since === lastModified) || (since >= heldSince && since <= now);
  }

  get freshUntil(): EpochMicros | undefined {
    return this.dating.freshUntil;
  }

  /**
   * How long caches may keep the bytes (RFC 9111, RFC 5861): with an open row no longer than until the next poll or
   * candle, and never beyond that while they ask.
   */
  cacheControl(now: EpochMicros): string {
    const { freshUntil } = this.dating;
    if (freshUntil === undefined) return `public, max-age=${MOST_SECONDS}, stale-while-revalidate=300`;
    const seconds = Math.floor((freshUntil - now) / SECOND);
    return `public, max-age=${Math.min(Math.max(0, seconds), MOST_SECONDS)}, stale-while-revalidate=0`;
  }

  /** What a 304 repeats of the 200, beside `Cache-Control`. */
  validators(): Record<string, string> {
    return {
      etag: this.etag,
      'last-modified': this.lastModifiedText,
      vary: 'Accept-Encoding',
    };
  }

  coded(coding: ContentCoding): Promise<CodedBytes> {
    return this.file.coded(coding);
  }
}
