import { compareCodePoints, parseIsoTime, type EpochMicros } from '@app/domain';
import { BronzeFolder } from './bronze-folder';
import { BronzeUnit, cutSurplus, NOTHING_STORED } from './bronze-unit';
import { extendChecksum } from './checksum';
import type { BronzeStream, NamedStoredFile, StoredFile, StoredFiles, StreamFile } from './stored-files.port';

/** A file that is shorter than the store says it was, or gone: lines were lost outside this program. */
export interface BronzeDamage {
  readonly file: string;
  readonly expectedBytes: number;
  readonly foundBytes: number;
}

export interface BronzeFile extends BronzeStream {
  readonly file: string;
  /** UTC day on which its lines were captured. */
  readonly date: EpochMicros;
  /** Whether it is in gzip format: then it is never appended to, and its length is that of the compressed bytes. */
  readonly compressed: boolean;
  /** Bytes whose lines are in the store. */
  readonly storedLength: number;
  readonly foundLength: number;
}

/** Holds any line that the contracts admit. */
const BUFFER_BYTES = 512 * 1024;

/** Topic, date, partition in Kafka mode, and the number of a file that a day was continued in. */
const FILE_NAME = /^(.+)_(\d{4}-\d{2}-\d{2})(?:\.p(\d+))?(?:\.(\d+))?\.jsonl(\.gz)?$/;

/**
 * Append-only JSONL files, one line per event taken, and how far each is accounted for in a store. What is said to be
 * done inside a write unit is synchronous.
 */
export class BronzeArchive {
  private readonly folder: BronzeFolder;
  /** One for all units: each appends in one go. */
  private readonly buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  constructor(
    folder: string,
    private readonly known: StoredFiles,
  ) {
    this.folder = new BronzeFolder(folder);
  }

  /** What a write unit appends through. */
  unit(): BronzeUnit {
    return new BronzeUnit(this.folder, this.known, this.buffer);
  }

  /** Cuts what a file holds behind the length that the store knows. Inside a write unit. */
  cutSurplus(file: string): void {
    cutSurplus(this.folder, this.known, file);
  }

  /** Length that the store knows of a file; undefined for one that it has never heard of. */
  storedLength(file: string): number | undefined {
    return this.stored(file)?.length;
  }

  /** What the store knows of a file; undefined for one that it has never heard of. */
  stored(file: string): StoredFile | undefined {
    return this.known.find(file);
  }

  /** All files that the store knows of, by name. */
  storedFiles(): NamedStoredFile[] {
    return this.known.all();
  }

  /** Files of events in the folder in the order in which they were written, with the length accounted for and found. */
  files(topics: readonly string[]): BronzeFile[] {
    const stored = new Map(this.known.all().map((row) => [row.file, row.length]));
    const files: (BronzeFile & { readonly day: string; readonly number: number })[] = [];
    const names = this.folder.names();
    for (const file of names) {
      const match = FILE_NAME.exec(file);
      const [, topic, date, partition, number = '0', ending] = match ?? [];
      const day = date === undefined ? undefined : parseIsoTime(date);
      if (topic === undefined || date === undefined || day === undefined || !topics.includes(topic)) continue;
      // The compressed file is whole before it has its name: then the other one only waits to be removed.
      if (names.has(`${file}.gz`)) continue;
      const foundLength = this.folder.lengthOf(file);
      if (foundLength === undefined) continue;
      files.push({
        file,
        topic,
        day: `${topic}_${date}`,
        date: day,
        compressed: ending !== undefined,
        partition: partition === undefined ? null : Number(partition),
        number: Number(number),
        storedLength: stored.get(file) ?? 0,
        foundLength,
      });
    }
    return files.sort(
      (a, b) => compareCodePoints(a.day, b.day) || (a.partition ?? -1) - (b.partition ?? -1) || a.number - b.number,
    );
  }

  /** Path of a file of the archive. */
  pathOf(file: string): string {
    return this.folder.pathOf(file);
  }

  /** Moves the stored length of a file forward over lines that have been taken into the store. Inside a write unit. */
  account(file: StreamFile, length: number): void {
    const { length: before, crc32: checksum } = this.stored(file.file) ?? NOTHING_STORED;
    const known = length >= before ? checksum : null;
    const extended = known === null ? null : extendChecksum(this.pathOf(file.file), known, before, length);
    this.known.put(file, { length, crc32: extended });
  }

  /**
   * Gives a file of an earlier version its checksum: `checksum` is that of its first `length` bytes. Inside a write unit.
   */
  adoptChecksum(file: string, length: number, checksum: number): void {
    const stored = this.stored(file);
    if (stored?.crc32 !== null || stored.length < length) return;
    this.known.putChecksum(file, extendChecksum(this.pathOf(file), checksum, length, stored.length));
  }

  /** Files whose compressed copy has its name already; the store may know either of the two. */
  halfCompacted(): string[] {
    const names = this.folder.names();
    return [...names].filter((file) => names.has(`${file}.gz`)).sort(compareCodePoints);
  }

  /** Knows a compressed file in the place of the one that it was made of. Inside a write unit. */
  accountCompressed(file: StreamFile, length: number, checksum: number): void {
    this.forget(file.file);
    this.known.put({ ...file, file: `${file.file}.gz` }, { length, crc32: checksum });
  }

  /** Knows a file no longer. Inside a write unit; the file itself is removed after it. */
  forget(file: string): void {
    this.known.remove(file);
  }

  /** Removes a file that is known no longer. */
  remove(file: string): void {
    this.folder.remove(file);
  }

  /** Cuts a file to a length and flushes it; a file that is not there stays so. Inside a write unit. */
  cut(file: string, length: number): void {
    this.folder.cut(file, length);
  }

  /**
   * Files of this archive that are shorter than is known of them, or gone; one that was compressed is neither. `known` is
   * what this archive's store says unless it is what another one does.
   */
  damage(known: readonly NamedStoredFile[] = this.known.all()): BronzeDamage[] {
    return known.flatMap(({ file, length }) => {
      if (this.folder.has(`${file}.gz`)) return [];
      const foundBytes = this.folder.lengthOf(file) ?? 0;
      return foundBytes < length ? [{ file, expectedBytes: length, foundBytes }] : [];
    });
  }

  close(): void {
    this.folder.close();
  }
}
