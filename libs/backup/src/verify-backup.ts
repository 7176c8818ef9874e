import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupWork } from '@app/domain';
import { filesFolder, readManifest, type BackupManifest } from './backup-manifest';
import { AlteredBackupError, IncompleteBackupError, NewerBackupError } from './backup.errors';
import { digestOf } from './packed-file';

/**
 * Reads a whole backup and compares every byte with its manifest, which it returns. `knownMigrations` are those of this
 * version. Nothing is written.
 *
 * @throws IncompleteBackupError, AlteredBackupError, NewerBackupError
 */
export async function verifyBackup(
  backup: string,
  knownMigrations: readonly string[],
  { signal, onProgress }: BackupWork,
): Promise<BackupManifest> {
  const manifest = await readManifest(backup);
  const unknown = manifest.migrations.filter((name) => !knownMigrations.includes(name)).at(-1);
  if (unknown !== undefined) throw new NewerBackupError(backup, manifest.version, unknown);
  const { files } = manifest;
  // What is cut off is found before gigabytes are read.
  for (const { stored_as: name, bytes } of files) {
    const found = statSync(join(filesFolder(backup), name), { throwIfNoEntry: false })?.size;
    if (found === undefined) throw new IncompleteBackupError(backup, `its file ${name} is not there`);
    if (found < bytes) throw new IncompleteBackupError(backup, `${name} has ${found} bytes of ${bytes}`);
  }
  const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesDone = 0;
  for (const { stored_as: name, bytes, sha256 } of files) {
    const onBytes = (count: number): void => {
      bytesDone += count;
      onProgress({ bytesDone, bytesTotal, file: name });
    };
    const found = await digestOf(join(filesFolder(backup), name), { signal, onBytes });
    if (found.bytes !== bytes || found.sha256 !== sha256) throw new AlteredBackupError(backup, name);
  }
  return manifest;
}
