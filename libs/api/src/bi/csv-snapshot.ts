import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SECOND, type EpochMicros } from '@app/domain';

const compress = promisify(gzip);

/** A table as it is served: its bytes, and what caches need to know about them. */
export class CsvSnapshot {
  readonly etag: string;
  readonly lastModifiedText: string;
  /** Headers of a plain 200, ready to be sent. */
  readonly headers: Readonly<Record<string, string>>;
  private compressed: Promise<Buffer> | undefined;

  constructor(
    readonly bytes: Buffer,
    /** To the second, as HTTP dates are. */
    readonly lastModified: EpochMicros,
    fileName: string,
    contentType = 'text/csv; charset=utf-8; header=present',
  ) {
    this.etag = `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    this.lastModifiedText = new Date((lastModified / SECOND) * 1_000).toUTCString();
    this.headers = {
      'content-type': contentType,
      'content-length': String(bytes.length),
      'content-disposition': `inline; filename="${fileName}"`,
      'accept-ranges': 'bytes',
      ...this.validators(),
    };
  }

  /** What a 304 repeats of the 200. */
  validators(): Record<string, string> {
    return {
      etag: this.etag,
      'last-modified': this.lastModifiedText,
      'cache-control': 'public, max-age=60, stale-while-revalidate=300',
      vary: 'Accept-Encoding',
    };
  }

  /** The same bytes compressed, once. */
  gzip(): Promise<Buffer> {
    this.compressed ??= compress(this.bytes);
    return this.compressed;
  }
}
