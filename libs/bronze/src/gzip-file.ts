import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createGunzip, createGzip } from 'node:zlib';
import { flushFile } from '@app/files';

/** What is compared of a file before and after. */
export interface Contents {
  readonly bytes: number;
  readonly lines: number;
  readonly sha256: string;
  readonly crc32: number;
}

const NEWLINE = 0x0a;

class Inspection {
  private readonly hash = createHash('sha256');
  private checksum = 0;
  private bytes = 0;
  private lines = 0;

  add(chunk: Buffer): void {
    this.hash.update(chunk);
    this.checksum = crc32(chunk, this.checksum);
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) this.lines += 1;
  }

  result(): Contents {
    return { bytes: this.bytes, lines: this.lines, sha256: this.hash.digest('hex'), crc32: this.checksum };
  }
}

function inspecting(inspection: Inspection): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      inspection.add(chunk);
      done();
    },
  });
}

/** Writes the first bytes of a file in gzip format, flushed; returns what they were. */
export async function gzipFile(from: string, length: number, to: string, signal: AbortSignal): Promise<Contents> {
  const inspection = new Inspection();
  const passing = new Transform({
    transform(chunk: Buffer, _, done) {
      inspection.add(chunk);
      done(null, chunk);
    },
  });
  const source = createReadStream(from, { end: length - 1 });
  await pipeline(source, passing, createGzip(), createWriteStream(to), { signal });
  flushFile(to);
  return inspection.result();
}

/** What a file in gzip format holds, read to its end. */
export async function gzipContents(path: string, signal: AbortSignal): Promise<Contents> {
  const inspection = new Inspection();
  await pipeline(createReadStream(path), createGunzip(), inspecting(inspection), { signal });
  return inspection.result();
}

/** What a file holds. */
export async function fileContents(path: string, signal: AbortSignal): Promise<Contents> {
  const inspection = new Inspection();
  await pipeline(createReadStream(path), inspecting(inspection), { signal });
  return inspection.result();
}
