import {
  checkEvent,
  ContractViolationError,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type EpochMicros,
  type EventKind,
  type EventKinds,
} from '@app/domain';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import { CompressedFileError, gzipLines, linesFrom } from './bronze-lines';

/** What is wrong with a line of a file, or with the file itself. */
export interface UnreadableText {
  readonly file: string;
  readonly text: string;
}

/** Takes the events of lines, at most as many as of one unit. */
export type TakeEvents = (events: readonly CheckedEvent[]) => Promise<void>;

const GZIP_ENDING = '.gz';

/** Reads the lines that a store has accounted for, from the first one on, and goes on where it stood. */
export class LinesReplay {
  lines = 0;
  readonly unreadable: UnreadableText[] = [];
  /** How far each file has been read: bytes, and lines. */
  private readonly read = new Map<string, { readonly end: number; readonly lines: number }>();

  constructor(
    private readonly archive: BronzeArchive,
    private readonly kinds: EventKinds,
    private readonly take: TakeEvents,
  ) {}

  /** First day of capture of which lines are kept. */
  firstDay(topics: readonly string[]): EpochMicros | undefined {
    const days = this.archive.files(topics).map(({ date }) => date);
    return days.length === 0 ? undefined : Math.min(...days);
  }

  /** Takes the lines that are accounted for and not read yet; false when there were none. */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const before = this.lines;
    for (const kind of this.kinds) {
      for (const file of this.archive.files([kind.topic])) await this.catchUpFile(kind, file, signal);
    }
    return this.lines > before;
  }

  private async catchUpFile(
    kind: EventKind,
    { file, storedLength, compressed }: BronzeFile,
    signal: AbortSignal,
  ): Promise<void> {
    let events: CheckedEvent[] = [];
    const name = compressed ? file.slice(0, -GZIP_ENDING.length) : file;
    const before = this.read.get(name) ?? { end: 0, lines: 0 };
    const path = this.archive.pathOf(file);
    let number = compressed ? 0 : before.lines;
    try {
      for await (const { text, end } of compressed ? gzipLines(path) : linesFrom(path, before.end)) {
        // The stored length of a compressed file is another one; it is whole.
        if (!compressed && end > storedLength) break;
        number += 1;
        if (end <= before.end) continue;
        events.push(...this.check(file, number, kind, text));
        this.read.set(name, { end, lines: number });
        this.lines += 1;
        if (events.length < SINK_UNIT_EVENTS) continue;
        await this.take(events);
        events = [];
        signal.throwIfAborted();
      }
    } catch (error) {
      if (!(error instanceof CompressedFileError)) throw error;
      this.note(file, error.message);
    }
    if (events.length > 0) await this.take(events);
  }

  private check(file: string, number: number, kind: EventKind, text: string): CheckedEvent[] {
    try {
      return [checkEvent(kind, text)];
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      this.note(file, `${file}, line ${number}: ${error.message}`);
      return [];
    }
  }

  /** Each is said once, however often a file is read. */
  private note(file: string, text: string): void {
    if (!this.unreadable.some((known) => known.text === text)) this.unreadable.push({ file, text });
  }
}
