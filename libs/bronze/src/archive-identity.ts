import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OriginMismatchError } from '@app/domain';
import { flushFolder, makeFolder, makeFolderOf, replaceFile, writeFlushed } from '@app/files';

/** File of a bronze folder that says whose it is. */
export const ARCHIVE_FILE = 'archive.json';

/** What a bronze folder says of itself. */
interface ArchiveFacts {
  readonly writer_id: string;
  readonly origin?: string;
}

/** `archive.json` is there and says nothing readable: whose lines these are must not be guessed. */
export class ArchiveIdentityError extends Error {
  readonly code = 'ARCHIVE.UNREADABLE';

  constructor() {
    super(
      'archive.json in RAW_DIR is not readable; bring it back from a backup, ' +
        'or remove it if all files in RAW_DIR are from the exchange that BINANCE_REST_URLS names',
    );
    this.name = 'ArchiveIdentityError';
  }
}

function readFacts(path: string): ArchiveFacts {
  let facts: Partial<Record<keyof ArchiveFacts, unknown>> | null;
  try {
    facts = JSON.parse(readFileSync(path, 'utf8')) as typeof facts;
  } catch (error) {
    if (error instanceof SyntaxError) throw new ArchiveIdentityError();
    throw error;
  }
  const { writer_id: writerId, origin } = facts ?? {};
  if (typeof writerId !== 'string' || (origin !== undefined && typeof origin !== 'string')) {
    throw new ArchiveIdentityError();
  }
  return { writer_id: writerId, ...(origin === undefined ? {} : { origin }) };
}

/** Who writes a bronze folder; undefined where nobody has begun it. Nothing is made. @throws ArchiveIdentityError */
export function writerIdOf(folder: string): string | undefined {
  const path = join(folder, ARCHIVE_FILE);
  return existsSync(path) ? readFacts(path).writer_id : undefined;
}

/** What this process alone writes first. */
function ownNext(path: string): string {
  return `${path}.${process.pid}.new`;
}

/** Makes a file in one step unless it is there: of several processes that try at once, one succeeds. */
function createFile(path: string, contents: string): void {
  const next = ownNext(path);
  writeFlushed(next, contents);
  try {
    linkSync(next, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(next);
  }
  flushFolder(dirname(path));
}

/** Who writes a bronze folder and where its data comes from. Made at the first opening, kept with the folder. */
export class ArchiveIdentity {
  private facts: ArchiveFacts;
  private readonly file: string;

  /** @throws FolderNotMadeError, ArchiveIdentityError */
  constructor(private readonly folder: string) {
    makeFolderOf('RAW_DIR', folder);
    this.file = join(folder, ARCHIVE_FILE);
    if (!existsSync(this.file)) createFile(this.file, textOf({ writer_id: randomUUID() }));
    this.facts = readFacts(this.file);
  }

  get writerId(): string {
    return this.facts.writer_id;
  }

  /** Undefined before the first write. */
  get origin(): string | undefined {
    return this.facts.origin;
  }

  /** Marks the folder with its origin at the first write. @throws OriginMismatchError when it has another */
  claim(origin: string): void {
    if (this.facts.origin === origin) return;
    // Another process may have claimed it since.
    if (existsSync(this.file)) this.facts = readFacts(this.file);
    if (this.facts.origin === origin) return;
    if (this.facts.origin !== undefined) throw new OriginMismatchError('RAW_DIR', this.facts.origin, origin);
    this.facts = this.save({ ...this.facts, origin });
  }

  /** Returns the facts once they are on disk: what the disk refused must not pass for claimed. */
  private save(facts: ArchiveFacts): ArchiveFacts {
    makeFolder(this.folder);
    replaceFile(this.file, textOf(facts), ownNext(this.file));
    return facts;
  }
}

function textOf(facts: ArchiveFacts): string {
  return `${JSON.stringify(facts)}\n`;
}
