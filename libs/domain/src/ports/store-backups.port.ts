import type { EpochMicros } from '../model/time';

/** How far work on a backup has come. */
export interface BackupProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** What is in hand. */
  readonly file: string;
}

export interface BackupWork {
  /** Ends the work, which then leaves nothing. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** A raw file that was not whole before it was copied: shorter than the tables say, or with other bytes. */
export interface DamagedRawFile {
  readonly name: string;
  readonly damage: 'short' | 'altered';
}

export interface BackupSummary {
  /** As of when the database is. */
  readonly madeAt: EpochMicros;
  /** Version of the program that made it. */
  readonly version: string;
  readonly rawFiles: number;
  /** Of the files of the backup, and of what they are restored to. */
  readonly bytes: number;
  readonly contentBytes: number;
  readonly damaged: readonly DamagedRawFile[];
}

/** Where a backup is written: a new folder, or one named by its time in a folder of backups, of which `kept` stay. */
export type BackupPlace = { readonly folder: string } | { readonly folderOfBackups: string; readonly kept: number };

export interface MadeBackup extends BackupSummary {
  readonly folder: string;
  /** Names of older backups that were removed. */
  readonly removed: readonly string[];
}

/** Copies the store (database and raw files of one moment) to a folder, beside whoever writes it, and back. */
export abstract class StoreBackups {
  /**
   * The folder has its name once everything in it is on disk. `version` is that of the program.
   * @throws StoreNotReadyError, BackupRunningError, BackupFolderTakenError, BackupLeaseLostError
   */
  abstract make(place: BackupPlace, version: string, work: BackupWork): Promise<MadeBackup>;

  /** Reads all of a backup. @throws IncompleteBackupError, AlteredBackupError, NewerBackupError */
  abstract check(folder: string, work: BackupWork): Promise<BackupSummary>;

  /**
   * Checks a backup, then writes database and raw files to where they belong; the database, last, gets its name once all
   * of it is on disk. Writes over nothing and removes nothing. @throws as `check`, and RestoreTargetTakenError
   */
  abstract restore(folder: string, work: BackupWork): Promise<BackupSummary>;
}
