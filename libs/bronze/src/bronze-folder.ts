import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { flushFolder } from '@app/files';

const MAX_OPEN_FILES = 32;

interface OpenFile {
  readonly descriptor: number;
  /** Tells whether the name still means the file that is open. */
  readonly inode: number;
  lastUse: number;
}

/** The files of a bronze folder, some of them open. Everything is synchronous, as it runs inside write units. */
export class BronzeFolder {
  private readonly open = new Map<string, OpenFile>();
  private useCounter = 0;

  constructor(private readonly folder: string) {}

  pathOf(file: string): string {
    return join(this.folder, file);
  }

  names(): Set<string> {
    return new Set(readdirSync(this.folder));
  }

  has(file: string): boolean {
    return existsSync(this.pathOf(file));
  }

  /** Undefined for a file that is not there. */
  lengthOf(file: string): number | undefined {
    return statSync(this.pathOf(file), { throwIfNoEntry: false })?.size;
  }

  /** To write a file, which is made where it is not there yet; good until another file is asked for. */
  descriptorOf(file: string): number {
    this.useCounter += 1;
    const known = this.open.get(file);
    const path = this.pathOf(file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (known && known.inode === found?.ino) {
      known.lastUse = this.useCounter;
      return known.descriptor;
    }
    // Removed, or replaced by a copy: what is written into the old one is seen by nobody.
    if (known) this.closeFile(file);
    const descriptor = openSync(path, found ? 'r+' : 'w+');
    this.open.set(file, { descriptor, inode: fstatSync(descriptor).ino, lastUse: this.useCounter });
    if (!found) flushFolder(this.folder);
    this.closeLeastUsed();
    return descriptor;
  }

  /** What was written to a file outlives a power cut once this returns. */
  flush(descriptor: number): void {
    fdatasyncSync(descriptor);
  }

  /** Cuts a file to a length and flushes it; a file that is not there stays so. */
  cut(file: string, length: number): void {
    if (!this.has(file)) return;
    const descriptor = this.descriptorOf(file);
    ftruncateSync(descriptor, length);
    this.flush(descriptor);
  }

  remove(file: string): void {
    this.closeFile(file);
    rmSync(this.pathOf(file), { force: true });
  }

  close(): void {
    for (const { descriptor } of this.open.values()) closeSync(descriptor);
    this.open.clear();
  }

  private closeLeastUsed(): void {
    if (this.open.size <= MAX_OPEN_FILES) return;
    const [oldest] = [...this.open].sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (oldest) this.closeFile(oldest[0]);
  }

  private closeFile(file: string): void {
    const known = this.open.get(file);
    if (!known) return;
    closeSync(known.descriptor);
    this.open.delete(file);
  }
}
