import { ArchiveError } from '@app/domain';

export const CHECKSUM_SUFFIX = '.CHECKSUM';

/** Longest `.CHECKSUM` that is read: a hash, two spaces and a name, or a few lines of them. */
export const MAX_CHECKSUM_BYTES = 65_536;

/** As `sha256sum` writes it (`*` before a name read as binary), and as it does with `--tag`, like BSD and macOS. */
const LINES = [
  /^\\?(?<hash>[0-9a-f]{64})[ \t]+\*?(?<name>\S.*)$/i,
  /^SHA256 ?\((?<name>.+)\) ?= ?(?<hash>[0-9a-f]{64})$/i,
] as const;

/**
 * The SHA-256 that a `.CHECKSUM` gives for a file: `<hash>  <name>`. Folders before the name, the case of the hash, line
 * ends and a byte order mark make no difference; of several lines the one of this file counts.
 *
 * @throws ArchiveError when it is of another form or of another file
 */
export function readChecksum(bytes: Buffer, fileName: string): string {
  const lines = decode(bytes)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const entries = lines.map((line) => parseLine(line, fileName));
  const [first] = entries;
  if (!first) throw otherForm(fileName);
  const own = entries.filter(({ name }) => name === fileName);
  const [entry] = own;
  if (!entry) {
    throw new ArchiveError(
      'malformed',
      `${fileName}${CHECKSUM_SUFFIX} is of another file: ${first.name.slice(0, 100)}`,
    );
  }
  if (own.some(({ hash }) => hash !== entry.hash)) {
    throw new ArchiveError('malformed', `${fileName}${CHECKSUM_SUFFIX} gives two different hashes for it`);
  }
  return entry.hash;
}

function parseLine(line: string, fileName: string): { readonly hash: string; readonly name: string } {
  for (const form of LINES) {
    const groups = form.exec(line)?.groups;
    if (!groups) continue;
    const { hash = '', name = '' } = groups;
    return { hash: hash.toLowerCase(), name: name.split(/[/\\]/).at(-1) ?? '' };
  }
  throw otherForm(fileName);
}

/** PowerShell writes UTF-16 where it is not told otherwise. */
function decode(bytes: Buffer): string {
  const isUtf16 = bytes.length >= 2 && bytes.readUInt16BE(0) === 0xfffe;
  return (isUtf16 ? bytes.toString('utf16le') : bytes.toString('utf8')).replace(/^\uFEFF/, '');
}

function otherForm(fileName: string): ArchiveError {
  return new ArchiveError('malformed', `${fileName}${CHECKSUM_SUFFIX} is not "<sha256>  <name>"`);
}
