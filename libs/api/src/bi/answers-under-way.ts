import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { busy } from './busy.problem';

/** Answers up to this size are sent whatever else is under way. */
const SMALL_BYTES = 1_048_576;
/** Most bytes of larger answers that wait for their readers at once; a larger one goes alone. */
const MOST_BYTES = 96 * 1_048_576;
/** Real time that an answer waits for room before its reader is asked to come back, and that he has for reading it. */
const WAIT_MS = 30_000;
const READING_MS = 600_000;
/** Real time that readers still have when the process is told to stop. */
const LEAVING_MS = 5_000;

/** Where an answer goes: what of Node's `ServerResponse` is needed to see its end. */
interface Reader {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * Bounds the memory that readers hold: the bytes of an answer are let go of when its reader has taken the last of them, so
 * a few dozen slow readers of large tables would take more than a small host has. Large answers wait for one another, in the
 * order they were asked for; those of the same bytes count once.
 */
@Injectable()
export class AnswersUnderWay implements OnModuleDestroy {
  /** How many read each buffer. */
  private readonly readers = new Map<Buffer, number>();
  private bytesUnderWay = 0;
  private readonly waiting = new Set<Waiting>();
  private readonly reading = new Set<Reader>();
  private isLeaving = false;

  constructor(
    private readonly waitMs: number = WAIT_MS,
    private readonly readingMs: number = READING_MS,
    private readonly leavingMs: number = LEAVING_MS,
  ) {}

  /** Nobody is let in any more, and a slow reader does not hold up the end of the process. */
  onModuleDestroy(): void {
    this.isLeaving = true;
    for (const { refuse } of this.waiting) refuse();
    setTimeout(() => {
      for (const reader of this.reading) reader.destroy();
    }, this.leavingMs).unref();
  }

  /** Resolves when `bytes` may be sent to `reader`. @throws ProblemError 503 when there is no room for 30 s */
  async admit(bytes: Buffer, reader: Reader): Promise<void> {
    if (bytes.length <= SMALL_BYTES) return;
    if (this.readers.has(bytes) || (this.waiting.size === 0 && this.hasRoomFor(bytes))) this.count(bytes);
    else if (this.isLeaving) throw busy();
    else await this.room(bytes);
    const limit = setTimeout(() => reader.destroy(), this.readingMs).unref();
    this.reading.add(reader);
    const end = (): void => {
      clearTimeout(limit);
      this.reading.delete(reader);
      this.release(bytes);
    };
    if (reader.closed) end();
    else reader.once('close', end);
  }

  private hasRoomFor(bytes: Buffer): boolean {
    return this.readers.has(bytes) || this.bytesUnderWay === 0 || this.bytesUnderWay + bytes.length <= MOST_BYTES;
  }

  private count(bytes: Buffer): void {
    const others = this.readers.get(bytes) ?? 0;
    if (others === 0) this.bytesUnderWay += bytes.length;
    this.readers.set(bytes, others + 1);
  }

  private release(bytes: Buffer): void {
    const others = (this.readers.get(bytes) ?? 1) - 1;
    if (others > 0) {
      this.readers.set(bytes, others);
      return;
    }
    this.readers.delete(bytes);
    this.bytesUnderWay -= bytes.length;
    this.letIn();
  }

  private letIn(): void {
    for (const next of this.waiting) {
      if (!this.hasRoomFor(next.bytes)) return;
      next.begin();
    }
  }

  private room(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        begin: () => {
          clearTimeout(timer);
          this.waiting.delete(waiting);
          this.count(bytes);
          resolve();
        },
        refuse: () => {
          clearTimeout(timer);
          this.waiting.delete(waiting);
          reject(busy());
        },
      };
      const timer = setTimeout(() => {
        waiting.refuse();
        this.letIn();
      }, this.waitMs);
      this.waiting.add(waiting);
    });
  }
}
