import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { compareCodePoints, formatDate, parseIsoTime, type EpochMicros } from '@app/domain';
import { flushFolder } from '@app/files';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';
import type { ArchiveIdentity } from './archive-identity';
import { extendChecksum } from './checksum';
import { LinePacker } from './line-packer';

/** One append-only stream of lines: a topic, and in Kafka mode a partition of it. */
export interface BronzeStream {
  readonly topic: string;
  readonly partition: number | null;
}

/** A file that is shorter than the tables say it was, or gone: lines were lost outside this program. */
export interface BronzeDamage {
  readonly file: string;
  readonly expectedBytes: number;
  readonly foundBytes: number;
}

/** What the tables know of a file: how many of its bytes they have, and the CRC-32 of these, where it is known. */
export interface StoredFile {
  readonly length: number;
  readonly crc32: number | null;
}

export interface BronzeFile extends BronzeStream {
  readonly file: string;
  /** UTC day on which its lines were captured. */
  readonly date: EpochMicros;
  /** Whether it is in gzip format: then it is never appended to, and its length is that of the compressed bytes. */
  readonly compressed: boolean;
  /** Bytes whose lines are in the tables. */
  readonly storedLength: number;
  readonly foundLength: number;
}

const MAX_OPEN_FILES = 32;

const NOTHING_STORED: StoredFile = { length: 0, crc32: 0 };

/** Topic, date, partition in Kafka mode, and the number of a file that a day was continued in. */
const FILE_NAME = /^(.+)_(\d{4}-\d{2}-\d{2})(?:\.p(\d+))?(?:\.(\d+))?\.jsonl(\.gz)?$/;

interface OpenFile {
  readonly descriptor: number;
  /** Tells whether the name still means the file that is open. */
  readonly inode: number;
  lastUse: number;
}

/**
 * Append-only JSONL files, one line per event taken. How far each file is accounted for stands in the database
 * (`bronze_files`), in the same transaction as the rows of its lines; whatever lies behind that length belongs to a
 * transaction that did not commit. Everything here is synchronous and runs inside write units.
 */
export class BronzeArchive {
  private readonly open = new Map<string, OpenFile>();
  /** Files that the unit in hand has appended to, each with its length before that. */
  private readonly touched = new Map<string, number>();
  private readonly packer = new LinePacker();
  private useCounter = 0;

  constructor(
    private readonly folder: string,
    private readonly identity: ArchiveIdentity,
    private readonly database: SqliteHandle,
  ) {}

  private readonly selectStored = this.lazy('SELECT length, crc32 FROM bronze_files WHERE writer_id = ? AND file = ?');
  private readonly upsert = this.lazy(
    `INSERT INTO bronze_files (writer_id, file, topic, partition, length, crc32) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (writer_id, file) DO UPDATE SET length = excluded.length, crc32 = excluded.crc32`,
  );
  private readonly deleteRow = this.lazy('DELETE FROM bronze_files WHERE writer_id = ? AND file = ?');

  /**
   * Appends lines to the stream's file of the day on which they were captured, flushes them to disk and stores the new
   * length. Inside a write unit only, after {@link beginUnit}.
   */
  append(stream: BronzeStream, day: EpochMicros, lines: readonly string[]): void {
    const { file, stored } = this.target(`${stream.topic}_${formatDate(day)}`, stream);
    this.appendTo(file, stored, stream, lines);
  }

  /** Appends lines to a file that is not a stream of events, such as the manifest of fetches. */
  appendRecord(name: string, ...lines: readonly string[]): void {
    if (lines.length === 0) return;
    const stream = { topic: name, partition: null };
    this.appendTo(`${name}.jsonl`, this.stored(`${name}.jsonl`) ?? NOTHING_STORED, stream, lines);
  }

  /**
   * Begins a unit: whatever an earlier one that failed could not take back at once (disk gone, transaction ended by
   * itself) is cut first. The write lock is held: whoever wrote last, the stored length is the truth.
   */
  beginUnit(): void {
    for (const file of this.touched.keys()) this.cutSurplus(file);
    this.touched.clear();
  }

  /** Takes back what the unit in hand appended. Inside its write unit, before the roll-back. */
  undo(): void {
    for (const [file, length] of this.touched) {
      this.cut(file, length);
      this.touched.delete(file);
    }
  }

