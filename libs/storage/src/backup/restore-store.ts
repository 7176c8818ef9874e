import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  AlteredBackupError,
  filesFolder,
  RestoreTargetTakenError,
  unpackFile,
  verifyBackup,
  type BackupFile,
  type BackupManifest,
} from '@app/backup';
import { ARCHIVE_FILE } from '@app/bronze';
import type { BackupWork } from '@app/domain';
import { flushFolder, hostFaultOf, makeFolderOf } from '@app/files';
import { databaseName } from '../database/database-name';
import { MIGRATIONS } from '../database/schema';
import { StoreLocks } from '../database/store-locks';
import { beginRestored } from './begin-restored';

/** Folder in RAW_DIR, and one beside the database, of a restore that is under way. */
const PARTIAL_PREFIX = '.restore-';
const RAW_FILE = /\.jsonl(\.gz)?$/;

const KNOWN_MIGRATIONS = MIGRATIONS.map(({ name }) => name);

/** Reads all of a backup. @throws IncompleteBackupError, AlteredBackupError, NewerBackupError */
export function checkBackup(folder: string, work: BackupWork): Promise<BackupManifest> {
  return verifyBackup(folder, KNOWN_MIGRATIONS, work);
}

/**
 * Writes database and raw files of a backup to where they belong. Everything is unpacked, compared and flushed under other
 * names first; then the raw files get theirs, and the database last. Whoever captures is kept out meanwhile.
 *
 * @throws RestoreTargetTakenError, CaptureOwnerError, IncompleteBackupError, AlteredBackupError, NewerBackupError
 */
export async function restoreStore(
  folder: string,
  { databasePath, rawDir }: { readonly databasePath: string; readonly rawDir: string },
  { signal, onProgress }: BackupWork,
): Promise<BackupManifest> {
  refuseTaken(databasePath, rawDir);
  const bytesOf = (files: readonly BackupFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
  // All of it is read twice: to be checked, and to be unpacked.
  const manifest = await checkBackup(folder, {
    signal,
    onProgress: ({ bytesDone, bytesTotal, file }) => {
      onProgress({ bytesDone, bytesTotal: 2 * bytesTotal, file });
    },
  });
  const bytesTotal = 2 * bytesOf(manifest.files);
  let bytesDone = bytesTotal / 2;
  makeFolderOf('STORAGE_PATH', databasePath, dirname(databasePath));
  makeFolderOf('RAW_DIR', rawDir);
  const path = databaseName(databasePath);
  const locks = StoreLocks.acquire(path, rawDir);
  const partials: string[] = [];
  try {
    refuseTaken(path, rawDir);
    for (const parent of [rawDir, dirname(path)]) partials.push(mkdtempSync(join(parent, PARTIAL_PREFIX)));
    const [raw = '', database = ''] = partials;
    for (const file of manifest.files) {
      const to = join(file.kind === 'database' ? database : raw, file.name);
      const from = join(filesFolder(folder), file.stored_as);
      const onBytes = (count: number): void => {
        bytesDone += count;
        onProgress({ bytesDone, bytesTotal, file: file.name });
      };
      const place = file.kind === 'database' ? ['STORAGE_PATH', databasePath] : ['RAW_DIR', rawDir];
      const found = await unpackFile(from, to, { encoding: file.encoding, signal, onBytes }).catch((error: unknown) => {
        throw inPlace(error, place);
      });
      if (found.bytes !== file.content_bytes || found.sha256 !== file.content_sha256) {
        throw new AlteredBackupError(folder, file.stored_as);
      }
      if (file.kind === 'database') beginRestored(to);
    }
    refuseTaken(path, rawDir);
    for (const { kind, name } of manifest.files) if (kind === 'raw') renameSync(join(raw, name), join(rawDir, name));
    flushFolder(rawDir);
    for (const { kind, name } of manifest.files) if (kind === 'database') renameSync(join(database, name), path);
    flushFolder(dirname(path));
    return manifest;
  } finally {
    for (const partial of partials) rmSync(partial, { recursive: true, force: true });
    locks.release();
  }
}

/** The system does not say which file it was that it refused to write. */
function inPlace(error: unknown, [setting = '', path = '']: readonly string[]): unknown {
  if (hostFaultOf(error) === undefined) return error;
  return new Error(`${setting}=${JSON.stringify(path)}: ${(error as Error).message}`, { cause: error });
}

/** @throws RestoreTargetTakenError when there is anything that a restore would write over, or mix with */
function refuseTaken(databasePath: string, rawDir: string): void {
  for (const end of ['', '-wal']) {
    if (existsSync(`${databasePath}${end}`)) throw new RestoreTargetTakenError('STORAGE_PATH', `${databasePath}${end}`);
  }
  const names = existsSync(rawDir) ? readdirSync(rawDir) : [];
  const taken = names.find((name) => RAW_FILE.test(name) || name === ARCHIVE_FILE);
  if (taken !== undefined) throw new RestoreTargetTakenError('RAW_DIR', join(rawDir, taken));
}
