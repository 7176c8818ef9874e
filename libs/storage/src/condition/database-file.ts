import { closeSync, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import type { FileIdentity } from '@app/files';
import { HEADER_BYTES, parseHeader, type DatabaseHeader } from './database-header';

/** What the process has open of one file. */
interface Descriptors {
  /** All that were opened; the first is read from. */
  readonly opened: [number, ...number[]];
  holders: number;
}

/** By device and inode, for all of the process. */
const descriptors = new Map<string, Descriptors>();

/** What a database file says of itself, past SQLite. */
export interface FileCondition {
  readonly bytes: number;
  /** Undefined for what is no database of SQLite. */
  readonly header: DatabaseHeader | undefined;
}

/**
 * A database file as it lies on disk, without what waits in its `-wal`. To close a descriptor of a file takes all locks of
 * the process on it away, those of SQLite's connections too: what is opened stays open until nobody in the process holds
 * the file any more. Who has a connection to it holds it for as long.
 */
export class DatabaseFile {
  private isHeld = true;

  private constructor(
    private readonly key: string,
    readonly identity: FileIdentity,
    private readonly file: Descriptors,
  ) {}

  /** @throws the error of the file system: no such file (ENOENT), a folder in its place (EISDIR) */
  static hold(path: string): DatabaseFile {
    const found = statSync(path);
    const held = descriptors.get(keyOf(found));
    if (held) return DatabaseFile.of(found, held);
    const descriptor = openSync(path, 'r');
    // Another file may have got the name meanwhile.
    const opened = fstatSync(descriptor);
    const known = descriptors.get(keyOf(opened));
    known?.opened.push(descriptor);
    return DatabaseFile.of(opened, known ?? { opened: [descriptor], holders: 0 });
  }

  private static of(stats: Stats, file: Descriptors): DatabaseFile {
    file.holders += 1;
    const key = keyOf(stats);
    descriptors.set(key, file);
    return new DatabaseFile(key, { device: stats.dev, inode: stats.ino }, file);
  }

  /** @throws the error of the file system, such as EISDIR for a folder */
  read(): FileCondition {
    const [descriptor] = this.file.opened;
    const page = Buffer.alloc(HEADER_BYTES);
    const length = readSync(descriptor, page, 0, HEADER_BYTES, 0);
    return { bytes: fstatSync(descriptor).size, header: parseHeader(page.subarray(0, length)) };
  }

  /** After all connections to the file that this holder has opened are closed. */
  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.file.holders -= 1;
    if (this.file.holders > 0) return;
    descriptors.delete(this.key);
    for (const descriptor of this.file.opened) closeSync(descriptor);
  }
}

function keyOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}
