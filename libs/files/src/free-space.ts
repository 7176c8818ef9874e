import { statfsSync, statSync } from 'node:fs';

/** A disk, or the part of one that a file system has. */
export interface DiskSpace {
  /** Tells disks apart. */
  readonly device: number;
  /** Bytes that this user can still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Below this, whatever the size of the disk. */
const LOW_BYTES = 500_000_000;
/** And below this share of a disk that is smaller than so many bytes. */
const SMALL_DISK_BYTES = 20_000_000_000;
const LOW_SHARE = 0.05;

/** The disk that a file or folder lies on; undefined where the path leads to nothing. */
export function diskSpaceAt(path: string): DiskSpace | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { device: statSync(path).dev, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** Whether it is time to make room. */
export function isLow({ freeBytes, totalBytes }: Pick<DiskSpace, 'freeBytes' | 'totalBytes'>): boolean {
  return freeBytes < LOW_BYTES || (totalBytes < SMALL_DISK_BYTES && freeBytes < totalBytes * LOW_SHARE);
}
