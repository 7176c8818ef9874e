import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ArchiveError } from '@app/domain';
import { locateCsv, readZippedCsv, type CsvEntry } from './zip-entry';

/** Longer pieces than the default of streams: fewer turns of the event loop for the same rows. */
export const CHUNK_BYTES = 64 * 1_024;

export type Packing = 'zip' | 'gzip' | 'plain';

/** The CSV of a file on disk: how it is packed, and its name in the packing, where that has one. */
export type FileContents =
  | { readonly packing: 'zip'; readonly name: string; readonly entry: CsvEntry }
  | { readonly packing: 'gzip'; readonly name: string | undefined }
  | { readonly packing: 'plain'; readonly name: undefined };

/** As many bytes as are looked at for {@link OTHER_FORMATS}. */
const LONGEST_SIGNATURE = 16;
/** RFC 1952, 2.3.1. */
const GZIP = { headerLength: 10, flags: 3, hasExtra: 4, hasName: 8 } as const;
/** Longest part of a gzip header that is looked at: ten bytes, extra fields, a name. */
const MAX_GZIP_HEADER = 4_096;

/** What people give instead, by its first bytes. */
const OTHER_FORMATS: readonly (readonly [start: string, what: string])[] = [
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  ['\xfd7zXZ\x00', 'packed by xz'],
  ['BZh', 'packed by bzip2'],
  ['\x28\xb5\x2f\xfd', 'packed by zstd'],
  ['PAR1', 'a Parquet file'],
  ['SQLite format 3\x00', 'a SQLite database'],
  ['\xd0\xcf\x11\xe0', 'an Excel workbook'],
  ['<', 'a web page or an error message in XML, no download of the file'],
  ['{', 'JSON'],
  ['[', 'JSON'],
];

/** By the first bytes, whatever the name says. @throws ArchiveError for what is no table and cannot be unpacked */
export function packingOf(start: Buffer, name: string): Packing {
  const signature = start.length >= 4 ? start.readUInt32BE(0) : 0;
  // The second is a zip without an entry.
  if (signature === 0x504b0304 || signature === 0x504b0506) return 'zip';
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return 'gzip';
  const text = start.toString('latin1', 0, LONGEST_SIGNATURE);
  const [, other] = OTHER_FORMATS.find(([signs]) => text.startsWith(signs)) ?? [];
  if (other === undefined) return 'plain';
  throw new ArchiveError('unsupported', `${name} is ${other}; zip, gzip and CSV can be read`);
}

/** @throws ArchiveError for a zip that is damaged, or holds anything but one CSV */
export async function locateContents(path: string, name: string, packing: Packing): Promise<FileContents> {
  if (packing === 'zip') {
    const entry = await locateCsv(path, name);
    return { packing, name: entry.name, entry };
  }
  return packing === 'gzip' ? { packing, name: await gzipName(path) } : { packing, name: undefined };
}

/** The bytes of the CSV, piece by piece; `onOpen` is given the stream of the packed ones. */
export function readContents(
  path: string,
  name: string,
  contents: FileContents,
  onOpen: (raw: ReadStream) => void,
): AsyncIterable<Buffer> {
  if (contents.packing === 'zip') return readZippedCsv(path, name, contents.entry, onOpen);
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  onOpen(raw);
  if (contents.packing === 'plain') return raw;
  // Reading the end of the pipe brings its errors; the callback only keeps them from being unhandled.
  return pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined);
}

/** The name that `gzip` keeps of the file it packed; undefined where it was told not to, or packed a pipe. */
async function gzipName(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_GZIP_HEADER), 0, MAX_GZIP_HEADER, 0);
    const header = buffer.subarray(0, bytesRead);
    const flags = header.length > GZIP.headerLength + 2 ? header.readUInt8(GZIP.flags) : 0;
    if ((flags & GZIP.hasName) === 0) return undefined;
    const hasExtra = (flags & GZIP.hasExtra) !== 0;
    const start = GZIP.headerLength + (hasExtra ? 2 + header.readUInt16LE(GZIP.headerLength) : 0);
    const end = header.indexOf(0, start);
    return end < 0 ? undefined : header.toString('utf8', start, end);
  } finally {
    await file.close();
  }
}
