import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { DAY, isAborted, type Clock, type CompactedFile, type CompactionReport } from '@app/domain';
import { flushFolder } from '@app/files';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import type { BronzeReaders } from './bronze-readers.port';
import type { BronzeUnits } from './bronze-units.port';
import { fileContents, gzipContents, gzipFile, type Contents } from './gzip-file';

/** How long after its end a day is closed: what comes later for it goes into a new file. */
const CLOSED_AFTER = DAY;

/** A compressed file does not hold what it was made of: nothing was removed. */
export class CompactionError extends Error {
  readonly code = 'BRONZE.COMPACTION';

  constructor(file: string) {
    super(`${file}.gz does not hold what ${file} does; the latter stays`);
    this.name = 'CompactionError';
  }
}

/** A file does not hold what was written: it is compressed no more than used. */
export class AlteredFileError extends Error {
  readonly code = 'BRONZE.ALTERED';

  constructor(file: string) {
    super(`${file} was altered outside this program (its CRC-32 is another); \`cli verify-bi\` names the lines`);
    this.name = 'AlteredFileError';
  }
}

const isSame = (a: Contents, b: Contents): boolean =>
  a.bytes === b.bytes && a.lines === b.lines && a.sha256 === b.sha256;

/**
 * Compresses the bronze files of closed days. The new file is written and read back beside the old one; under the write
 * lock, and only if nothing was appended meanwhile, it gets its name and the tables know it instead of the old one, which
 * is then removed. Ended at any point, one of the two is whole, and the next run goes on.
 */
export class BronzeCompactor {
  constructor(
    private readonly units: BronzeUnits,
    private readonly archive: BronzeArchive,
    private readonly topics: readonly string[],
    private readonly clock: Clock,
    private readonly readers: BronzeReaders,
  ) {}

  async run(signal: AbortSignal): Promise<CompactionReport> {
    const files: CompactedFile[] = [];
    const failed: { file: string; reason: string }[] = [];
    if (this.readers.areAtWork()) return { files, failed, isPaused: true };
    // What is wrong with one file must not keep the others from being compressed.
    const attempt = async (file: string, work: () => Promise<CompactedFile | undefined>): Promise<void> => {
      if (signal.aborted) return;
      try {
        const compacted = await work();
        if (compacted) files.push(compacted);
      } catch (error) {
        if (!isAborted(signal)) failed.push({ file, reason: (error as Error).message });
      }
    };
    for (const file of this.archive.halfCompacted()) await attempt(file, () => this.finish(file, signal));
    for (const file of this.archive.files(this.topics)) {
      if (this.isClosed(file)) await attempt(file.file, () => this.compact(file, signal));
    }
    return { files, failed };
  }

  /** Taken up to its last byte, and old enough. */
  private isClosed({ compressed, date, storedLength, foundLength }: BronzeFile): boolean {
    const closedAt = date + DAY + CLOSED_AFTER;
    return !compressed && foundLength > 0 && foundLength === storedLength && closedAt <= this.clock.now();
  }

  private async compact(file: BronzeFile, signal: AbortSignal): Promise<CompactedFile | undefined> {
    const path = this.archive.pathOf(file.file);
    const next = `${path}.gz.${process.pid}.new`;
    try {
      const contents = await gzipFile(path, file.storedLength, next, signal);
      if (!isSame(contents, await gzipContents(next, signal))) throw new CompactionError(file.file);
      // What was altered outside this program must not get a checksum of its own.
      const { crc32: stored = null } = this.archive.stored(file.file) ?? {};
      if (stored !== null && stored !== contents.crc32) throw new AlteredFileError(file.file);
      const { bytes: bytesAfter, crc32: checksumAfter } = await fileContents(next, signal);
      const isNamed = await this.units.run(() => {
        if (this.readers.areAtWork()) return false;
        // Somebody has appended to it, or compressed or removed it, since.
        if (this.archive.storedLength(file.file) !== file.storedLength) return false;
        if (statSync(path, { throwIfNoEntry: false })?.size !== file.storedLength) return false;
        if (existsSync(`${path}.gz`)) return false;
        renameSync(next, `${path}.gz`);
        flushFolder(this.archive.pathOf(''));
        this.archive.accountCompressed(file, bytesAfter, checksumAfter);
        return true;
      });
      if (!isNamed) return undefined;
      this.archive.remove(file.file);
      return { file: file.file, lines: contents.lines, bytesBefore: contents.bytes, bytesAfter };
    } finally {
      rmSync(next, { force: true });
    }
  }

  /** Of a run that was ended before the old file was removed. */
  private async finish(file: string, signal: AbortSignal): Promise<undefined> {
    const path = this.archive.pathOf(file);
    const same = isSame(await fileContents(path, signal), await gzipContents(`${path}.gz`, signal));
    if (!same) throw new CompactionError(file);
    const known = this.archive.files(this.topics).find((found) => found.file === `${file}.gz`);
    const { bytes, crc32: checksum } = await fileContents(`${path}.gz`, signal);
    const isOver = await this.units.run(() => {
      if (this.readers.areAtWork()) return false;
      if (known) this.archive.accountCompressed({ ...known, file }, bytes, checksum);
      return true;
    });
    if (isOver) this.archive.remove(file);
  }
}