  /** Cuts what a file holds behind the length that the database knows. */
  cutSurplus(file: string): void {
    const length = this.storedLength(file) ?? 0;
    if ((this.foundLength(file) ?? 0) > length) this.cut(file, length);
  }

  /** Length that the database knows of a file; undefined for one that it has never heard of. */
  storedLength(file: string): number | undefined {
    return this.stored(file)?.length;
  }

  /** What the database knows of a file; undefined for one that it has never heard of. */
  stored(file: string): StoredFile | undefined {
    return this.selectStored().get(this.identity.writerId, file) as StoredFile | undefined;
  }

  /** All files that the database knows of, by name; `schema` is the attached database that is asked. */
  storedFiles(schema = 'main'): (StoredFile & { readonly file: string })[] {
    const columns =
      schema === 'main' || this.hasChecksums(schema) ? 'file, length, crc32' : 'file, length, NULL AS crc32';
    return this.database
      .prepare<[string], StoredFile & { file: string }>(
        `SELECT ${columns} FROM ${schema}.bronze_files WHERE writer_id = ? ORDER BY file`,
      )
      .all(this.identity.writerId);
  }

  /** Files of events in the folder in the order in which they were written, with the length accounted for and found. */
  files(topics: readonly string[]): BronzeFile[] {
    const stored = new Map(this.storedFiles().map((row) => [row.file, row.length]));
    const files: (BronzeFile & { readonly day: string; readonly number: number })[] = [];
    const names = new Set(readdirSync(this.folder));
    for (const file of names) {
      const match = FILE_NAME.exec(file);
      const [, topic, date, partition, number = '0', ending] = match ?? [];
      const day = date === undefined ? undefined : parseIsoTime(date);
      if (topic === undefined || date === undefined || day === undefined || !topics.includes(topic)) continue;
      // The compressed file is whole before it has its name: then the other one only waits to be removed.
      if (names.has(`${file}.gz`)) continue;
      files.push({
        file,
        topic,
        day: `${topic}_${date}`,
        date: day,
        compressed: ending !== undefined,
        partition: partition === undefined ? null : Number(partition),
        number: Number(number),
        storedLength: stored.get(file) ?? 0,
        foundLength: statSync(join(this.folder, file)).size,
      });
    }
    return files.sort(
      (a, b) => compareCodePoints(a.day, b.day) || (a.partition ?? -1) - (b.partition ?? -1) || a.number - b.number,
    );
  }

  /** Path of a file of the archive. */
  pathOf(file: string): string {
    return join(this.folder, file);
  }

  /** Moves the stored length of a file forward over lines that have been taken into the tables. Inside a write unit. */
  account(file: BronzeStream & { readonly file: string }, length: number): void {
    const { length: before, crc32: checksum } = this.stored(file.file) ?? NOTHING_STORED;
    const known = length >= before ? checksum : null;
    const extended = known === null ? null : extendChecksum(this.pathOf(file.file), known, before, length);
    this.store(file, length, extended);
  }

  /**
   * Gives a file of an earlier version its checksum: `checksum` is that of its first `length` bytes. Inside a write unit.
   */
  adoptChecksum(file: string, length: number, checksum: number): void {
    const stored = this.stored(file);
    if (stored?.crc32 !== null || stored.length < length) return;
    const extended = extendChecksum(this.pathOf(file), checksum, length, stored.length);
    this.database
      .prepare('UPDATE bronze_files SET crc32 = ? WHERE writer_id = ? AND file = ?')
      .run(extended, this.identity.writerId, file);
  }

  /** Files whose compressed copy has its name already; the tables may know either of the two. */
  halfCompacted(): string[] {
    const names = new Set(readdirSync(this.folder));
    return [...names].filter((file) => names.has(`${file}.gz`)).sort(compareCodePoints);
  }

  /** Knows a compressed file in the place of the one that it was made of. Inside a write unit. */
  accountCompressed(file: BronzeStream & { readonly file: string }, length: number, checksum: number): void {
    this.forget(file.file);
    this.store({ ...file, file: `${file.file}.gz` }, length, checksum);
  }

  /** Knows a file no longer. Inside a write unit; the file itself is removed after it. */
  forget(file: string): void {
    this.deleteRow().run(this.identity.writerId, file);
  }

