import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { flushFolder } from '@app/files';

/** Writes all of the bytes at a position, however few the system takes at a time. */
export function writeFully(handle: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(handle, bytes, written, bytes.length - written, position + written);
  }
}

/** Replaces a small file as a whole: after a crash it is the old one or the new one, never a mixture. */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.next`;
  const handle = openSync(next, 'w');
  try {
    writeFully(handle, Buffer.from(text, 'utf8'), 0);
    fdatasyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, path);
  flushFolder(dirname(path));
}

/** The JSON in a file; undefined when there is no such file, and when it is not readable as JSON, which is told. */
export function readJsonFile(path: string, unreadable: (reason: string) => void): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') unreadable(message);
    return undefined;
  }
}
