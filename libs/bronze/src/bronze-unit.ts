import { crc32 } from 'node:zlib';
import { DAY, floorTo, formatDate, type CheckedEvent, type EpochMicros } from '@app/domain';
import { writeFully } from '@app/files';
import type { BronzeFolder } from './bronze-folder';
import { MANIFEST, MANIFEST_FILE } from './fetch-manifest';
import type { StoredFile, StoredFiles, StreamFile } from './stored-files.port';

/** Most bytes that UTF-8 takes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;
const NEWLINE = 0x0a;

/** Of a file that the store has never heard of. */
export const NOTHING_STORED: StoredFile = { length: 0, crc32: 0 };

/** Lines of one topic that were captured on one UTC day. */
interface DayLines {
  readonly topic: string;
  readonly day: EpochMicros;
  readonly lines: string[];
}

/** What one write unit appends to bronze. It knows which files these are, and takes its lines back when it fails. */
export class BronzeUnit {
  /** Files that it has appended to, each with its length before that. */
  private readonly touched = new Map<string, number>();

  constructor(
    private readonly folder: BronzeFolder,
    private readonly stored: StoredFiles,
    /** In which lines become bytes. */
    private readonly buffer: Buffer,
  ) {}

  /**
   * Appends the lines of events to the files of the days on which they were captured, flushes them to disk and stores the
   * new lengths. `partition` is the broker's, null where none brings the lines.
   */
  appendEvents(events: readonly CheckedEvent[], partition: number | null): void {
    const files: DayLines[] = [];
    let current: DayLines | undefined;
    for (const { kind, line, event } of events) {
      const { topic } = kind;
      const day = floorTo(kind.capturedAt(event), DAY);
      if (current?.day !== day || current.topic !== topic) {
        current = files.find((known) => known.day === day && known.topic === topic) ?? { topic, day, lines: [] };
        if (current.lines.length === 0) files.push(current);
      }
      current.lines.push(line);
    }
    for (const { topic, day, lines } of files) {
      const { file, stored } = this.target(`${topic}_${formatDate(day)}`, partition);
      this.appendTo({ topic, partition, file }, stored, lines);
    }
  }

  /** Appends lines to the manifest, flushes them to disk and stores the new length. */
  appendToManifest(...lines: readonly string[]): void {
    if (lines.length === 0) return;
    const stored = this.stored.find(MANIFEST_FILE) ?? NOTHING_STORED;
    this.appendTo({ topic: MANIFEST, partition: null, file: MANIFEST_FILE }, stored, lines);
  }

  /** Takes its lines back. Under the write lock that it has had since it began, so no one else's lie behind them. */
  cutBack(): void {
    for (const [file, length] of this.touched) {
      this.folder.cut(file, length);
      this.touched.delete(file);
    }
  }

  /**
   * Takes its lines back where its write lock was lost meanwhile, under that lock again: whoever wrote last, the stored
   * length is the truth. Changes nothing once the unit is committed.
   */
  cutToStored(): void {
    for (const file of this.touched.keys()) {
      cutSurplus(this.folder, this.stored, file);
      this.touched.delete(file);
    }
  }

  private appendTo(file: StreamFile, { length, crc32: before }: StoredFile, lines: readonly string[]): void {
    if (!this.touched.has(file.file)) this.touched.set(file.file, length);
    const { buffer } = this;
    const descriptor = this.folder.descriptorOf(file.file);
    let end = length;
    let checksum = before;
    const append = (piece: Buffer): void => {
      writeFully(descriptor, piece, end);
      end += piece.length;
      if (checksum !== null) checksum = crc32(piece, checksum);
    };
    let used = 0;
    for (const line of lines) {
      const most = BYTES_PER_UNIT * line.length + 1;
      if (used > 0 && used + most > buffer.length) {
        append(buffer.subarray(0, used));
        used = 0;
      }
      if (most > buffer.length) {
        append(Buffer.from(`${line}\n`, 'utf8'));
      } else {
        used += buffer.write(line, used, 'utf8');
        buffer[used] = NEWLINE;
        used += 1;
      }
    }
    if (used > 0) append(buffer.subarray(0, used));
    this.folder.flush(descriptor);
    this.stored.put(file, { length: end, crc32: checksum });
  }

  /**
   * The file that takes the stream's next lines of a day. A day whose file was compressed, or is damaged, goes on in a
   * new one: `….1.jsonl`, then `….2.jsonl`.
   */
  private target(day: string, partition: number | null): { file: string; stored: StoredFile } {
    const base = partition === null ? day : `${day}.p${partition}`;
    for (let number = 0; ; number += 1) {
      const file = number === 0 ? `${base}.jsonl` : `${base}.${number}.jsonl`;
      if (this.folder.has(`${file}.gz`)) continue;
      const stored = this.stored.find(file) ?? NOTHING_STORED;
      if ((this.folder.lengthOf(file) ?? 0) >= stored.length) return { file, stored };
    }
  }
}

/** Cuts what a file holds behind the length that the store knows. */
export function cutSurplus(folder: BronzeFolder, stored: StoredFiles, file: string): void {
  const { length } = stored.find(file) ?? NOTHING_STORED;
  if ((folder.lengthOf(file) ?? 0) > length) folder.cut(file, length);
}
