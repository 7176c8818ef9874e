import { createHash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
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
import { CHECKSUM_SUFFIX, MAX_CHECKSUM_BYTES, readChecksum } from './checksum-file';
import { DayCollector } from './day-collector';
import { CHUNK_BYTES, locateContents, packingOf, readContents, type FileContents, type Packing } from './file-contents';
import { WANTED_COLUMNS } from './kline-csv-columns';
import { KlineCsvParser } from './kline-csv.parser';
import { agreeOnName, otherMarketIn } from './kline-file-name';
import { RowsDigest } from './rows-digest';

/** The archive's files on disk, however they are packed. */
export class DiskKlineFiles extends KlineFiles {
  async open(path: string, { symbol, capturedAt, isKnownSpot = false }: KlineFileOptions): Promise<KlineFile> {
    const name = basename(path);
    if (!isKnownSpot) refuseOtherMarkets(name, path);
    // What the name says already needs no look into the file.
    agreeOnName(path, undefined, symbol);
    const { bytes, sha256, packing } = await examine(path, name);
    const published = await publishedHash(path, name);
    if (published !== undefined && published !== sha256) {
      throw new ArchiveError(
        'checksum_mismatch',
        `${name} has SHA-256 ${sha256}, but its checksum file says ${published}`,
      );
    }
    const contents = await locateContents(path, name, packing);
    if (!isKnownSpot && contents.name !== undefined) refuseOtherMarkets(name, contents.name);
    const { symbol: ofSymbol, range } = agreeOnName(path, contents.name, symbol);
    if (ofSymbol === undefined || !isSymbol(ofSymbol)) {
      throw new ArchiveError(
        'unsupported',
        `${name} does not say its symbol: name it SYMBOL-1m-DATE, or give the symbol`,
      );
    }
    const checksum = published === undefined ? 'absent' : 'verified';
    const facts = { name, symbol: ofSymbol, bytes, sha256, checksum } as const;
    return new DiskKlineFile(path, contents, { range, capturedAt, isKnownSpot }, facts);
  }
}

function refuseOtherMarkets(file: string, path: string): void {
  const mark = otherMarketIn(path);
  if (mark === undefined) return;
  throw new ArchiveError(
    'unsupported',
    `${file} is not of the spot market, whose files alone are stored: its name or folder says ${mark}`,
  );
}

interface ReadOptions {
  readonly range: TimeRange | undefined;
  readonly capturedAt: EpochMicros;
  readonly isKnownSpot: boolean;
}

class DiskKlineFile extends KlineFile {
  private raw: ReadStream | undefined;

  constructor(
    private readonly path: string,
    private readonly contents: FileContents,
    private readonly options: ReadOptions,
    readonly facts: KlineFileFacts,
  ) {
    super();
  }

  get bytesRead(): number {
    return this.raw?.bytesRead ?? 0;
  }

  async *days(signal?: AbortSignal, sieve: DaySieve = (day) => day): AsyncGenerator<DayOfMinutes, KlineFileEnd> {
    const { name, symbol } = this.facts;
    const { range, capturedAt, isKnownSpot } = this.options;
    const parser = new KlineCsvParser({ file: name, symbol, capturedAt, isKnownSpot });
    const collector = new DayCollector(name, range);
    const digest = new RowsDigest();
    async function* counted(days: readonly DayOfMinutes[]): AsyncGenerator<DayOfMinutes> {
      for (const whole of days) {
        const day = await sieve(whole);
        digest.add(day);
        yield day;
      }
    }
    try {
      for await (const chunk of this.bytes()) {
        signal?.throwIfAborted();
        yield* counted(collector.add(parser.push(chunk)));
      }
      yield* counted(collector.add(parser.end()));
      yield* counted(collector.end());
    } catch (error) {
      throw toArchiveError(error, name);
    }
    const end = digest.end(collector.duplicates);
    if (collector.accepted === 0) {
      throw new ArchiveError('malformed', `${name} has no row${faultOfAll(collector.firstFault)}`);
    }
    return end;
  }

  private bytes(): AsyncIterable<Buffer> {
    return readContents(this.path, this.facts.name, this.contents, (raw) => {
      this.raw = raw;
    });
  }
}

/** What the first row says of a file without a good one: most often that it is a table of something else. */
function faultOfAll(firstFault: string | undefined): string {
  if (firstFault === undefined) return '';
  return ` that can be read: ${firstFault}${firstFault.includes(WANTED_COLUMNS) ? '' : `; ${WANTED_COLUMNS}`}`;
}

/** One pass over the bytes, before any row of them is believed. */
async function examine(path: string, name: string): Promise<{ bytes: number; sha256: string; packing: Packing }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let packing: Packing = 'plain';
  try {
    if (!(await stat(path)).isFile()) throw new ArchiveError('unsupported', `${name} is not a file`);
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      if (bytes === 0) packing = packingOf(chunk, name);
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ArchiveError) throw error;
    if (code === 'ENOENT') throw new ArchiveError('not_found', `there is no file ${name}`, { cause: error });
    throw new ArchiveError('rejected', `${name} cannot be read: ${code}`, { cause: error });
  }
  if (bytes === 0) throw new ArchiveError('malformed', `${name} is empty: it has 0 bytes`);
  return { bytes, sha256: hash.digest('hex'), packing };
}

async function publishedHash(path: string, name: string): Promise<string | undefined> {
  const checksum = `${name}${CHECKSUM_SUFFIX}`;
  try {
    const { size } = await stat(`${path}${CHECKSUM_SUFFIX}`);
    if (size > MAX_CHECKSUM_BYTES) throw new ArchiveError('malformed', `${checksum} is not "<sha256>  <name>"`);
    return readChecksum(await readFile(`${path}${CHECKSUM_SUFFIX}`), name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof ArchiveError || code === undefined) throw error;
    if (code === 'ENOENT') return undefined;
    throw new ArchiveError('rejected', `${checksum} cannot be read: ${code}`, { cause: error });
  }
}

/** What the decompressor says of a file that was cut, or is not what it seems. */
function toArchiveError(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'Z_BUF_ERROR') return new ArchiveError('truncated', `${name} ends in the middle`, { cause: error });
  if (code === 'Z_DATA_ERROR') return new ArchiveError('malformed', `${name} is damaged`, { cause: error });
  return error;
}
