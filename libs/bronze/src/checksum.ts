import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

const CHUNK_BYTES = 1_048_576;

/** The CRC-32 of a file's bytes before `to`, when that of the bytes before `from` is known. Inside write units: blocks. */
export function extendChecksum(path: string, checksum: number, from: number, to: number): number {
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, to - from)));
    let value = checksum;
    for (let position = from; position < to;) {
      const read = readSync(descriptor, chunk, 0, Math.min(chunk.length, to - position), position);
      if (read === 0) throw new Error(`the file ends at byte ${position}, before byte ${to}`);
      value = crc32(chunk.subarray(0, read), value);
      position += read;
    }
    return value;
  } finally {
    closeSync(descriptor);
  }
}

export interface ChecksumOptions {
  readonly signal: AbortSignal;
  /** Most bytes read in a second; as fast as the disk is unless given. */
  readonly bytesPerSecond?: number;
}

/**
 * The CRC-32 of a file's first bytes, read a megabyte at a time; undefined when the file is shorter.
 * @throws the error of the file system, such as ENOENT, and the signal's reason
 */
export async function checksumOf(
  path: string,
  length: number,
  { signal, bytesPerSecond = Infinity }: ChecksumOptions,
): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length));
    let value = 0;
    for (let position = 0; position < length;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, length - position), position);
      if (bytesRead === 0) return undefined;
      value = crc32(chunk.subarray(0, bytesRead), value);
      position += bytesRead;
      const pause = (1_000 * bytesRead) / bytesPerSecond;
      if (pause >= 1) await delay(pause, undefined, { signal });
    }
    return value;
  } finally {
    await file.close();
  }
}
