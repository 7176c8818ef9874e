import { closeSync, openSync, readSync } from 'node:fs';
import { ContractViolationError, type EventKind, type TopicNames } from '@app/domain';
import type { Logger } from '@app/observability';
import type { WriteQueue } from '../database/write-queue';
import { checkEvent, type CheckedEvent, type EventWriter } from '../sink/event-writer';
import { UNIT_SIZE } from '../sink/sqlite-event-sink';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import { MANIFEST } from './fetch-manifest';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

interface FoundLine {
  readonly text: string;
  /** Offset of the byte after its line break. */
  readonly end: number;
}

/** Complete lines of a file from an offset on; what follows the last line break is not returned. */
function* linesFrom(path: string, offset: number): Generator<FoundLine> {
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let position = offset;
    for (;;) {
      const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
      if (read === 0) return;
      const data = Buffer.concat([rest, chunk.subarray(0, read)]);
      const dataStart = position - rest.length;
      position += read;
      let lineStart = 0;
      for (let newline = data.indexOf(NEWLINE); newline >= 0; newline = data.indexOf(NEWLINE, lineStart)) {
        yield { text: data.toString('utf8', lineStart, newline), end: dataStart + newline + 1 };
        lineStart = newline + 1;
      }
      rest = Buffer.from(data.subarray(lineStart));
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Takes up bronze after a stop of any kind, in direct mode, where nothing can be sent again: complete lines behind the
 * stored length are taken into the rows and the stored length moves over them; a torn last line is cut. A database that
 * was lost is filled again from the files in the same way.
 */
export class BronzeRecovery {
  constructor(
    private readonly queue: WriteQueue,
    private readonly archive: BronzeArchive,
    private readonly writer: EventWriter,
    private readonly topics: TopicNames,
    private readonly logger: Logger,
  ) {}

  /** `direct`: only files that no broker partition brings again. */
  async run(scope: 'all' | 'direct' = 'all'): Promise<void> {
    const kinds = new Map(Object.entries(this.topics).map(([kind, topic]) => [topic, kind as EventKind]));
    for (const file of this.archive.files([...kinds.keys()])) {
      const kind = kinds.get(file.topic);
      if (kind !== undefined && (scope === 'all' || file.partition === null)) await this.takeUp(file, kind);
    }
    await this.queue.run(() => {
      // The manifest speaks of fetches whose rows were committed; a line of one that was not is fetched again.
      this.archive.cutSurplus(`${MANIFEST}.jsonl`);
    });
    for (const damage of this.archive.damage()) {
      this.logger.error(
        damage,
        'a bronze file is shorter than what was stored of it: lines were lost outside this program',
      );
    }
  }

  /**
   * Takes the complete lines behind the stored length into the rows and cuts a torn one. `guard` runs first in each write
   * unit and throws where the file is not this process's to touch.
   */
  async takeUp(file: BronzeFile, kind: EventKind, guard: () => unknown = () => undefined): Promise<void> {
    if (file.foundLength <= file.storedLength) return;
    let lines: FoundLine[] = [];
    let end = file.storedLength;
    let taken = 0;
    const store = async (): Promise<void> => {
      const events = lines.flatMap(({ text }) => this.check(file, kind, text));
      end = lines.at(-1)?.end ?? end;
      const result = await this.queue.run(() => {
        guard();
        const outcome = this.writer.writeRows(events);
        this.archive.account(file, end);
        return outcome;
      });
      taken += result.taken + result.revisions;
      lines = [];
    };
    for (const line of linesFrom(this.archive.pathOf(file.file), file.storedLength)) {
      lines.push(line);
      if (lines.length === UNIT_SIZE) await store();
    }
    if (lines.length > 0) await store();
    await this.queue.run(() => {
      guard();
      this.archive.cutSurplus(file.file);
    });
    this.logger.info(
      { file: file.file, rows: taken, cut_bytes: Math.max(0, file.foundLength - end) },
      'took up lines that had not reached the database',
    );
  }

  /** A complete line that is no event was not written by this program; it stays in the file and is said. */
  private check(file: BronzeFile, kind: EventKind, text: string): CheckedEvent[] {
    try {
      return [checkEvent(kind, text)];
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      this.logger.error({ file: file.file, problem: error.message }, 'a bronze line is not an event');
      return [];
    }
  }
}
