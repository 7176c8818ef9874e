import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export interface FoundLine {
  readonly text: string;
  /** Offset of the byte after its line break, in the file as it was before it was compressed. */
  readonly end: number;
}

/** Cuts chunks into complete lines; what follows the last line break waits for the next chunk. */
class LineSplitter {
  private rest = Buffer.alloc(0);

  constructor(private position: number) {}

  *push(chunk: Buffer): Generator<FoundLine> {
    const data = Buffer.concat([this.rest, chunk]);
    const dataStart = this.position - this.rest.length;
    this.position += chunk.length;
    let lineStart = 0;
    for (let newline = data.indexOf(NEWLINE); newline >= 0; newline = data.indexOf(NEWLINE, lineStart)) {
      yield { text: data.toString('utf8', lineStart, newline), end: dataStart + newline + 1 };
      lineStart = newline + 1;
    }
    this.rest = Buffer.from(data.subarray(lineStart));
  }
}

/** Complete lines of a file from an offset on; what follows the last line break is not returned. */
export function* linesFrom(path: string, offset: number): Generator<FoundLine> {
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const splitter = new LineSplitter(offset);
    for (let position = offset; ;) {
      const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
      if (read === 0) return;
      position += read;
      yield* splitter.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Lines of a file that end before an offset. */
export function countLines(path: string, end: number): number {
  let count = 0;
  for (const line of linesFrom(path, 0)) {
    if (line.end > end) break;
    count += 1;
  }
  return count;
}

/** A compressed file of bronze that cannot be read to its end. */
export class CompressedFileError extends Error {
  readonly code = 'BRONZE.UNREADABLE';

  constructor(file: string, cause: unknown) {
    super(`${file} is no complete gzip file (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
    this.name = 'CompressedFileError';
  }
}

/** Complete lines of a file in gzip format, from its begin. @throws CompressedFileError */
export async function* gzipLines(path: string): AsyncGenerator<FoundLine> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const copying = pipeline(createReadStream(path), gunzip).catch(() => undefined);
  const splitter = new LineSplitter(0);
  try {
    for await (const chunk of gunzip) yield* splitter.push(chunk as Buffer);
  } catch (error) {
    throw new CompressedFileError(path, error);
  } finally {
    gunzip.destroy();
    await copying;
  }
}
