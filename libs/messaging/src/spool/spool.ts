import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EventBatch, LostLines, LostSpan } from '@app/domain';
import { flushFolder, hostFaultOf, makeFolderOf, reasonWithoutPath, replaceFile, writeFully } from '@app/files';
import { Ballast } from './ballast';
import { LossRecord } from './loss-record';
import { MemoryQueue } from './memory-queue';
import { DAMAGED_SUFFIX, Segment, segmentName, type Write } from './segment';
import {
  BALLAST_FILES,
  CURSOR_FILE,
  LOSSES_FILE,
  nextNumber,
  readCursor,
  readLosses,
  segmentFiles,
  type Cursor,
} from './spool-files';
import { SpoolFolder } from './spool-folder';
import { parseSpooledEvent, serializeSpooledEvent, spooledEvent, type SpooledEvent } from './spooled-event';
import { UnreadableLines } from './unreadable-lines';

const LARGEST_SEGMENT_BYTES = 8 * 1_048_576;
/** A bound is kept by giving up whole segments, so there have to be some. */
const SEGMENTS_WITHIN_BOUND = 8;
const MEMORY_MAX_BYTES = 16 * 1_048_576;
const FLUSH_EVENTS = 1_000;
/** Room on the disk that is kept for what is in memory when the process ends on a full disk. */
const BALLAST_BYTES = 1_048_576;
/** And as a share of that: for the account of what could not be kept. */
const NOTE_SHARE = 4;
/** Real time between two looks whether the room has to be taken again. */
const LOOK_AFTER_BALLAST_EVERY_MS = 10_000;
/** And between two attempts at a folder that its disk does not let be used. */
const ENTER_AGAIN_EVERY_MS = 1_000;

export interface SpoolOptions {
  readonly folder: string;
  /** Most bytes on disk, above 0. */
  readonly maxBytes: number;
  /** Names of all kinds of events that may be in it: a line of any other is none that this program wrote. */
  readonly kinds: readonly string[];
  /** The one kind of events in it; lines of another one, in files that several spools took over, are passed over. */
  readonly kind?: string;
  /** The folder, or that of several spools; made of `folder` where it is not given. */
  readonly place?: SpoolFolder;
  /** Whether a place that was given is let go of with the spool. */
  readonly ownsPlace?: boolean;
  /** Account of what spools gave up that were here before; it is read and left as it is. */
  readonly earlierLosses?: readonly string[];
  /** Bytes of the disk that are held for the end on a full disk; 0 for none, 1 MiB by default. */
  readonly ballastBytes?: number;
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
 * up and counted in {@link lost}, which is kept on disk too. When the disk takes nothing, events are held in memory; a
 * process that ends then writes them over room that it has held for that ({@link Ballast}), and the account of what does
 * not fit as well. One process at a time: the folder is locked. Where the disk does not even allow that, as one that can
 * only be read, the spool begins in memory and goes to its folder as soon as it can.
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
  private readonly ballast: Ballast | undefined;
  private readonly note: Ballast | undefined;
  private readonly unreadableLines: UnreadableLines;
  private earlierLosses: LostSpan[] = [];
  private timer: NodeJS.Timeout | undefined;
  private entering: NodeJS.Timeout | undefined;
  private hasEntered = false;

  private constructor(
    private readonly options: SpoolOptions,
    private readonly place: SpoolFolder,
  ) {
    const { kind, maxBytes, ballastBytes = BALLAST_BYTES } = options;
    if (ballastBytes > 0) {
      this.ballast = new Ballast(this.path(BALLAST_FILES.events), ballastBytes);
      this.note = new Ballast(this.path(BALLAST_FILES.note), Math.ceil(ballastBytes / NOTE_SHARE));
    }
    this.unreadableLines = new UnreadableLines(
      options.folder,
      kind === undefined ? 'spool' : `spool/${kind}`,
      maxBytes,
      (line) => this.read(line),
      (message) => {
        this.warn(message);
      },
    );
    this.memory = new MemoryQueue(options.memoryMaxBytes ?? MEMORY_MAX_BYTES);
    this.write = options.write ?? writeFully;
    this.segmentMaxBytes = Math.min(LARGEST_SEGMENT_BYTES, Math.ceil(options.maxBytes / SEGMENTS_WITHIN_BOUND));
  }

