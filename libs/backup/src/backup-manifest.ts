import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFlushed } from '@app/files';
import { AlteredBackupError, IncompleteBackupError, NewerBackupError } from './backup.errors';

/** Written last, so that a backup without it is known to be cut off. */
const MANIFEST_FILE = 'manifest.json';
/** Its own hash, in the format of `sha256sum`. */
const MANIFEST_HASH_FILE = 'manifest.json.sha256';
/** Version of the layout of a backup; raised when an older program could no longer restore it. */
const FORMAT = 1;

/** Plain file names alone: a manifest must not lead out of the folders that a restore writes. */
const FILE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const SHA_256 = /^[0-9a-f]{64}$/;

const fileSchema = z.object({
  /** What it becomes: the database, or a file of the raw folder. */
  kind: z.enum(['database', 'raw']),
  /** Name of the file that is restored. */
  name: z.string().regex(FILE_NAME),
  /** Where it lies in the backup. */
  stored_as: z.string().regex(FILE_NAME),
  encoding: z.enum(['none', 'zstd']),
  /** Of the file as it lies in the backup. */
  bytes: z.int().min(0),
  sha256: z.string().regex(SHA_256),
  /** Of what it is restored to. */
  content_bytes: z.int().min(0),
  content_sha256: z.string().regex(SHA_256),
});

/** A file that was not whole before the backup was made. */
const damageSchema = z.object({ name: z.string(), damage: z.enum(['short', 'altered']) });

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** As of when the database is, by the clock of the market. */
  made_at: z.iso.datetime(),
  /** Version of the program. */
  version: z.string(),
  /** Names of the migrations that the database has, the newest last. */
  migrations: z.array(z.string()).min(1),
  /** Which raw folder it is of. */
  writer_id: z.string(),
  files: z.array(fileSchema).min(1),
  damaged: z.array(damageSchema),
});

export type BackupFile = z.infer<typeof fileSchema>;
export type BackupManifest = z.infer<typeof manifestSchema>;

/** Folder of a backup that its files lie in. */
export const filesFolder = (backup: string): string => join(backup, 'files');

/** Writes and flushes the manifest with its hash: the last files of a backup. */
export function writeManifest(backup: string, manifest: Omit<BackupManifest, 'format'>): void {
  const text = `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
  writeFlushed(join(backup, MANIFEST_HASH_FILE), `${sha256Of(text)}  ${MANIFEST_FILE}\n`, 'wx');
  writeFlushed(join(backup, MANIFEST_FILE), text, 'wx');
}

/**
 * The manifest of a backup, proved by its hash.
 *
 * @throws IncompleteBackupError where there is none, AlteredBackupError, NewerBackupError when its layout is not known here
 */
export async function readManifest(backup: string): Promise<BackupManifest> {
  const text = await readPart(backup, MANIFEST_FILE);
  const hashText = await readPart(backup, MANIFEST_HASH_FILE);
  if (hashText !== `${sha256Of(text)}  ${MANIFEST_FILE}\n`) throw new AlteredBackupError(backup, MANIFEST_FILE);
  const found = JSON.parse(text) as { readonly format?: unknown; readonly version?: unknown };
  if (found.format !== FORMAT)
    throw new NewerBackupError(backup, String(found.version), `layout ${String(found.format)}`);
  const parsed = manifestSchema.safeParse(found);
  if (!parsed.success) throw new AlteredBackupError(backup, MANIFEST_FILE);
  return parsed.data;
}

async function readPart(backup: string, file: string): Promise<string> {
  try {
    return await readFile(join(backup, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new IncompleteBackupError(backup, `it has no ${file}, which is written last`);
  }
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
