import { pino, symbols, type DestinationStream } from 'pino';

/** Lines of requests are collected up to this many bytes, or for this long. */
const BUFFER_BYTES = 4_096;
const FLUSH_EVERY_MS = 100;

/** Number of the level in pino. */
const WARN = 40;

/**
 * Standard output for the lines of a process. They are written several at a time, for a system call per request costs
 * as much as a fifth of answering it. Warnings and worse are out at once with all before them, and so is everything when
 * the process exits; a kill can take the lines of the last 100 ms.
 */
export function bufferedOutput(): DestinationStream {
  const output = pino.destination({
    dest: process.stdout.fd,
    sync: true,
    minLength: BUFFER_BYTES,
    periodicFlush: FLUSH_EVERY_MS,
  });
  process.once('exit', () => {
    output.flushSync();
  });
  const destination = {
    // Set by pino before each line, as the symbol asks it to.
    lastLevel: 0,
    [symbols.needsMetadataGsym]: true,
    write(line: string): void {
      output.write(line);
      if (destination.lastLevel >= WARN) output.flushSync();
    },
  };
  return destination;
}
