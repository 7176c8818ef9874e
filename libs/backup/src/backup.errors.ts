/** A backup that was cut off while it was made or copied. */
export class IncompleteBackupError extends Error {
  readonly code = 'BACKUP.INCOMPLETE';

  constructor(backup: string, detail: string) {
    super(`the backup ${backup} is cut off: ${detail}`);
    this.name = 'IncompleteBackupError';
  }
}

/** A file of a backup does not hold what was written. */
export class AlteredBackupError extends Error {
  readonly code = 'BACKUP.ALTERED';

  constructor(backup: string, file: string) {
    super(`the backup ${backup} was altered: ${file} does not have the SHA-256 that it was written with`);
    this.name = 'AlteredBackupError';
  }
}

/** A backup that a later version has made, of a store that this one cannot read. */
export class NewerBackupError extends Error {
  readonly code = 'BACKUP.NEWER';

  constructor(backup: string, version: string, what: string) {
    super(
      `the backup ${backup} is of a newer schema (${what}), which this version does not know: ` +
        `restore it with version ${version} or later`,
    );
    this.name = 'NewerBackupError';
  }
}

/** Another process is making a backup of the same store. */
export class BackupRunningError extends Error {
  readonly code = 'BACKUP.RUNNING';

  constructor() {
    super('another process is making a backup of this store');
    this.name = 'BackupRunningError';
  }
}

/** The process stood still for so long that raw files may have been compressed or removed meanwhile. */
export class BackupLeaseLostError extends Error {
  readonly code = 'BACKUP.LEASE_LOST';

  constructor() {
    super('the lease of the backup expired before all files were copied; nothing of it is kept, start it again');
    this.name = 'BackupLeaseLostError';
  }
}

/** A backup is to be written to a place where something is. */
export class BackupFolderTakenError extends Error {
  readonly code = 'BACKUP.FOLDER_TAKEN';

  constructor(folder: string) {
    super(`${folder} is there already; a backup is written to a new folder`);
    this.name = 'BackupFolderTakenError';
  }
}

/** A restore would write over a store. */
export class RestoreTargetTakenError extends Error {
  readonly code = 'BACKUP.TARGET_TAKEN';

  constructor(setting: string, path: string) {
    super(
      `${setting}: ${path} is there already, and a restore writes over nothing; move it away, or name another place`,
    );
    this.name = 'RestoreTargetTakenError';
  }
}

/** The raw folder that a setting names is not that of a store. */
export class NoRawFolderError extends Error {
  readonly code = 'BACKUP.NO_RAW_FOLDER';

  constructor(rawDir: string) {
    super(`RAW_DIR=${JSON.stringify(rawDir)} has no archive.json: a backup is of the database with its raw files`);
    this.name = 'NoRawFolderError';
  }
}
