import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough, Readable, Transform, type TransformCallback, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { flushFile } from '@app/files';

/** Size and SHA-256 (hexadecimal) of some bytes. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** A file that was packed: what was read, and what was written. */
export interface PackedFile {
  readonly content: Digest & { readonly crc32: number };
  readonly packed: Digest;
}

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Told of bytes that have been read. */
  readonly onBytes?: (count: number) => void;
}

/** Passes on what goes through it and keeps its size and hashes. */
class Measure extends Transform {
  private readonly hash: Hash = createHash('sha256');
  private checksum = 0;
  private bytes = 0;

  constructor(private readonly onBytes: (count: number) => void = () => undefined) {
    super();
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    this.checksum = crc32(chunk, this.checksum);
    this.bytes += chunk.length;
    this.onBytes(chunk.length);
    done(null, chunk);
  }

  result(): Digest & { readonly crc32: number } {
    return { bytes: this.bytes, sha256: this.hash.digest('hex'), crc32: this.checksum };
  }
}

/** Writes the first `length` bytes of a file to a new one, compressed with Zstandard or as they are, and flushes it. */
export async function packFile(
  from: string,
  length: number,
  to: string,
  { encoding, signal, onBytes }: CopyOptions & { readonly encoding: 'none' | 'zstd' },
): Promise<PackedFile> {
  const [content, packed] = [new Measure(onBytes), new Measure()];
  const compress = encoding === 'zstd' ? createZstdCompress() : new PassThrough();
  // A stream always reads one byte at least.
  const source = length === 0 ? Readable.from([]) : createReadStream(from, { end: length - 1 });
  await pipeline(source, content, compress, packed, newFile(to), { signal });
  flushFile(to);
  const { bytes, sha256 } = packed.result();
  return { content: content.result(), packed: { bytes, sha256 } };
}

/** Writes what a file holds, unpacked, to a new one and flushes it; returns what it was. */
export async function unpackFile(
  from: string,
  to: string,
  { encoding, signal, onBytes }: CopyOptions & { readonly encoding: 'none' | 'zstd' },
): Promise<Digest> {
  const content = new Measure();
  const unpack = encoding === 'zstd' ? createZstdDecompress() : new PassThrough();
  await pipeline(createReadStream(from), new Measure(onBytes), unpack, content, newFile(to), { signal });
  flushFile(to);
  return content.result();
}

/** Size and hash of a file. */
export async function digestOf(path: string, { signal, onBytes }: CopyOptions): Promise<Digest> {
  const content = new Measure(onBytes);
  content.resume();
  await pipeline(createReadStream(path), content, { signal });
  return content.result();
}

function newFile(path: string): Writable {
  return createWriteStream(path, { flags: 'wx' });
}