  /**
   * Opens or makes the folder and takes up what an earlier process left; later, where the machine does not let it yet.
   * @throws FolderNotMadeError, FolderLockedError
   */
  static open(options: SpoolOptions): Spool {
    const spool = new Spool(options, options.place ?? new SpoolFolder(options.folder, options.warn));
    try {
      spool.enter();
    } catch (error) {
      if (hostFaultOf(error) === undefined) {
        if (spool.ownsPlace) spool.place.release();
        throw error;
      }
      spool.refused(error);
      spool.enterWhenPossible();
    }
    return spool;
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

  /** Names of the kinds of events that it takes. */
  get kinds(): readonly string[] {
    const { kind, kinds } = this.options;
    return kind === undefined ? kinds : [kind];
  }

  /** What was given up, over all processes that used this folder. */
  get lost(): readonly LostSpan[] {
    return [...this.earlierLosses, ...this.losses.spans()];
  }

  /** Lines that could not be read, for as long as their files are kept; one entry for each file. */
  get unreadable(): readonly LostLines[] {
    return this.unreadableLines.list();
  }

  /** Takes events behind all others. `disk`: they survive a crash; `memory`: the disk takes nothing at the moment. */
  append({ origin, events }: EventBatch): 'disk' | 'memory' {
    const spooled = events.map((event) => spooledEvent(origin, event));
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
    if (this.place.isLost) this.leaveToOthers();
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

  /**
   * Last attempt to bring to disk what is held in memory, in the room that is held for that if need be; then the folder is
   * free for another process.
   */
  close(): void {
    this.reading = undefined;
    if (this.memory.length > 0) this.flushMemory();
    clearInterval(this.timer);
    clearInterval(this.entering);
    if (this.memory.length > 0) this.spendBallast();
    if (this.memory.length > 0) {
      this.warn(`${this.memory.length} events could not be written to the spool and are lost: ${this.fault}`);
      for (const event of this.memory.first(this.memory.length)) this.losses.addEvent(event);
      this.lossesChanged = true;
    }
    if (!this.saveLosses()) this.noteLosses();
    for (const { file } of this.segments) file.close();
    if (this.ownsPlace) this.place.release();
  }

  private get ownsPlace(): boolean {
    const { place, ownsPlace = place === undefined } = this.options;
    return ownsPlace;
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

  private read(line: string): SpooledEvent | undefined {
    return parseSpooledEvent(line, this.options.kinds);
  }

  /** Goes to the folder, unless that is done. @throws what keeps it from that */
  private enter(): void {
    if (this.hasEntered) return;
    const { folder } = this.options;
    this.place.enter();
    makeFolderOf('INGEST_STATE_DIR', dirname(folder), folder);
    try {
      this.load();
    } catch (error) {
      this.leaveToOthers();
      throw error;
    }
    this.hasEntered = true;
    clearInterval(this.entering);
    if (!this.ballast) return;
    this.timer = setInterval(() => {
      this.lookAfterBallast();
    }, LOOK_AFTER_BALLAST_EVERY_MS).unref();
  }

  private enterWhenPossible(): void {
    this.entering = setInterval(() => {
      try {
        this.enter();
        this.fault = '';
        this.flushMemory();
      } catch (error) {
        this.refused(error);
      }
    }, ENTER_AGAIN_EVERY_MS).unref();
  }

  /** What comes is held in memory. */
  private refused(error: unknown): void {
    const fault = reasonWithoutPath(error);
    if (this.fault === '') this.warn(`the spool cannot be written, events are held in memory: ${fault}`);
    this.fault = fault;
  }

  private load(): void {
    const { folder, kind, earlierLosses = [] } = this.options;
    const { spans, givenUp } = readLosses(folder, (reason) => {
      this.warn(`losses.json of the spool is not readable: what was lost before is not known any more: ${reason}`);
      this.keepLossesAside();
    });
    // Some may have been lost before the folder could be used.
    this.losses = new LossRecord([...spans, ...this.losses.spans()]);
    const earlier = earlierLosses.flatMap((place) => readLosses(place, () => undefined).spans);
    this.earlierLosses = earlier.filter((span) => kind === undefined || span.kind === kind);
    this.unreadableLines.load();
    const cursor = readCursor(folder, (reason) => {
      this.warn(`cursor.json of the spool is not readable: what is in the spool is handed on again: ${reason}`);
    });
    // A number is never used twice: a stored cursor or a segment given up must not mean a later file.
    this.nextNumber = nextNumber(folder, cursor, givenUp);
    for (const found of segmentFiles(folder)) {
      const { number } = found;
      const file = Segment.open(found, folder);
      if (number < cursor.segment || givenUp.includes(number)) {
        this.discard(file);
      } else {
        const from = number === cursor.segment ? Math.min(cursor.offset, file.length) : 0;
        if (this.segments.length === 0) this.offset = from;
        this.segments.push({ file, waiting: this.countWaiting(file, from) });
      }
    }
    this.dropReadSegments();
    this.lookAfterBallast();
  }

  /** Lines from an offset on; of a file that another spool has taken over too, those of this kind. */
  private countWaiting(file: Segment, from: number): number {
    if (from > 0) this.lookForUnreadable(file, from);
    if (this.options.kind === undefined || !file.isShared) return file.countLines(from);
    let count = 0;
    for (const line of linesOf(file, from)) {
      const event = this.read(line.text);
      if (!event || event.kind === this.options.kind) count += 1;
    }
    return count;
  }

  /** What an earlier process passed over in a file that is still there. */
  private lookForUnreadable(file: Segment, end: number): void {
    for (const { text, bytes, offset } of linesOf(file, 0)) {
      if (offset >= end) return;
      if (!this.read(text)) this.passOver(file, offset, bytes);
    }
  }

  /** A file that cannot be read any more, and that the next one must not replace without a trace. */
  private keepLossesAside(): void {
    try {
      renameSync(this.path(LOSSES_FILE), this.path(`${LOSSES_FILE}${DAMAGED_SUFFIX}`));
    } catch (error) {
      this.warn(`losses.json of the spool cannot be kept aside: ${reasonWithoutPath(error)}`);
    }
  }

  /** While the disk takes what comes, room is held for the time when it does not. */
  private lookAfterBallast(): void {
    if (this.memory.length > 0 || this.place.isLost) return;
    this.ballast?.ensure();
    this.note?.ensure();
  }

  /** Brings to disk, in the room that was held, as much of what is in memory as fits. */
  private spendBallast(): void {
    try {
      this.place.check();
      const events = this.memory.first(this.memory.length);
      const lines = events.map((event) => Buffer.from(serializeSpooledEvent(event), 'utf8'));
      const kept = this.ballast?.become(this.path(segmentName(this.nextNumber)), lines) ?? 0;
      if (kept > 0) this.warn(`${kept} events were written to the room that is held for a full disk`);
      this.memory.remove(kept);
    } catch (error) {
      this.fault = reasonWithoutPath(error);
    }
  }

  /** Brings the account of what was lost to disk, in the room that was held for it. */
  private noteLosses(): void {
    try {
      this.place.check();
      const target = this.path(LOSSES_FILE);
      for (const spans of [this.losses.spans(), this.losses.condensed()]) {
        const text = JSON.stringify({ spans, given_up: [] });
        if (this.note?.become(target, [Buffer.from(text, 'utf8')]) === 1) return;
      }
    } catch (error) {
      this.fault = reasonWithoutPath(error);
    }
    this.warn(`the account of lost events could not be written: ${this.fault}`);
  }

  private saveCursor(cursor: Cursor): void {
    try {
      this.place.check();
      replaceFile(this.path(CURSOR_FILE), JSON.stringify(cursor));
    } catch (error) {
      // A cursor that lags sends again after a crash, which the other side tolerates.
      this.fault = reasonWithoutPath(error);
    }
  }

  /** Returns whether what was lost is on disk. */
  private saveLosses(givenUp: readonly number[] = []): boolean {
    if (!this.lossesChanged && givenUp.length === 0) return true;
    try {
      this.place.check();
      const spans = this.losses.spans();
      replaceFile(this.path(LOSSES_FILE), JSON.stringify({ spans, given_up: givenUp }));
      this.lossesChanged = false;
      return true;
    } catch (error) {
      this.fault = reasonWithoutPath(error);
      return false;
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
      if (this.unreadableLines.has(file)) this.unreadableLines.setAside(file);
      else file.remove();
    } catch (error) {
      this.warn(`${file.path} was read to its end and cannot be removed: ${reasonWithoutPath(error)}`);
    }
  }

  /** Once another process has taken the folder, what waits on disk is that one's to hand on. */
  private leaveToOthers(): void {
    for (const { file } of this.segments) file.close();
    this.segments.length = 0;
    this.offset = 0;
  }

  private nextOnDisk(maxEvents: number): SpoolRead | undefined {
    const { kind } = this.options;
    for (let head = this.segments[0]; head !== undefined; head = this.segments[0]) {
      const events: SpooledEvent[] = [];
      let end = this.offset;
      let lines = 0;
      for (const { text, bytes } of head.file.readLines(this.offset)) {
        const event = this.read(text);
        const isOurs = event && (kind === undefined || event.kind === kind);
        if (isOurs && (events.length === maxEvents || (events[0] && events[0].origin !== event.origin))) break;
        if (isOurs) events.push(event);
        else if (!event) this.passOver(head.file, end, bytes);
        end += bytes;
        if (isOurs || !event) lines += 1;
      }
      const [first] = events;
      if (first) {
        const batch = { origin: first.origin, events };
        return { batch, place: { in: 'segment', number: head.file.number, end, lines } };
      }
      // Only lines of others and unreadable ones, or less in the file than there was.
      head.waiting = end === this.offset ? 0 : head.waiting - lines;
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
      this.enter();
      this.place.check();
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
      this.refused(error);
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
    if (last && !last.file.isShared && last.file.length + bytes <= this.segmentMaxBytes) return last;
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
    const { kind } = this.options;
    const from = segment === this.segments[0] ? this.offset : 0;
    for (const { text, offset, bytes } of linesOf(segment.file, from)) {
      const event = this.read(text);
      if (!event) this.passOver(segment.file, offset, bytes);
      else if (kind === undefined || event.kind === kind) this.losses.addEvent(event);
    }
  }

  /** Counts a line that is none. Of a file that several spools took over, the spool of the first kind does. */
  private passOver(file: Segment, offset: number, bytes: number): void {
    const { kind, kinds } = this.options;
    if (kind !== undefined && kind !== kinds[0] && file.isShared) return;
    this.unreadableLines.note(file, offset, bytes);
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

/** The lines of a segment from an offset on, each with where it begins. */
function* linesOf(
  file: Segment,
  from: number,
): Generator<{ readonly text: string; readonly bytes: number; readonly offset: number }> {
  let offset = from;
  for (let lines = file.readLines(offset); lines.length > 0; lines = file.readLines(offset)) {
    for (const line of lines) {
      yield { ...line, offset };
      offset += line.bytes;
    }
  }
}
