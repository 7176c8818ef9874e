import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
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

/** Replaces a file in one step: whoever reads it finds the old or the new contents, never a part. */
function replaceFile(path: string, contents: string): void {
  const next = `${path}.new`;
  const descriptor = openSync(next, 'w');
  try {
    writeSync(descriptor, contents);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, path);
  flushFolder(dirname(path));
}

/** Who writes a bronze folder and where its data comes from. Made at the first opening, kept with the folder. */
export class ArchiveIdentity {
  private facts: ArchiveFacts;
  private readonly file: string;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'archive.json');
    if (existsSync(this.file)) {
      this.facts = JSON.parse(readFileSync(this.file, 'utf8')) as ArchiveFacts;
    } else {
      this.facts = { writer_id: randomUUID() };
      this.save();
    }
  }

  get writerId(): string {
    return this.facts.writer_id;
  }

  /** Marks the folder with its origin at the first write. @throws OriginMismatchError when it has another */
  claim(origin: string): void {
    if (this.facts.origin === origin) return;
    if (this.facts.origin !== undefined) throw new OriginMismatchError('RAW_DIR', this.facts.origin, origin);
    this.facts = { ...this.facts, origin };
    this.save();
  }

  private save(): void {
    mkdirSync(this.folder, { recursive: true });
    replaceFile(this.file, `${JSON.stringify(this.facts)}\n`);
  }
}
