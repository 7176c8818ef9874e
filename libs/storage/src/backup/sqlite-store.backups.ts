import type { BackupManifest } from '@app/backup';
import {
  parseIsoTime,
  StoreBackups,
  type BackupPlace,
  type BackupSummary,
  type BackupWork,
  type MadeBackup,
} from '@app/domain';
import { BackupMaker } from './backup-maker';
import { BackupSource, type BackupSourceOptions } from './backup-source';
import { checkBackup, restoreStore } from './restore-store';

/** Opens the store for as long as a backup of it is made, and not before. */
export class SqliteStoreBackups extends StoreBackups {
  constructor(private readonly options: BackupSourceOptions) {
    super();
  }

  async make(place: BackupPlace, version: string, work: BackupWork): Promise<MadeBackup> {
    const source = await BackupSource.open(this.options);
    try {
      const { folder, manifest, removed } = await BackupMaker.make(source, place, version, work);
      return { ...summaryOf(manifest), folder, removed };
    } finally {
      await source.close();
    }
  }

  async check(folder: string, work: BackupWork): Promise<BackupSummary> {
    return summaryOf(await checkBackup(folder, work));
  }

  async restore(folder: string, work: BackupWork): Promise<BackupSummary> {
    return summaryOf(await restoreStore(folder, this.options, work));
  }
}

function summaryOf({ made_at: madeAt, version, files, damaged }: Omit<BackupManifest, 'format'>): BackupSummary {
  return {
    madeAt: parseIsoTime(madeAt) ?? 0,
    version,
    rawFiles: files.filter(({ kind }) => kind === 'raw').length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    contentBytes: files.reduce((sum, { content_bytes: bytes }) => sum + bytes, 0),
    damaged,
  };
}
