import { createHash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import {
  ArchiveError,
  isSymbol,
  KlineFile,
  KlineFiles,
  type DayOfMinutes,
  type DaySieve,
  type EpochMicros,
  type KlineFileEnd,
  type KlineFileFacts,
  type KlineFileOptions,
  type TimeRange,
} from '@app/domain';
import { parseKlineFileName } from './archive-paths';
import { CHECKSUM_SUFFIX, readChecksum } from './checksum-file';
import { DayCollector } from './day-collector';
import { KlineCsvParser } from './kline-csv.parser';
import { RowsDigest } from './rows-digest';
import { readZippedCsv } from './zip-entry';

const INTERVAL = '1m';
/** Longer pieces than the default of streams: fewer turns of the event loop for the same rows. */
const CHUNK_BYTES = 64 * 1_024;

type Packing = 'zip' | 'gzip' | 'plain';

/** The archive's files on disk, however they are packed. */
export class DiskKlineFiles extends KlineFiles {
  async open(path: string, { symbol, capturedAt }: KlineFileOptions): Promise<KlineFile> {
    const name = basename(path);
    const named = parseKlineFileName(name);
    if (named && named.interval !== INTERVAL) {
      throw new ArchiveError('unsupported', `${name} holds ${named.interval} candles; only ${INTERVAL} can be read`);
    }
    if (named && symbol !== undefined && named.symbol !== symbol) {
      throw new ArchiveError('unsupported', `${name} is a file of ${named.symbol}, not of ${symbol}`);
    }
    const ofSymbol = named?.symbol ?? symbol ?? '';
    if (!isSymbol(ofSymbol)) {
      throw new ArchiveError(
        'unsupported',
        `${name} does not say its symbol: name it SYMBOL-1m-DATE, or give the symbol`,
      );
    }
    const { bytes, sha256, packing } = await examine(path, name);
    const published = await publishedHash(path, name);
    if (published !== undefined && published !== sha256) {
      throw new ArchiveError(
        'checksum_mismatch',
        `${name} has SHA-256 ${sha256}, but its checksum file says ${published}`,
      );
    }
    const checksum = published === undefined ? 'absent' : 'verified';
    return new DiskKlineFile(path, packing, named?.range, capturedAt, {
      name,
      symbol: ofSymbol,
      bytes,
      sha256,
      checksum,
    });
  }
}

class DiskKlineFile extends KlineFile {
  private raw: ReadStream | undefined;

  constructor(
    private readonly path: string,
    private readonly packing: Packing,
    private readonly range: TimeRange | undefined,
    private readonly capturedAt: EpochMicros,
    readonly facts: KlineFileFacts,
  ) {
    super();
  }

  get bytesRead(): number {
    return this.raw?.bytesRead ?? 0;
  }

  async *days(signal?: AbortSignal, sieve: DaySieve = (day) => day): AsyncGenerator<DayOfMinutes, KlineFileEnd> {
    const { name, symbol } = this.facts;
    const parser = new KlineCsvParser({ file: name, symbol, capturedAt: this.capturedAt });
    const collector = new DayCollector(name, this.range);
    const digest = new RowsDigest();
    async function* counted(days: readonly DayOfMinutes[]): AsyncGenerator<DayOfMinutes> {
      for (const whole of days) {
        const day = await sieve(whole);
        digest.add(day);
        yield day;
      }
    }
    try {
      for await (const chunk of this.contents()) {
        signal?.throwIfAborted();
        yield* counted(collector.add(parser.push(chunk)));
      }
      yield* counted(collector.add(parser.end()));
      yield* counted(collector.end());
    } catch (error) {
      throw toArchiveError(error, name);
    }
    return digest.end(collector.duplicates);
  }

  private contents(): AsyncIterable<Buffer> {
    if (this.packing === 'zip') {
      return readZippedCsv(this.path, this.facts.name, (raw) => {
        this.raw = raw;
      });
    }
    const raw = createReadStream(this.path, { highWaterMark: CHUNK_BYTES });
    this.raw = raw;
    if (this.packing === 'plain') return raw;
    // Reading the end of the pipe brings its errors; the callback only keeps them from being unhandled.
    return pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined);
  }
}

/** One pass over the bytes, before any row of them is believed. */
async function examine(path: string, name: string): Promise<{ bytes: number; sha256: string; packing: Packing }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let packing: Packing = 'plain';
  try {
    if (!(await stat(path)).isFile()) throw new ArchiveError('unsupported', `${name} is not a file`);
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      if (bytes === 0) packing = packingOf(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ArchiveError) throw error;
    if (code === 'ENOENT') throw new ArchiveError('not_found', `there is no file ${name}`, { cause: error });
    throw new ArchiveError('rejected', `${name} cannot be read: ${code}`, { cause: error });
  }
  return { bytes, sha256: hash.digest('hex'), packing };
}

function packingOf(start: Buffer): Packing {
  if (start.length >= 4 && start.readUInt32BE(0) === 0x504b0304) return 'zip';
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return 'plain';
}

async function publishedHash(path: string, name: string): Promise<string | undefined> {
  try {
    return readChecksum(await readFile(`${path}${CHECKSUM_SUFFIX}`, 'utf8'), name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the decompressor says of a file that was cut, or is not what it seems. */
function toArchiveError(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'Z_BUF_ERROR') return new ArchiveError('truncated', `${name} ends in the middle`, { cause: error });
  if (code === 'Z_DATA_ERROR') return new ArchiveError('malformed', `${name} is damaged`, { cause: error });
  return error;
}
