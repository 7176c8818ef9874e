import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { flushFolder, writeFully } from '@app/files';

/** Made only where this many times its size is free: it must not take the last that others need. */
const ROOM_FACTOR = 2;

/**
 * A file that holds blocks of a disk ready for the moment in which it is full. What must be kept then is written over
 * its bytes, and the file gets another name: no other program can take the room in between. Its bytes are random, so that
 * no file system saves itself the blocks.
 */
export class Ballast {
  constructor(
    private readonly path: string,
    /** Above 0. */
    private readonly bytes: number,
  ) {}

  /** Makes the file unless it is there, or the disk has too little room; whether it is there. */
  ensure(): boolean {
    if (existsSync(this.path)) return true;
    const next = `${this.path}.next`;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.path));
      if (bavail * bsize < ROOM_FACTOR * this.bytes) return false;
      writeFile(next, 'w', randomFillSync(Buffer.allocUnsafe(this.bytes)));
      renameSync(next, this.path);
      flushFolder(dirname(this.path));
      return true;
    } catch {
      rmSync(next, { force: true });
      return false;
    }
  }

  /**
   * Turns the file into another one, of as many of the pieces as fit, the first first; returns how many are in it, flushed.
   * 0: nothing has changed at `target`. An existing `target` is replaced in one step.
   *
   * @throws what the file system refuses
   */
  become(target: string, pieces: readonly Uint8Array[]): number {
    let length = 0;
    let count = 0;
    for (const piece of pieces) {
      if (length + piece.length > this.bytes) break;
      length += piece.length;
      count += 1;
    }
    if (count === 0 || !existsSync(this.path)) return 0;
    const contents = Buffer.concat(pieces.slice(0, count));
    try {
      writeFile(this.path, 'r+', contents);
    } catch {
      // A file system that never writes over a block (btrfs, zfs) has room for the new ones once these are free.
      this.writeAnew(contents);
    }
    renameSync(this.path, target);
    flushFolder(dirname(target));
    return count;
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  private writeAnew(contents: Uint8Array): void {
    try {
      writeFile(this.path, 'w', contents);
    } catch (error) {
      this.remove();
      throw error;
    }
  }
}

/** All of the contents, flushed, and nothing behind them. */
function writeFile(path: string, flags: 'r+' | 'w', contents: Uint8Array): void {
  const handle = openSync(path, flags);
  try {
    writeFully(handle, contents, 0);
    ftruncateSync(handle, contents.length);
    fdatasyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