  /** Removes a file that is known no longer. */
  remove(file: string): void {
    this.closeFile(file);
    rmSync(this.pathOf(file), { force: true });
  }

  /** Cuts a file to a length and flushes it; a file that is not there stays so. */
  cut(file: string, length: number): void {
    if (!existsSync(this.pathOf(file))) return;
    const { descriptor } = this.descriptorOf(file);
    ftruncateSync(descriptor, length);
    fdatasyncSync(descriptor);
  }

  /**
   * Files of this archive that are shorter than the tables say, or gone; one that was compressed is neither. `schema` is
   * the attached database that says it.
   */
  damage(schema = 'main'): BronzeDamage[] {
    return this.storedFiles(schema).flatMap(({ file, length }) => {
      if (existsSync(this.pathOf(`${file}.gz`))) return [];
      const foundBytes = this.foundLength(file) ?? 0;
      return foundBytes < length ? [{ file, expectedBytes: length, foundBytes }] : [];
    });
  }

  close(): void {
    for (const { descriptor } of this.open.values()) closeSync(descriptor);
    this.open.clear();
  }

  private store(
    { file, topic, partition }: BronzeStream & { readonly file: string },
    ...stored: [number, number | null]
  ): void {
    this.upsert().run(this.identity.writerId, file, topic, partition, ...stored);
  }

  /** Whether an attached database is new enough to have them. */
  private hasChecksums(schema: string): boolean {
    const columns = this.database.prepare<[], { name: string }>(`PRAGMA ${schema}.table_info(bronze_files)`).all();
    return columns.some(({ name }) => name === 'crc32');
  }

  private appendTo(
    file: string,
    { length, crc32: before }: StoredFile,
    stream: BronzeStream,
    lines: readonly string[],
  ): void {
    if (!this.touched.has(file)) this.touched.set(file, length);
    const { descriptor } = this.descriptorOf(file);
    let end = length;
    let checksum = before;
    for (const piece of this.packer.pack(lines)) {
      if (checksum !== null) checksum = crc32(piece, checksum);
      for (let written = 0; written < piece.length;) {
        const now = writeSync(descriptor, piece, written, piece.length - written, end);
        written += now;
        end += now;
      }
    }
    fdatasyncSync(descriptor);
    this.store({ ...stream, file }, end, checksum);
  }

  /**
   * The file that takes the stream's next lines of a day. A day whose file was compressed, or is damaged, goes on in a
   * new one: `….1.jsonl`, then `….2.jsonl`.
   */
  private target(day: string, { partition }: BronzeStream): { file: string; stored: StoredFile } {
    const base = partition === null ? day : `${day}.p${partition}`;
    for (let number = 0; ; number += 1) {
      const file = number === 0 ? `${base}.jsonl` : `${base}.${number}.jsonl`;
      if (existsSync(this.pathOf(`${file}.gz`))) continue;
      const stored = this.stored(file) ?? NOTHING_STORED;
      if ((this.foundLength(file) ?? 0) >= stored.length) return { file, stored };
    }
  }

  private foundLength(file: string): number | undefined {
    return statSync(this.pathOf(file), { throwIfNoEntry: false })?.size;
  }

  private descriptorOf(file: string): OpenFile {
    this.useCounter += 1;
    const known = this.open.get(file);
    const path = this.pathOf(file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (known && known.inode === found?.ino) {
      known.lastUse = this.useCounter;
      return known;
    }
    // Removed, or replaced by a copy: what is written into the old one is seen by nobody.
    if (known) this.closeFile(file);
    const descriptor = openSync(path, found ? 'r+' : 'w+');
    const opened = { descriptor, inode: fstatSync(descriptor).ino, lastUse: this.useCounter };
    this.open.set(file, opened);
    if (!found) flushFolder(this.folder);
    this.closeLeastUsed();
    return opened;
  }

  private closeLeastUsed(): void {
    if (this.open.size <= MAX_OPEN_FILES) return;
    const [oldest] = [...this.open].sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (oldest) this.closeFile(oldest[0]);
  }

  private closeFile(file: string): void {
    const known = this.open.get(file);
    if (!known) return;
    closeSync(known.descriptor);
    this.open.delete(file);
  }

  private lazy(sql: string): () => Statement {
    let statement: Statement | undefined;
    return () => (statement ??= this.database.prepare(sql));
  }
}
