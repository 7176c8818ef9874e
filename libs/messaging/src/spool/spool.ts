import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EventBatch, LostSpan } from '@app/domain';
import { flushFolder, makeFolderOf } from '@app/files';
import { readJsonFile, replaceFile, writeFully } from './durable-file';
import { FolderLock } from './folder-lock';
import { LossRecord, readLostSpans } from './loss-record';
import { MemoryQueue } from './memory-queue';
import { Segment, segmentNumber, type Write } from './segment';
import { parseSpooledEvent, serializeSpooledEvent, type SpooledEvent } from './spooled-event';

const LARGEST_SEGMENT_BYTES = 8 * 1_048_576;
/** A bound is kept by giving up whole segments, so there have to be some. */
const SEGMENTS_WITHIN_BOUND = 8;
const MEMORY_MAX_BYTES = 16 * 1_048_576;
const FLUSH_EVENTS = 1_000;

export interface SpoolOptions {
  readonly folder: string;
  /** Most bytes on disk, above 0. */
  readonly maxBytes: number;
  /** Most bytes held in memory while the disk takes none; 16 MiB by default. */
  readonly memoryMaxBytes?: number;
  /** Told in one line of what is wrong with the files. */
  readonly warn?: (message: string) => void;
  /** How bytes get to disk; another one can stand for a full disk. */
  readonly write?: Write;
}

/** The oldest events that wait, all of one origin, until {@link Spool.acknowledge} or {@link Spool.release}. */
export interface SpoolRead {
  readonly batch: EventBatch;
  /** Where they lie, and how many lines or events they take up there. */
  readonly place:
    | { readonly in: 'segment'; readonly number: number; readonly end: number; readonly lines: number }
    | { readonly in: 'memory'; readonly events: number };
}

/** Where reading goes on: a segment and a byte in it. */
interface Cursor {
  readonly segment: number;
  readonly offset: number;
}

interface WaitingSegment {
  readonly file: Segment;
  /** Lines not yet acknowledged. */
  waiting: number;
}

/**
 * Events waiting on disk, first in, first out, for a sink or broker that is away.
 *
 * Segment files of JSON lines; an append is flushed to disk before it returns. The cursor is written after each
 * acknowledgement, so a crash may send again, never skip. Bounded: when the bound is reached the oldest segment is given
 * up and counted in {@link lost}, which is kept on disk too. When the disk takes nothing, events are held in memory.
 * One process at a time: the folder is locked.
 */
export class Spool {
  private readonly segments: WaitingSegment[] = [];
  private readonly memory: MemoryQueue;
  private readonly write: Write;
  private readonly segmentMaxBytes: number;
  private losses = new LossRecord();
  private lossesChanged = false;
  private nextNumber = 1;
  private offset = 0;
  private reading: SpoolRead | undefined;
  private fault = '';

  private constructor(
    private readonly options: SpoolOptions,
    private readonly lock: FolderLock,
  ) {
    this.memory = new MemoryQueue(options.memoryMaxBytes ?? MEMORY_MAX_BYTES);
    this.write = options.write ?? writeFully;
    this.segmentMaxBytes = Math.min(LARGEST_SEGMENT_BYTES, Math.ceil(options.maxBytes / SEGMENTS_WITHIN_BOUND));
  }

