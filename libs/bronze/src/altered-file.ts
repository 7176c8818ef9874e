import { existsSync, statSync } from 'node:fs';
import type { BronzeArchive } from './bronze-archive';
import { checksumOf, type ChecksumOptions } from './checksum';
import type { StoredFile } from './stored-files.port';

/** What is done with a file of an earlier version, of which no checksum is stored. */
export type AdoptChecksum = (file: string, stored: StoredFile, checksum: number) => Promise<void>;

/**
 * Whether bytes of a bronze file are others than were stored. One that is gone or shorter is damage of another kind, and
 * one without a stored checksum cannot be judged.
 */
export async function isAlteredFile(
  archive: BronzeArchive,
  file: string,
  options: ChecksumOptions,
  adopt?: AdoptChecksum,
): Promise<boolean> {
  // Whoever compresses or cuts files meanwhile changes what is stored of them: then it is looked at again.
  for (;;) {
    const stored = archive.stored(file);
    if (!stored || stored.length === 0 || (stored.crc32 === null && !adopt)) return false;
    const found = await foundChecksum(archive.pathOf(file), stored, options);
    if (found === undefined || found === stored.crc32) return false;
    if (stored.crc32 === null) {
      await adopt?.(file, stored, found);
      return false;
    }
    const after = archive.stored(file);
    if (after?.length === stored.length && after.crc32 === stored.crc32) return existsSync(archive.pathOf(file));
  }
}

async function foundChecksum(
  path: string,
  { length }: StoredFile,
  options: ChecksumOptions,
): Promise<number | undefined> {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < length) return undefined;
  try {
    return await checksumOf(path, length, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
