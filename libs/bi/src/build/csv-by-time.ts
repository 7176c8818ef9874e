import { open, unlink, type FileHandle } from 'node:fs/promises';
import { csvLines, type CsvLines } from '../tables/csv-lines';
import type { CsvTable } from '../tables/csv-table';

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
/** What is held of all parts together while they are merged, and the least and most of one. */
const MERGED_BYTES = 8_388_608;
const [LEAST_BYTES, MOST_BYTES] = [4_096, 262_144];
/** What is written at once. */
const WRITTEN_BYTES = 262_144;

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A table as a CSV file with the bytes that the API serves for the same rows: in order of time, which is the first column,
 * where they come part by part, each part in that order. The lines of a part lie in a file beside it until all are there.
 */
export class CsvByTime<Row> {
  private readonly parts: Span[] = [];
  private size = 0;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly unmerged: FileHandle,
    private readonly lines: CsvLines<Row>,
  ) {}

  /** Begins a file that must not exist yet. */
  static async create<Row>(path: string, table: CsvTable<Row>): Promise<CsvByTime<Row>> {
    const handle = await open(path, 'wx');
    return new CsvByTime(path, handle, await open(unmergedOf(path), 'wx+'), csvLines(table.columns));
  }

  /** Begins the next part: its rows come after those of earlier parts that have the same time. */
  beginPart(): void {
    this.parts.push({ start: this.size, end: this.size });
  }

  async write(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const bytes = Buffer.from(rows.map(this.lines.line).join(''));
    await this.unmerged.writeFile(bytes);
    this.size += bytes.length;
    const part = this.parts.pop() ?? { start: 0, end: 0 };
    this.parts.push({ ...part, end: this.size });
  }

  /** Merges the parts and flushes the file to disk. */
  async finish(): Promise<void> {
    await this.handle.writeFile(this.lines.head);
    await this.merge();
    await this.handle.datasync();
    await this.abort();
    await unlink(unmergedOf(this.path));
  }

  async abort(): Promise<void> {
    await this.handle.close();
    await this.unmerged.close();
  }

  private async merge(): Promise<void> {
    const bytes = Math.floor(MERGED_BYTES / Math.max(1, this.parts.length));
    const chunkBytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes));
    let parts = this.parts.map((span) => new Part(this.unmerged, span, chunkBytes));
    for (const part of parts) await part.advance();
    let written: Buffer[] = [];
    let writtenBytes = 0;
    for (parts = parts.filter(isUnread); parts.length > 0;) {
      const time = parts.reduce((first, part) => (part.time < first ? part.time : first), parts[0]?.time ?? '');
      let isOneRead = false;
      for (const part of parts) {
        if (part.time !== time || !part.line) continue;
        written.push(part.line);
        writtenBytes += part.line.length;
        if (!part.step()) await part.advance();
        isOneRead ||= !isUnread(part);
      }
      if (isOneRead) parts = parts.filter(isUnread);
      if (writtenBytes < WRITTEN_BYTES && parts.length > 0) continue;
      await this.handle.writeFile(Buffer.concat(written));
      [written, writtenBytes] = [[], 0];
    }
  }
}

/** The lines of a part, one after the other. */
class Part {
  /** The line that is next, with its end; undefined behind the last. */
  line: Buffer | undefined;
  /** What it begins with, up to the first comma. */
  time = '';
  private chunk = Buffer.alloc(0);
  private at = 0;
  private position: number;

  constructor(
    private readonly handle: FileHandle,
    private readonly span: Span,
    private readonly chunkBytes: number,
  ) {
    this.position = span.start;
  }

  /** Goes on to the next line, unless more has to be read for it: then false. */
  step(): boolean {
    const end = this.chunk.indexOf(LINE_FEED, this.at);
    if (end < 0) return false;
    this.line = this.chunk.subarray(this.at, end + 1);
    this.time = this.line.toString('latin1', 0, this.line.indexOf(COMMA));
    this.at = end + 1;
    return true;
  }

  /** Goes on to the next line. */
  async advance(): Promise<void> {
    while (!this.step()) {
      const left = this.span.end - this.position;
      if (left === 0) {
        this.line = undefined;
        return;
      }
      // A new buffer each time: lines of the one before may wait to be written.
      const rest = this.chunk.subarray(this.at);
      const next = Buffer.allocUnsafeSlow(rest.length + Math.min(left, this.chunkBytes));
      rest.copy(next);
      const { bytesRead } = await this.handle.read(next, rest.length, next.length - rest.length, this.position);
      this.position += bytesRead;
      this.chunk = next.subarray(0, rest.length + bytesRead);
      this.at = 0;
    }
  }
}

const isUnread = ({ line }: Part): boolean => line !== undefined;

const unmergedOf = (path: string): string => `${path}.unmerged`;
