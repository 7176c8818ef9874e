import { existsSync } from 'node:fs';
import type { RebuildLoss } from '@app/domain';
import type { BronzeArchive } from './bronze-archive';
import type { BronzeLosses } from './bronze-losses.port';
import { checksumOf } from './checksum';
import { MANIFEST_FILE } from './fetch-manifest';
import type { NamedStoredFile } from './stored-files.port';

function ofFile(what: string, reason: string): RebuildLoss {
  return { what, range: undefined, reason };
}

export function lossOfRemoved(file: string): RebuildLoss {
  return ofFile(file, 'removed after its time of retention');
}

/** Files whose bytes are others than another store has the checksums of. */
export async function alteredSince(archive: BronzeArchive, known: readonly NamedStoredFile[]): Promise<RebuildLoss[]> {
  const { signal } = new AbortController();
  const altered: RebuildLoss[] = [];
  for (const { file, length, crc32 } of known) {
    // What is altered in the manifest shows when its fetches are repeated.
    if (crc32 === null || length === 0 || file === MANIFEST_FILE || !existsSync(archive.pathOf(file))) continue;
    const found = await checksumOf(archive.pathOf(file), length, { signal });
    if (found === undefined || found === crc32) continue;
    altered.push(ofFile(file, 'altered outside this program: its lines may say something else than what was captured'));
  }
  return altered;
}

/** Files of which another store had taken more than there is now. */
export function shorterThan(archive: BronzeArchive, known: readonly NamedStoredFile[]): RebuildLoss[] {
  return archive
    .damage(known)
    .map(({ file, expectedBytes, foundBytes }) =>
      ofFile(file, `${foundBytes} bytes of ${expectedBytes} are left: lines were lost outside this program`),
    );
}

/** Lines that could not be taken up. */
export function unreadableLines(losses: BronzeLosses): RebuildLoss[] {
  return losses.all().map(({ file, firstLine, lines, reason }) => {
    const which = lines === 1 ? 'line' : `${lines} lines, the first of them`;
    return ofFile(file, `${which} ${firstLine} cannot be read: ${reason}`);
  });
}
