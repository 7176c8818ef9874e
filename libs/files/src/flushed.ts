import { closeSync, fsyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the contents of a file durable: they outlive a power cut. Its name does with {@link flushFolder}. */
export function flushFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the names in a folder as durable as the contents of its files: a file just made in it outlives a power cut. */
export function flushFolder(path: string): void {
  flushFile(path);
}

/** Writes all of the bytes at a position, however few the system takes at a time. */
export function writeFully(handle: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(handle, bytes, written, bytes.length - written, position + written);
  }
}

/** Writes a file and makes its contents durable; `wx` fails where there is one already. */
export function writeFlushed(path: string, contents: string, flags: 'w' | 'wx' = 'w'): void {
  const descriptor = openSync(path, flags);
  try {
    // Unlike writeSync, it throws when the disk took a part only.
    writeFileSync(descriptor, contents);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Replaces a small file as a whole: whoever reads it, also after a crash, finds the old or the new contents, never a mixture.
 *
 * @param next where it is written first, in the same folder; where several processes replace the file, each needs its own
 */
export function replaceFile(path: string, contents: string, next = `${path}.next`): void {
  writeFlushed(next, contents);
  renameSync(next, path);
  flushFolder(dirname(path));
}
