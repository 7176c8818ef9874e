import { symbols, type DestinationStream } from 'pino';

/** Lines of requests are collected up to this many characters, or for this long. */
const BUFFER_LENGTH = 65_536;
const FLUSH_EVERY_MS = 100;

/** Number of the level in pino. */
const WARN = 40;

/** Where whole lines go; what it has been given, it may still hold until it is flushed. */
export interface LineOutput {
  write(lines: string): unknown;
  flushSync(): void;
}

/**
 * Standard output for the lines of a process. They are written several at a time, for a system call per request costs
 * as much as a fifth of answering it. Warnings and worse are out at once with all before them, and so is everything when
 * the process exits; a kill can take the lines of the last 100 ms.
 *
 * The lines are collected here and not by pino's own destination (`minLength`), which counts the bytes of all that it
 * holds anew with each line that comes.
 */
export function bufferedOutput(output: LineOutput): DestinationStream {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  const writeWaiting = (): void => {
    const lines = waiting;
    waiting = '';
    if (lines !== '') output.write(lines);
  };
  const flush = (): void => {
    writeWaiting();
    output.flushSync();
  };
  process.once('exit', flush);
  const destination = {
    // Set by pino before each line, as the symbol asks it to.
    lastLevel: 0,
    [symbols.needsMetadataGsym]: true,
    write(line: string): void {
      waiting += line;
      if (destination.lastLevel >= WARN) flush();
      else if (waiting.length >= BUFFER_LENGTH) writeWaiting();
      else {
        timer ??= setTimeout(() => {
          timer = undefined;
          writeWaiting();
        }, FLUSH_EVERY_MS).unref();
      }
    },
  };
  return destination;
}