  /** Opens or makes the folder and takes up what an earlier process left. @throws FolderNotMadeError, FolderLockedError */
  static open(options: SpoolOptions): Spool {
    makeFolderOf('INGEST_STATE_DIR', dirname(options.folder), options.folder);
    const lock = FolderLock.acquire(options.folder, options.warn);
    try {
      const spool = new Spool(options, lock);
      spool.load();
      return spool;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get waitingEvents(): number {
    return this.segments.reduce((sum, { waiting }) => sum + waiting, this.memory.length);
  }

  get waitingBytes(): number {
    const { diskBytes } = this;
    return (diskBytes === 0 ? 0 : diskBytes - this.offset) + this.memory.bytes;
  }

  /** Why the disk took nothing at the last attempt; empty when it did. */
  get writeFault(): string {
    return this.fault;
  }

  /** What was given up, over all processes that used this folder. */
  get lost(): readonly LostSpan[] {
    return this.losses.spans();
  }

  /** Takes events behind all others. `disk`: they survive a crash; `memory`: the disk takes nothing at the moment. */
  append({ origin, events }: EventBatch): 'disk' | 'memory' {
    const spooled = events.map((event): SpooledEvent => ({ ...event, origin }));
    if (this.memory.length > 0) this.flushMemory();
    if (this.memory.length === 0) {
      const written = this.appendToDisk(spooled);
      if (written === spooled.length) return 'disk';
      this.hold(spooled.slice(written));
    } else {
      this.hold(spooled);
    }
    return 'memory';
  }

  /** The oldest waiting events, at most `maxEvents`; undefined when none waits. One read at a time. */
  next(maxEvents: number): SpoolRead | undefined {
    if (this.reading) throw new Error('the last read was neither acknowledged nor released');
    if (this.lock.isLost) this.leaveToOthers();
    this.dropReadSegments();
    this.reading = this.nextOnDisk(maxEvents) ?? this.nextInMemory(maxEvents);
    return this.reading;
  }

  /** The events of the read were taken elsewhere: they do not wait any more. */
  acknowledge({ place }: SpoolRead): void {
    this.reading = undefined;
    this.losses.handedOn();
    if (place.in === 'memory') {
      this.memory.remove(place.events);
      return;
    }
    const [head] = this.segments;
    if (head?.file.number !== place.number) return;
    this.offset = place.end;
    head.waiting -= place.lines;
    this.saveCursor({ segment: place.number, offset: place.end });
    this.dropReadSegments();
  }

  /** The events of the read were not taken: they stay the oldest. */
  release(): void {
    this.reading = undefined;
  }

  /** Last attempt to bring to disk what is held in memory; then the folder is free for another process. */
  close(): void {
    this.reading = undefined;
    if (this.memory.length > 0) this.flushMemory();
    if (this.memory.length > 0) {
      this.warn(`${this.memory.length} events could not be written to the spool and are lost: ${this.fault}`);
      for (const event of this.memory.first(this.memory.length)) this.losses.addEvent(event);
      this.lossesChanged = true;
    }
    this.saveLosses();
    for (const { file } of this.segments) file.close();
    this.lock.release();
  }

  private get diskBytes(): number {
    return this.segments.reduce((sum, { file }) => sum + file.length, 0);
  }

  private path(name: string): string {
    return join(this.options.folder, name);
  }

  private warn(message: string): void {
    this.options.warn?.(message);
  }

  private load(): void {
    const { folder } = this.options;
    const losses = readJsonFile(this.path('losses.json'), (reason) => {
      this.warn(`losses.json of the spool is not readable: what was lost before is not known any more: ${reason}`);
    });
    const stored = (losses ?? {}) as { spans?: unknown; given_up?: unknown };
    this.losses = new LossRecord(readLostSpans(stored.spans));
    const givenUp = Array.isArray(stored.given_up) ? stored.given_up.filter(Number.isSafeInteger).map(Number) : [];
    const cursor = this.readCursor();
    const numbers = readdirSync(folder)
      .map(segmentNumber)
      .filter((number): number is number => number !== undefined)
      .sort((a, b) => a - b);
    // A number is never used twice: a stored cursor or a segment given up must not mean a later file.
    this.nextNumber = Math.max(0, cursor.segment, numbers.at(-1) ?? 0, ...givenUp) + 1;
    for (const number of numbers) {
      const file = Segment.open(number, folder);
      if (number < cursor.segment || givenUp.includes(number)) {
        this.discard(file);
      } else {
        const from = number === cursor.segment ? Math.min(cursor.offset, file.length) : 0;
        if (this.segments.length === 0) this.offset = from;
        this.segments.push({ file, waiting: file.countLines(from) });
      }
    }
    this.dropReadSegments();
  }

  private readCursor(): Cursor {
    const cursor = readJsonFile(this.path('cursor.json'), (reason) => {
      this.warn(`cursor.json of the spool is not readable: what is in the spool is handed on again: ${reason}`);
    });
    const { segment, offset } = (cursor ?? {}) as Partial<Record<keyof Cursor, unknown>>;
    const readable = Number.isSafeInteger(segment) && Number.isSafeInteger(offset);
    return readable ? { segment: Number(segment), offset: Number(offset) } : { segment: 0, offset: 0 };
  }

  private saveCursor(cursor: Cursor): void {
    try {
      this.lock.check();
      replaceFile(this.path('cursor.json'), JSON.stringify(cursor));
    } catch (error) {
      // A cursor that lags sends again after a crash, which the other side tolerates.
      this.fault = messageOf(error);
    }
  }

  private saveLosses(givenUp: readonly number[] = []): void {
    if (!this.lossesChanged && givenUp.length === 0) return;
    try {
      this.lock.check();
      const spans = this.losses.spans();
      replaceFile(this.path('losses.json'), JSON.stringify({ spans, given_up: givenUp }));
      this.lossesChanged = false;
    } catch (error) {
      this.fault = messageOf(error);
    }
  }

  /** Removes the segments at the front of which every line was acknowledged. */
  private dropReadSegments(): void {
    for (let head = this.segments[0]; head?.waiting === 0; head = this.segments[0]) {
      this.segments.shift();
      this.discard(head.file);
      this.offset = 0;
    }
  }

  /** A file that cannot be removed, or is gone already, must not keep those behind it from being read. */
  private discard(file: Segment): void {
    try {
      file.remove();
    } catch (error) {
      this.warn(`${file.path} was read to its end and cannot be removed: ${messageOf(error)}`);
    }
  }

  /** Once another process has taken the folder, what waits on disk is that one's to hand on. */
  private leaveToOthers(): void {
    for (const { file } of this.segments) file.close();
    this.segments.length = 0;
    this.offset = 0;
  }

  private nextOnDisk(maxEvents: number): SpoolRead | undefined {
    for (let head = this.segments[0]; head !== undefined; head = this.segments[0]) {
      const events: SpooledEvent[] = [];
      let end = this.offset;
      let lines = 0;
      for (const { text, bytes } of head.file.readLines(this.offset)) {
        const event = parseSpooledEvent(text);
        if (event && (events.length === maxEvents || (events[0] && events[0].origin !== event.origin))) break;
        if (event) events.push(event);
        else this.warn(`an unreadable line of ${bytes} bytes in ${head.file.path} was skipped`);
        end += bytes;
        lines += 1;
      }
      const [first] = events;
      if (first) {
        const batch = { origin: first.origin, events };
        return { batch, place: { in: 'segment', number: head.file.number, end, lines } };
      }
      // Only unreadable lines, or less in the file than there was.
      head.waiting = lines === 0 ? 0 : head.waiting - lines;
      this.offset = end;
      this.dropReadSegments();
    }
    return undefined;
  }

  private nextInMemory(maxEvents: number): SpoolRead | undefined {
    const held = this.memory.first(maxEvents);
    const [first] = held;
    if (!first) return undefined;
    const other = held.findIndex(({ origin }) => origin !== first.origin);
    const events = other < 0 ? held : held.slice(0, other);
    return { batch: { origin: first.origin, events }, place: { in: 'memory', events: events.length } };
  }

  /** Writes events behind the last line on disk; returns how many of them are there, flushed. */
  private appendToDisk(events: readonly SpooledEvent[]): number {
    let done = 0;
    try {
      this.lock.check();
      while (done < events.length) {
        const { lines, count } = this.fill(events, done);
        this.makeRoom(lines.length);
        const segment = this.segmentFor(lines.length);
        segment.file.append(lines, this.write);
        segment.waiting += count;
        done += count;
      }
      this.fault = '';
      this.saveLosses();
    } catch (error) {
      const fault = messageOf(error);
      if (this.fault === '') this.warn(`the spool cannot be written, events are held in memory: ${fault}`);
      this.fault = fault;
    }
    return done;
  }

  /** As many events from a position on as one segment takes; at least one. */
  private fill(events: readonly SpooledEvent[], from: number): { lines: Buffer; count: number } {
    const lines: Buffer[] = [];
    let bytes = 0;
    for (const event of events.slice(from)) {
      const line = Buffer.from(serializeSpooledEvent(event), 'utf8');
      if (lines.length > 0 && bytes + line.length > this.segmentMaxBytes) break;
      lines.push(line);
      bytes += line.length;
    }
    return { lines: Buffer.concat(lines), count: lines.length };
  }

  private segmentFor(bytes: number): WaitingSegment {
    const last = this.segments.at(-1);
    if (last && last.file.length + bytes <= this.segmentMaxBytes) return last;
    const segment = { file: Segment.create(this.nextNumber, this.options.folder), waiting: 0 };
    this.nextNumber += 1;
    this.segments.push(segment);
    if (this.segments.length === 1) this.offset = 0;
    flushFolder(this.options.folder);
    return segment;
  }

  /** Gives up the oldest segments, but never the one being read, until so many bytes more are within the bound. */
  private makeRoom(bytes: number): void {
    const inUse = this.reading?.place.in === 'segment' ? this.reading.place.number : undefined;
    const givenUp: WaitingSegment[] = [];
    let surplus = this.diskBytes + bytes - this.options.maxBytes;
    for (const segment of this.segments) {
      if (surplus <= 0) break;
      if (segment.file.number === inUse) continue;
      givenUp.push(segment);
      surplus -= segment.file.length;
    }
    if (givenUp.length === 0) return;
    for (const segment of givenUp) this.countAsLost(segment);
    // Said before it is done: a crash between the two gives them up again, and counts them once.
    this.lossesChanged = true;
    this.saveLosses(givenUp.map(({ file }) => file.number));
    for (const segment of givenUp) {
      if (segment === this.segments[0]) this.offset = 0;
      this.segments.splice(this.segments.indexOf(segment), 1);
      this.discard(segment.file);
    }
    this.warn(`the spool is full (${this.options.maxBytes} bytes): the oldest events were given up`);
  }

  private countAsLost(segment: WaitingSegment): void {
    let offset = segment === this.segments[0] ? this.offset : 0;
    for (let lines = segment.file.readLines(offset); lines.length > 0; lines = segment.file.readLines(offset)) {
      for (const { text, bytes } of lines) {
        const event = parseSpooledEvent(text);
        if (event) this.losses.addEvent(event);
        offset += bytes;
      }
    }
  }

  private hold(events: readonly SpooledEvent[]): void {
    const pinned = this.reading?.place.in === 'memory' ? this.reading.place.events : 0;
    const dropped = this.memory.push(events, (event) => Buffer.byteLength(serializeSpooledEvent(event)), pinned);
    for (const event of dropped) this.losses.addEvent(event);
    if (dropped.length > 0) this.lossesChanged = true;
  }

  /** Moves what is held in memory to disk, in order, unless it is being read. */
  private flushMemory(): void {
    if (this.reading?.place.in === 'memory') return;
    while (this.memory.length > 0) {
      const events = this.memory.first(FLUSH_EVENTS);
      const written = this.appendToDisk(events);
      this.memory.remove(written);
      if (written < events.length) return;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
