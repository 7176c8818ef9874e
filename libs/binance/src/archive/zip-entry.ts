import { open, type FileHandle } from 'node:fs/promises';
import { createReadStream, type ReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createInflateRaw, crc32 } from 'node:zlib';
import { ArchiveError } from '@app/domain';

/** PKWARE's APPNOTE.TXT 6.3.10: 4.3.16, 4.3.12 and 4.3.7. */
const END_OF_DIRECTORY = { signature: 0x06054b50, length: 22, longestComment: 65_535 } as const;
const DIRECTORY_ENTRY = { signature: 0x02014b50, length: 46 } as const;
const LOCAL_HEADER = { signature: 0x04034b50, length: 30 } as const;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED_FLAG = 1;
/** Fewer and longer pieces than the default of 16 KiB. */
const CHUNK_BYTES = 64 * 1_024;
/** In a field of 32 bits: the value is in a zip64 record. */
const ELSEWHERE = 0xffff_ffff;
/** Largest directory read; the archive's own files have one entry. */
const MAX_DIRECTORY_BYTES = 1_048_576;

interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** The one CSV in a zip. */
export interface CsvEntry extends ZipEntry {
  readonly dataOffset: number;
}

/** The entry by which an Excel workbook is known. */
const WORKBOOK = '[Content_Types].xml';

/** What file managers of macOS and Windows add to a zip: nothing that its owner put there. */
const ADDED_BY_SYSTEM = /(?:^|\/)(?:__MACOSX\/|\._[^/]*$|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/i;

/**
 * The contents of a CSV that was located in a zip on disk, piece by piece; size and CRC are checked at the end. `onOpen`
 * is given the stream of the packed bytes. @throws ArchiveError
 */
export async function* readZippedCsv(
  path: string,
  name: string,
  entry: CsvEntry,
  onOpen: (raw: ReadStream) => void,
): AsyncGenerator<Buffer, void> {
  const start = entry.dataOffset;
  const raw = createReadStream(path, { start, end: Math.max(start, start + entry.compressedSize - 1) });
  onOpen(raw);
  let contents: Readable = raw;
  // Reading the end of the pipe brings its errors; the callback only keeps them from being unhandled.
  if (entry.method === DEFLATED)
    contents = pipeline(raw, createInflateRaw({ chunkSize: CHUNK_BYTES }), () => undefined);
  let crc = 0;
  let size = 0;
  for await (const chunk of contents as AsyncIterable<Buffer>) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    if (size > entry.size) break;
    yield chunk;
  }
  if (size !== entry.size || crc !== entry.crc) {
    throw new ArchiveError(
      'malformed',
      `${name}: ${entry.name} in it does not have the size and CRC that the zip says`,
    );
  }
}

/** Reads the directory of a zip, so a file that was cut is found out before a row of it is read. @throws ArchiveError */
export async function locateCsv(path: string, name: string): Promise<CsvEntry> {
  const file = await open(path, 'r');
  try {
    const entries = await readDirectory(file, name);
    const csvs = entries.filter(isCsv);
    const [entry] = csvs;
    if (entries.some((one) => one.name === WORKBOOK)) {
      throw new ArchiveError('unsupported', `${name} is an Excel workbook; zip, gzip and CSV can be read`);
    }
    if (!entry || csvs.length > 1) throw malformed(name, `holds ${csvs.length} CSV files, not one`);
    if (entry.isEncrypted) throw malformed(name, 'is encrypted');
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      throw malformed(name, `holds ${entry.name} in compression method ${entry.method}, which is not deflate`);
    }
    const header = await readAt(file, entry.headerOffset, LOCAL_HEADER.length);
    if (header.length < LOCAL_HEADER.length || header.readUInt32LE(0) !== LOCAL_HEADER.signature) {
      throw malformed(name, 'points to an entry that is not there');
    }
    const dataOffset = entry.headerOffset + LOCAL_HEADER.length + header.readUInt16LE(26) + header.readUInt16LE(28);
    return { ...entry, dataOffset };
  } finally {
    await file.close();
  }
}

function isCsv({ name }: ZipEntry): boolean {
  const path = name.replaceAll('\\', '/');
  return path.toLowerCase().endsWith('.csv') && !ADDED_BY_SYSTEM.test(path);
}

async function readDirectory(file: FileHandle, name: string): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tailLength = Math.min(size, END_OF_DIRECTORY.length + END_OF_DIRECTORY.longestComment);
  const tail = await readAt(file, size - tailLength, tailLength);
  let end = tail.length - END_OF_DIRECTORY.length;
  while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY.signature) end -= 1;
  if (end < 0) throw new ArchiveError('truncated', `${name} is a zip without its end`);
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (offset === ELSEWHERE || length > MAX_DIRECTORY_BYTES) throw malformed(name, 'is larger than zips are read here');
  return parseDirectory(await readAt(file, offset, length), count, name);
}

function parseDirectory(directory: Buffer, count: number, name: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let position = 0;
  for (let index = 0; index < count; index += 1) {
    const isThere = position + DIRECTORY_ENTRY.length <= directory.length;
    if (!isThere || directory.readUInt32LE(position) !== DIRECTORY_ENTRY.signature) {
      throw malformed(name, 'has a directory that cannot be read');
    }
    const nameLength = directory.readUInt16LE(position + 28);
    const nameStart = position + DIRECTORY_ENTRY.length;
    const entry = {
      name: directory.toString('utf8', nameStart, nameStart + nameLength),
      isEncrypted: (directory.readUInt16LE(position + 8) & ENCRYPTED_FLAG) !== 0,
      method: directory.readUInt16LE(position + 10),
      crc: directory.readUInt32LE(position + 16),
      compressedSize: directory.readUInt32LE(position + 20),
      size: directory.readUInt32LE(position + 24),
      headerOffset: directory.readUInt32LE(position + 42),
    };
    if (entry.size === ELSEWHERE || entry.compressedSize === ELSEWHERE || entry.headerOffset === ELSEWHERE) {
      throw malformed(name, 'is larger than zips are read here');
    }
    entries.push(entry);
    position = nameStart + nameLength + directory.readUInt16LE(position + 30) + directory.readUInt16LE(position + 32);
  }
  return entries;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function malformed(name: string, what: string): ArchiveError {
  return new ArchiveError('malformed', `${name} ${what}`);
}
