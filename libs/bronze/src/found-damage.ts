import type { EpochMicros, EventKind, EventKinds } from '@app/domain';
import { isAlteredFile } from './altered-file';
import type { BronzeArchive } from './bronze-archive';
import { CompressedFileError, gzipLines, linesFrom, type FoundLine } from './bronze-lines';
import type { BronzeLosses } from './bronze-losses.port';
import type { UnreadableText } from './lines-replay';
import { readManifest } from './manifest-reader';

/** A file of events whose bytes are others than were written. */
export interface AlteredEvents {
  readonly file: string;
  readonly kind: EventKind;
  /** UTC day on which its lines were captured. */
  readonly date: EpochMicros;
  readonly lines: Iterable<FoundLine> | AsyncIterable<FoundLine>;
  /** Lines that could not be read when the file was taken up. */
  readonly unreadableBefore: number;
}

interface DamageParts {
  readonly archive: BronzeArchive;
  readonly losses: BronzeLosses;
  readonly kinds: EventKinds;
  /** Tells what was lost of an altered file, as far as tables know it. */
  readonly describe: (altered: AlteredEvents) => Promise<string[]>;
}

/** Files that are not what was written, line by line where it can be told, and lines that never were events. */
export async function foundDamage(
  parts: DamageParts,
  unreadable: readonly UnreadableText[],
  signal: AbortSignal,
): Promise<string[]> {
  const { archive } = parts;
  const found: string[] = [];
  const altered = new Set<string>();
  for (const { file } of archive.storedFiles()) {
    if (!(await isAlteredFile(archive, file, { signal }))) continue;
    altered.add(file);
    found.push(...(await describeAltered(file, parts)));
  }
  for (const { file, expectedBytes, foundBytes } of archive.damage()) {
    found.push(`${file}: ${foundBytes} of ${expectedBytes} bytes are left; the lines behind them are lost`);
  }
  for (const { file, text } of unreadable) if (!altered.has(file)) found.push(text);
  return found;
}

async function describeAltered(file: string, { archive, losses, kinds, describe }: DamageParts): Promise<string[]> {
  const path = archive.pathOf(file);
  const known = archive.files(kinds.topics).find((each) => each.file === file);
  const kind = known && kinds.ofTopic(known.topic);
  if (!kind) return alteredManifest(file, path, archive.storedLength(file) ?? 0);
  const lines = known.compressed ? gzipLines(path) : linesBefore(path, known.storedLength);
  const { lines: unreadableBefore = 0 } = losses.all().find((loss) => loss.file === file) ?? {};
  try {
    return await describe({ file, kind, date: known.date, lines, unreadableBefore });
  } catch (error) {
    if (!(error instanceof CompressedFileError)) throw error;
    return [`${file}: altered outside this program, and no gzip file that can be read to its end any more`];
  }
}

/** Lines of the manifest that cannot be read any more; what the others say of fetches is held against the rows. */
function alteredManifest(file: string, path: string, end: number): string[] {
  const { unreadable: faults } = readManifest(path, end);
  const altered = 'altered outside this program';
  if (faults.length === 0) return [`${file}: ${altered} (its CRC-32 is another); each of its lines can still be read`];
  return faults.map(
    ({ number, reason }) =>
      `${file}, line ${number}: ${altered}: ${reason}; lost is where the minutes came from that it spoke of, so that ` +
      '`rebuild` would not fetch them again',
  );
}

function* linesBefore(path: string, end: number): Generator<FoundLine> {
  for (const line of linesFrom(path, 0)) {
    if (line.end > end) return;
    yield line;
  }
}
