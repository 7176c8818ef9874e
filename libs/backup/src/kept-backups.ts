import { readdirSync, renameSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBucketTime, parseIsoTime, type EpochMicros } from '@app/domain';
import { readManifest } from './backup-manifest';

/** A backup in a folder of several, named by its time. */
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

/** What has the name of a backup, whosoever and whole or not, the oldest first; none where there is no such folder. */
async function namedBackups(folder: string): Promise<KeptBackup[]> {
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
 * The newest backup that a raw folder has in a folder; undefined for none. Those of other ones do not count, and neither
 * does what is cut off or cannot be read.
 */
export async function newestBackup(folder: string, writerId: string): Promise<KeptBackup | undefined> {
  for (const backup of (await namedBackups(folder)).reverse())
    if (await isOf(join(folder, backup.name), writerId)) return backup;
  return undefined;
}

/**
 * Removes all but `kept` backups that a raw folder has in a folder: the one that was just `made` stays, whatever clocks
 * have named the others, and the newest beside it. Those of other raw folders stay, and so does whatever cannot be read.
 * Returns the names of what is removed, the oldest first.
 */
export async function removeOldBackups(
  folder: string,
  writerId: string,
  made: string,
  kept: number,
): Promise<string[]> {
  for (const name of readdirSync(folder)) if (name.startsWith(REMOVED_PREFIX)) remove(join(folder, name));
  const others: string[] = [];
  for (const { name } of await namedBackups(folder))
    if (name !== made && (await isOf(join(folder, name), writerId))) others.push(name);
  const old = others.slice(0, Math.max(0, others.length + 1 - kept));
  for (const name of old) {
    const removed = join(folder, `${REMOVED_PREFIX}${name}`);
    renameSync(join(folder, name), removed);
    remove(removed);
  }
  return old;
}

/** Whether its manifest is there, is what was written, and names the raw folder. */
async function isOf(backup: string, writerId: string): Promise<boolean> {
  try {
    return (await readManifest(backup)).writer_id === writerId;
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
