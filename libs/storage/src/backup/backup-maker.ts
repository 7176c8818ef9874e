import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  BackupFolderTakenError,
  backupName,
  filesFolder,
  packFile,
  removeOldBackups,
  writeManifest,
  type BackupFile,
  type BackupManifest,
} from '@app/backup';
import { ARCHIVE_FILE } from '@app/bronze';
import { formatMillisTime, type BackupPlace, type BackupWork, type DamagedRawFile } from '@app/domain';
import { flushFolder, makeFolder } from '@app/files';
import type { BackupLease } from './backup-lease';
import { copyDatabase, finishCopy, type CopiedStore } from './database-copy';
import type { BackupSource } from './backup-source';

/** What is not whole yet; the writer id of its store follows, then something random. */
const PARTIAL_PREFIX = '.partial-';
const DATABASE_NAME = 'app.db';

interface Progress {
  add(count: number, file: string): void;
}

/** Makes one backup of an open store. */
export class BackupMaker {
  private readonly files: BackupFile[] = [];
  private readonly damaged: DamagedRawFile[] = [];

  private constructor(
    private readonly source: BackupSource,
    private readonly lease: BackupLease,
    /** Where it is put together. */
    private readonly partial: string,
    private readonly work: BackupWork,
    private readonly progress: Progress,
  ) {}

  /** Returns the folder of the backup, its manifest, and the names of the older ones that were removed. */
  static async make(
    source: BackupSource,
    place: BackupPlace,
    version: string,
    work: BackupWork,
  ): Promise<{
    readonly folder: string;
    readonly manifest: Omit<BackupManifest, 'format'>;
    readonly removed: string[];
  }> {
    const madeAt = source.clock.now();
    const folder = resolve('folder' in place ? place.folder : join(place.folderOfBackups, backupName(madeAt)));
    if (existsSync(folder)) throw new BackupFolderTakenError(folder);
    const lease = await source.takeLease();
    let partial: string | undefined;
    try {
      makeFolder(dirname(folder));
      removePartials(dirname(folder), source.writerId);
      partial = mkdtempSync(join(dirname(folder), `${PARTIAL_PREFIX}${source.writerId}-`));
      mkdirSync(filesFolder(partial));
      const maker = new BackupMaker(source, lease, partial, work, progressOf(source, work));
      const { migrations } = await maker.copy();
      const { files, damaged } = maker;
      const manifest = {
        made_at: formatMillisTime(madeAt),
        version,
        migrations: [...migrations],
        writer_id: source.writerId,
        files,
        damaged,
      };
      writeManifest(partial, manifest);
      flushFolder(filesFolder(partial));
      flushFolder(partial);
      renameSync(partial, folder);
      flushFolder(dirname(folder));
      const removed =
        'folder' in place
          ? []
          : await removeOldBackups(place.folderOfBackups, source.writerId, basename(folder), place.kept);
      return { folder, manifest, removed };
    } catch (error) {
      if (partial !== undefined) rmSync(partial, { recursive: true, force: true });
      throw error;
    } finally {
      // What cannot be released expires.
      await lease.release().catch(() => undefined);
    }
  }

  /** The database of one moment, then the raw files as far as that database knows them. */
  private async copy(): Promise<CopiedStore> {
    const copy = join(this.partial, DATABASE_NAME);
    let before = 0;
    const onBytes = (written: number): void => {
      this.progress.add(written - before, DATABASE_NAME);
      before = written;
    };
    await copyDatabase(this.source.databasePath, copy, { signal: this.work.signal, onBytes });
    const copied = finishCopy(copy, this.source.writerId);
    await this.pack('database', copy, DATABASE_NAME, statSync(copy).size);
    rmSync(copy);
    await this.addIdentity();
    for (const file of copied.files) await this.addRawFile(file);
    // Whoever stood still for longer than the lease may have read files that were compressed or removed meanwhile.
    await this.lease.renew();
    return copied;
  }

  private async addIdentity(): Promise<void> {
    const path = join(this.source.rawDir, ARCHIVE_FILE);
    await this.pack('raw', path, ARCHIVE_FILE, statSync(path).size);
  }

  private async addRawFile({ file, length, crc32 }: CopiedStore['files'][number]): Promise<void> {
    const path = join(this.source.rawDir, file);
    const compressed = `${file}.gz`;
    if (!existsSync(path) && existsSync(join(this.source.rawDir, compressed))) {
      // Compressed, and the tables do not know it yet: it is taken as it is.
      const from = join(this.source.rawDir, compressed);
      await this.pack('raw', from, compressed, statSync(from).size);
      return;
    }
    const found = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (found < length) this.damaged.push({ name: file, damage: 'short' });
    if (!existsSync(path)) return;
    const content = await this.pack('raw', path, file, Math.min(found, length));
    const isWhole = found >= length;
    if (isWhole && crc32 !== null && content.crc32 !== crc32) this.damaged.push({ name: file, damage: 'altered' });
  }

  private async pack(
    kind: BackupFile['kind'],
    from: string,
    name: string,
    length: number,
  ): Promise<{ readonly crc32: number }> {
    const encoding = name.endsWith('.gz') ? 'none' : 'zstd';
    const storedAs = encoding === 'zstd' ? `${name}.zst` : name;
    const { content, packed } = await packFile(from, length, join(filesFolder(this.partial), storedAs), {
      encoding,
      signal: this.work.signal,
      onBytes: (count) => {
        this.progress.add(count, name);
      },
    });
    this.files.push({
      kind,
      name,
      stored_as: storedAs,
      encoding,
      bytes: packed.bytes,
      sha256: packed.sha256,
      content_bytes: content.bytes,
      content_sha256: content.sha256,
    });
    return content;
  }
}

/** The database counts twice: it is copied, then packed. */
function progressOf({ databaseBytes, rawBytes }: BackupSource, { onProgress }: BackupWork): Progress {
  const bytesTotal = 2 * databaseBytes + rawBytes;
  let bytesDone = 0;
  return {
    add(count, file) {
      bytesDone += count;
      onProgress({ bytesDone: Math.min(bytesDone, bytesTotal), bytesTotal, file });
    },
  };
}

/** What earlier backups of the same store left that were killed; the lease says that none is at work. */
function removePartials(folder: string, writerId: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${PARTIAL_PREFIX}${writerId}-`)) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
