import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why no file system can be mounted here; undefined when one can. */
const NO_MOUNT = whyNoMount();

/** `describe` for tests on a file system of their own, that can be full or read-only; skipped by name, and said, where none can be mounted. */
export const describeSmallDisk = NO_MOUNT === undefined ? describe : skipped();

function skipped(): jest.Describe {
  process.stderr.write(`SKIPPED: tests on a disk of their own in this file: ${NO_MOUNT}\n`);
  return describe.skip;
}

function whyNoMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'csp-mount-'));
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status === 0) execFileSync('umount', [folder]);
  rmdirSync(folder);
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}

/** A real file system of a few megabytes, in memory. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'csp-disk-'));
  private readonly filler = join(this.folder, 'filler');

  constructor(bytes: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', this.folder]);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Leaves no block free, or so many bytes, as a neighbour does whose files grow without end. */
  fill(leave = 0): void {
    const handle = openSync(this.filler, 'a');
    try {
      for (let size = 65_536; size >= 1;) {
        try {
          if (writeSync(handle, Buffer.alloc(size)) < size) size = 1;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          size = size > 4_096 ? 4_096 : size > 1 ? 1 : 0;
        }
      }
      // Afterwards: whoever writes beside this leaves less than there was a moment ago.
      if (leave > 0) ftruncateSync(handle, Math.max(0, fstatSync(handle).size - leave));
    } finally {
      closeSync(handle);
    }
  }

  /** Gives the room back. */
  free(): void {
    rmSync(this.filler, { force: true });
  }

  /** Mounts it for reading only, or for writing again; nobody may have a file of it open for writing then. */
  setReadOnly(isReadOnly: boolean): void {
    execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.folder]);
  }

  close(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmdirSync(this.folder);
  }
}
