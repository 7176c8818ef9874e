import { ArchiveError } from '@app/domain';

export const CHECKSUM_SUFFIX = '.CHECKSUM';

/** Longest `.CHECKSUM` that is read: a hash, two spaces and a name. */
export const MAX_CHECKSUM_BYTES = 1_024;

/**
 * The SHA-256 that a `.CHECKSUM` gives for a file: `<hash>  <name>`, as `sha256sum` writes it, with or without a line
 * break at its end. @throws ArchiveError when it is of another form or of another file
 */
export function readChecksum(text: string, fileName: string): string {
  const match = /^([0-9a-f]{64}) [ *]([^\r\n]+)\r?\n?$/i.exec(text);
  if (!match) throw new ArchiveError('malformed', `${fileName}${CHECKSUM_SUFFIX} is not "<sha256>  <name>"`);
  const [, hash = '', name = ''] = match;
  if (name !== fileName) {
    throw new ArchiveError('malformed', `${fileName}${CHECKSUM_SUFFIX} is of another file: ${name.slice(0, 100)}`);
  }
  return hash.toLowerCase();
}
