import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OriginMismatchError } from '@app/domain';

/** What a bronze folder says of itself, in `archive.json`. */
interface ArchiveFacts {
  readonly writer_id: string;
  readonly origin?: string;
}

/** Flushes a folder, so that a file just made in it is there after a power cut too. */
export function flushFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeFlushed(path: string, contents: string): void {
  const descriptor = openSync(path, 'w');
  try {
    writeSync(descriptor, contents);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces a file in one step: whoever reads it finds the old or the new contents, never a part. */
function replaceFile(path: string, contents: string): void {
  const next = `${path}.${process.pid}.new`;
  writeFlushed(next, contents);
  renameSync(next, path);
  flushFolder(dirname(path));
}

/** Makes a file in one step unless it is there: of several processes that try at once, one succeeds. */
function createFile(path: string, contents: string): void {
  const next = `${path}.${process.pid}.new`;
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

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'archive.json');
    if (!existsSync(this.file)) createFile(this.file, textOf({ writer_id: randomUUID() }));
    this.facts = this.read();
  }

  get writerId(): string {
    return this.facts.writer_id;
  }

  /** Marks the folder with its origin at the first write. @throws OriginMismatchError when it has another */
  claim(origin: string): void {
    if (this.facts.origin === origin) return;
    // Another process may have claimed it since.
    this.facts = this.read();
    if (this.facts.origin === origin) return;
    if (this.facts.origin !== undefined) throw new OriginMismatchError('RAW_DIR', this.facts.origin, origin);
    this.facts = { ...this.facts, origin };
    this.save();
  }

  private read(): ArchiveFacts {
    return existsSync(this.file) ? (JSON.parse(readFileSync(this.file, 'utf8')) as ArchiveFacts) : this.facts;
  }

  private save(): void {
    mkdirSync(this.folder, { recursive: true });
    replaceFile(this.file, textOf(this.facts));
  }
}

function textOf(facts: ArchiveFacts): string {
  return `${JSON.stringify(facts)}\n`;
}
