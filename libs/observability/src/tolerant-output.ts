import { writeSync } from 'node:fs';
import type { LineOutput } from './buffered-output';

const STANDARD_OUTPUT = 1;
/** A reader that is slow is waited for in steps of this, and this long in all; one that stands still is not. */
const BUSY_STEP_MS = 20;
const BUSY_LIMIT_MS = 1_000;
const LINE_FEED = 0x0a;

/** Writes some of the bytes to an open file; returns how many. */
type WriteSome = (handle: number, bytes: Uint8Array) => number;

/** Lines that could not be written, and why the last of them could not. */
export interface DroppedLines {
  readonly lines: number;
  readonly reason: string;
}

/**
 * Standard output of a process that has more important work: what the system refuses to write (a full disk, a reader that
 * has gone) is dropped and counted, line by line, and never thrown. The rest of a line of which a part is out follows as
 * soon as it can, so that every line that is there is whole.
 */
export class TolerantOutput implements LineOutput {
  private rest: Buffer = Buffer.alloc(0);
  private pending = 0;
  private total = 0;
  private reason = '';
  private waits = true;

  constructor(
    /** Told, after the first write that succeeds again, of what was dropped since the last one that did. */
    private readonly onBack: (dropped: DroppedLines) => void = () => undefined,
    private readonly writeSome: WriteSome = (handle, bytes) => writeSync(handle, bytes),
  ) {}

  /** Lines dropped since the process began. */
  get droppedLines(): number {
    return this.total;
  }

  /** Whole lines. */
  write(lines: string): void {
    const before = this.rest.length;
    const bytes = Buffer.concat([this.rest, Buffer.from(lines, 'utf8')]);
    const written = this.writeUntilRefused(bytes);
    if (written === bytes.length) {
      this.rest = Buffer.alloc(0);
      this.sayWhatWasDropped();
      return;
    }
    const isWithinLine = written > 0 ? bytes[written - 1] !== LINE_FEED : before > 0;
    const end = isWithinLine ? bytes.indexOf(LINE_FEED, written) + 1 : written;
    this.rest = bytes.subarray(written, end);
    const dropped = countLines(bytes.subarray(end));
    this.pending += dropped;
    this.total += dropped;
  }

  /** Nothing is held back but the rest of a line that was refused. */
  flushSync(): void {
    if (this.rest.length > 0) this.write('');
  }

  private writeUntilRefused(bytes: Buffer): number {
    let written = 0;
    let waited = 0;
    while (written < bytes.length) {
      try {
        written += this.writeSome(STANDARD_OUTPUT, bytes.subarray(written));
        waited = 0;
        this.waits = true;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const isBusy = code === 'EAGAIN' || code === 'EBUSY';
        if (isBusy && this.waits && waited < BUSY_LIMIT_MS) {
          waited += BUSY_STEP_MS;
          sleep(BUSY_STEP_MS);
          continue;
        }
        if (isBusy) this.waits = false;
        this.reason = message;
        return written;
      }
    }
    return written;
  }

  private sayWhatWasDropped(): void {
    if (this.pending === 0) return;
    const dropped = { lines: this.pending, reason: this.reason };
    this.pending = 0;
    this.onBack(dropped);
  }
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}

function sleep(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}
