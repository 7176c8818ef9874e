import { crc32 } from 'node:zlib';
import { formatDate, type EpochMicros } from '@app/domain';
import type { BronzeFolder } from './bronze-folder';
import { MANIFEST, MANIFEST_FILE } from './fetch-manifest';
import type { LinePacker } from './line-packer';
import type { BronzeStream, StoredFile, StoredFiles, StreamFile } from './stored-files.port';

/** Of a file that the store has never heard of. */
export const NOTHING_STORED: StoredFile = { length: 0, crc32: 0 };

/** What one write unit appends to bronze. It knows which files these are, and takes its lines back when it fails. */
export class BronzeUnit {
  /** Files that it has appended to, each with its length before that. */
  private readonly touched = new Map<string, number>();

  constructor(
    private readonly folder: BronzeFolder,
    private readonly stored: StoredFiles,
    private readonly packer: LinePacker,
  ) {}

  /**
   * Appends lines to the stream's file of the day on which they were captured, flushes them to disk and stores the new
   * length.
   */
  append(stream: BronzeStream, day: EpochMicros, lines: readonly string[]): void {
    const { file, stored } = this.target(`${stream.topic}_${formatDate(day)}`, stream);
    this.appendTo({ ...stream, file }, stored, lines);
  }

  /** Appends lines to the manifest in the same way. */
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
    let checksum = before;
    const packer = this.packer;
    function* pieces(): Generator<Buffer> {
      for (const piece of packer.pack(lines)) {
        if (checksum !== null) checksum = crc32(piece, checksum);
        yield piece;
      }
    }
    const end = this.folder.write(file.file, pieces(), length);
    this.stored.put(file, { length: end, crc32: checksum });
  }

  /**
   * The file that takes the stream's next lines of a day. A day whose file was compressed, or is damaged, goes on in a
   * new one: `….1.jsonl`, then `….2.jsonl`.
   */
  private target(day: string, { partition }: BronzeStream): { file: string; stored: StoredFile } {
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
