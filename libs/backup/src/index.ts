export { filesFolder, writeManifest, type BackupFile, type BackupManifest } from './backup-manifest';
export {
  AlteredBackupError,
  BackupFolderTakenError,
  BackupLeaseLostError,
  BackupRunningError,
  NoRawFolderError,
  RestoreTargetTakenError,
} from './backup.errors';
export { backupPlaces } from './backup-places';
export { backupName, newestBackup, removeOldBackups, type KeptBackup } from './kept-backups';
export { packFile, unpackFile } from './packed-file';
export { verifyBackup } from './verify-backup';
