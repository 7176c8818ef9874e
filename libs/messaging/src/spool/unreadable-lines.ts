import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MILLISECOND, type LostLines } from '@app/domain';
import { DAMAGED_SUFFIX, segmentFile, type Segment } from './segment';
import type { SpooledEvent } from './spooled-event';

/** What was found in a file so far. */
interface Found {
  readonly file: string;
  readonly firstLine: number;
  lines: number;
  readonly noticedAt: number;
  readonly reason: string;
  /** Where the last line that was counted begins: a file is read again when its events were not taken. */
  lastOffset: number;
}

const NO_EVENT = 'it is no event that this program wrote';
const NO_ACCOUNT = 'what was lost before is not known any more';

/**
 * Lines of a spool that cannot be read: an event each that is lost. They are counted for as long as their file is kept, and
 * a file that has any is kept aside, within a bound, when all that can be read of it has been handed on.
 */
export class UnreadableLines {
  private readonly byFile = new Map<string, Found>();

  constructor(
    private readonly folder: string,
    /** How the folder is called where files are named to people. */
    private readonly label: string,
    /** Most bytes that are kept aside. */
    private readonly maxBytes: number,
    private readonly read: (line: string) => SpooledEvent | undefined,
    private readonly warn: (message: string) => void,
  ) {}

  /** Looks through the files that earlier processes kept aside. */
  load(): void {
    for (const name of this.namesAside()) {
      const path = join(this.folder, name);
      const { ctimeMs } = statSync(path);
      const original = name.slice(0, -DAMAGED_SUFFIX.length);
      const isSegment = segmentFile(original) !== undefined;
      const lines = isSegment ? readFileSync(path, 'utf8').split('\n') : [''];
      const bad = lines.flatMap((text, index) => ((text === '' && isSegment) || this.read(text) ? [] : [index + 1]));
      const [firstLine] = bad;
      if (firstLine === undefined) continue;
      const noticedAt = Math.floor(ctimeMs) * MILLISECOND;
      const reason = isSegment ? NO_EVENT : NO_ACCOUNT;
      this.byFile.set(original, { file: name, firstLine, lines: bad.length, noticedAt, reason, lastOffset: Infinity });
    }
  }

  /** A line of a segment that begins at an offset is none; counted once. */
  note(segment: Segment, offset: number, bytes: number): void {
    const name = segment.name;
    const known = this.byFile.get(name);
    if (known && known.lastOffset >= offset) return;
    const line = segment.countLines(0, offset) + 1;
    if (known) {
      known.lines += 1;
      known.lastOffset = offset;
    } else {
      const noticedAt = Date.now() * MILLISECOND;
      this.byFile.set(name, { file: name, firstLine: line, lines: 1, noticedAt, reason: NO_EVENT, lastOffset: offset });
    }
    this.warn(
      `unreadable line ${line} of ${segment.path} (${bytes} bytes): the event in it is lost; ` +
        `the file is kept as ${name}${DAMAGED_SUFFIX}`,
    );
  }

  has(segment: Segment): boolean {
    return this.byFile.has(segment.name);
  }

  /** Keeps the file of a segment that has been read; those that were kept longest make room for it. */
  setAside(segment: Segment): void {
    const { length, name } = segment;
    segment.setAside();
    const known = this.byFile.get(name);
    if (known) this.byFile.set(name, { ...known, file: `${name}${DAMAGED_SUFFIX}` });
    this.keepWithin(length);
  }

  /** One entry for each file, the oldest first. */
  list(): LostLines[] {
    return [...this.byFile.values()].map(({ file, firstLine, lines, noticedAt, reason }) => ({
      file: `${this.label}/${file}`,
      firstLine,
      lines,
      noticedAt,
      reason,
    }));
  }

  private keepWithin(latest: number): void {
    const aside = this.namesAside().map((name) => ({ name, bytes: statSync(join(this.folder, name)).size }));
    let surplus = aside.reduce((sum, { bytes }) => sum + bytes, 0) - Math.max(this.maxBytes, latest);
    for (const { name, bytes } of aside) {
      if (surplus <= 0) return;
      rmSync(join(this.folder, name), { force: true });
      surplus -= bytes;
    }
  }

  private namesAside(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(DAMAGED_SUFFIX))
      .sort();
  }
}
