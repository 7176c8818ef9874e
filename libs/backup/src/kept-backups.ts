import { readdirSync, renameSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBucketTime, parseIsoTime, type EpochMicros } from '@app/domain';
import { readManifest } from './backup-manifest';

/** A backup that is whole, by its name. */
export interface KeptBackup {
  readonly name: string;
  readonly madeAt: EpochMicros;
}

const NAME = /^\d{4}-\d{2}-\d{2}T\d{6}Z$/;
/** One that is being removed has lost its name first: it must not pass for whole. */
const REMOVED_PREFIX = '.removed-';

/** `2026-01-15T140000Z`: without colons, which other file systems do not have in names. */
export function backupName(madeAt: EpochMicros): string {
  return formatBucketTime(madeAt).replaceAll(':', '');
}

function madeAtOf(name: string): EpochMicros | undefined {
  return NAME.test(name) ? parseIsoTime(name.replace(/T(\d\d)(\d\d)(\d\d)Z/, 'T$1:$2:$3Z')) : undefined;
}

/** Backups of a folder by their names, the oldest first; none where there is no such folder. */
export async function keptBackups(folder: string): Promise<KeptBackup[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  });
  return names.sort().flatMap((name) => {
    const madeAt = madeAtOf(name);
    return madeAt === undefined ? [] : [{ name, madeAt }];
  });
}

/**
 * Removes all but the newest `kept` backups that a raw folder has in a folder; those of other ones stay, and so does
 * whatever cannot be read. Returns their names.
 */
export async function removeOldBackups(folder: string, writerId: string, kept: number): Promise<string[]> {
  for (const name of readdirSync(folder)) if (name.startsWith(REMOVED_PREFIX)) remove(join(folder, name));
  const own = (await keptBackups(folder)).filter(({ name }) => isOf(join(folder, name), writerId));
  const old = own.slice(0, -kept).map(({ name }) => name);
  for (const name of old) {
    const removed = join(folder, `${REMOVED_PREFIX}${name}`);
    renameSync(join(folder, name), removed);
    remove(removed);
  }
  return old;
}

function isOf(backup: string, writerId: string): boolean {
  try {
    return readManifest(backup).writer_id === writerId;
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
