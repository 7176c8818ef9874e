import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';

const CHUNK_BYTES = 1_048_576;
const LINE_FEED = 0x0a;
const NAME = /^(\d{12})(\.shared)?\.jsonl$/;

/** Writes all of the bytes at a position of an open file, or throws. */
export type Write = (handle: number, bytes: Uint8Array, position: number) => void;

/** A segment, as its file name tells. */
export interface SegmentFile {
  readonly name: string;
  readonly number: number;
  /** Whether it was taken over by the spools of all kinds, and has lines of each: it must not grow. */
  readonly isShared: boolean;
}

/** Undefined for any other file. */
export function segmentFile(name: string): SegmentFile | undefined {
  const match = NAME.exec(name);
  return match ? { name, number: Number(match[1]), isShared: match[2] !== undefined } : undefined;
}

export function segmentName(number: number, isShared = false): string {
  return `${number.toString().padStart(12, '0')}${isShared ? '.shared' : ''}.jsonl`;
}

/** Behind the name of a file that could not be read in full: it is kept for a person to look at. */
export const DAMAGED_SUFFIX = '.damaged';

/** One file of the spool: lines, appended at the end, each ended by a line feed. */
export class Segment {
  readonly path: string;
  readonly number: number;
  readonly name: string;
  readonly isShared: boolean;
  private handle: number;
  private bytes: number;

  private constructor({ number, name, isShared }: SegmentFile, folder: string, flags: 'r+' | 'wx+') {
    this.number = number;
    this.name = name;
    this.isShared = isShared;
    this.path = join(folder, name);
    this.handle = openSync(this.path, flags);
    this.bytes = fstatSync(this.handle).size;
  }

  static create(number: number, folder: string): Segment {
    return new Segment({ number, name: segmentName(number), isShared: false }, folder, 'wx+');
  }

  /** Opens a segment of an earlier process and cuts the line that it was killed in. */
  static open(file: SegmentFile, folder: string): Segment {
    const segment = new Segment(file, folder, 'r+');
    const end = segment.endOfLastLine();
    if (end < segment.bytes) {
      ftruncateSync(segment.handle, end);
      fdatasyncSync(segment.handle);
      segment.bytes = end;
    }
    return segment;
  }

  /** Bytes of complete lines. */
  get length(): number {
    return this.bytes;
  }

  /** Appends whole lines and flushes them to disk: all of them, or an error and none. */
  append(lines: Uint8Array, write: Write): void {
    try {
      write(this.handle, lines, this.bytes);
      fdatasyncSync(this.handle);
    } catch (error) {
      this.cutBack();
      throw error;
    }
    this.bytes += lines.length;
  }

  /** Number of lines from an offset, which is the start of a line, to another one, or to the end. */
  countLines(from: number, to = this.bytes): number {
    let count = 0;
    for (let offset = from; offset < to; offset += CHUNK_BYTES) {
      for (const byte of this.read(offset, Math.min(CHUNK_BYTES, to - offset))) if (byte === LINE_FEED) count += 1;
    }
    return count;
  }

  /** The complete lines that fit into about a megabyte from an offset, and always at least one while there are any. */
  readLines(from: number): { readonly text: string; readonly bytes: number }[] {
    let chunk = this.read(from, CHUNK_BYTES);
    if (!chunk.includes(LINE_FEED)) chunk = this.read(from, this.bytes - from);
    const lines: { text: string; bytes: number }[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push({ text: chunk.toString('utf8', start, end), bytes: end + 1 - start });
      start = end + 1;
    }
    return lines;
  }

  close(): void {
    if (this.handle >= 0) closeSync(this.handle);
    this.handle = -1;
  }

  remove(): void {
    this.close();
    unlinkSync(this.path);
  }

  /** Gives the file the name under which it is kept, and lets go of it. */
  setAside(): void {
    this.close();
    renameSync(this.path, `${this.path}${DAMAGED_SUFFIX}`);
  }

  private cutBack(): void {
    try {
      ftruncateSync(this.handle, this.bytes);
    } catch {
      // What is beyond the known length is never read, and written over by the next append.
    }
  }

  private endOfLastLine(): number {
    let end = this.bytes;
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const last = this.read(start, end - start).lastIndexOf(LINE_FEED);
      if (last >= 0) return start + last + 1;
      end = start;
    }
    return 0;
  }

  private read(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.bytes - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const count = readSync(this.handle, buffer, filled, buffer.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }
}
