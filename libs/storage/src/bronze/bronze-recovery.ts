import { closeSync, openSync, readSync, statSync } from 'node:fs';
import {
  ContractViolationError,
  SINK_UNIT_EVENTS,
  type EventKind,
  type TopicNames,
  type TrackedSymbol,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { OriginGuard } from '../database/origin-guard';
import { BRONZE_DAMAGE_FACT, type StoreFacts } from '../database/store-facts';
import type { WriteQueue } from '../database/write-queue';
import type { SymbolFrames } from '../ledger/symbol-frames';
import { checkEvent, type CheckedEvent } from '../sink/checked-event';
import type { EventWriter } from '../sink/event-writer';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import { MANIFEST, readManifestLine } from './fetch-manifest';

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

/** What recovery writes to besides the bronze files. */
export interface RecoveryTarget {
  readonly writer: EventWriter;
  readonly origin: OriginGuard;
  readonly frames: SymbolFrames;
  readonly facts: StoreFacts;
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
    private readonly target: RecoveryTarget,
    private readonly topics: TopicNames,
    private readonly logger: Logger,
  ) {}

  /**
   * `direct`: only files that no broker partition brings again.
   *
   * @throws OriginMismatchError when the folder's lines do not belong into this database
   */
  async run(scope: 'all' | 'direct' = 'all'): Promise<void> {
    await this.queue.run(() => {
      this.target.origin.claimForFolder();
      this.takeUpManifest();
    });
    const kinds = new Map(Object.entries(this.topics).map(([kind, topic]) => [topic, kind as EventKind]));
    for (const file of this.archive.files([...kinds.keys()])) {
      const kind = kinds.get(file.topic);
      if (kind !== undefined && (scope === 'all' || file.partition === null)) await this.takeUp(file, kind);
    }
    await this.reportDamage();
  }

  private async reportDamage(): Promise<void> {
    const damage = this.archive.damage();
    for (const file of damage) {
      this.logger.error(
        file,
        'a bronze file is shorter than what was stored of it: lines were lost outside this program',
      );
    }
    const fact = damage.length === 0 ? undefined : JSON.stringify(damage.map(({ file }) => file));
    await this.queue.run(() => {
      this.target.facts.set(BRONZE_DAMAGE_FACT, fact);
    });
  }

  /**
   * The manifest speaks of fetches whose rows were committed; a line of one that was not is cut, and fetched again. To a
   * database that has never heard of the manifest it gives the ledgers back, so that what was fetched counts as missing
   * and is fetched again.
   */
  private takeUpManifest(): void {
    const file = `${MANIFEST}.jsonl`;
    const path = this.archive.pathOf(file);
    const found = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    let end = this.archive.storedLength(file);
    if (end === undefined && found > 0) {
      end = 0;
      const frames = new Map<string, TrackedSymbol>();
      for (const line of linesFrom(path, 0)) {
        const frame = readManifestLine(line.text);
        const known = frame && frames.get(frame.symbol);
        if (frame && (!known || frame.ledgerStart < known.ledgerStart)) frames.set(frame.symbol, frame);
        end = line.end;
      }
      for (const frame of frames.values()) this.target.frames.restore(frame);
      this.archive.account({ file, topic: MANIFEST, partition: null }, end);
    }
    if (end !== undefined && end < found) this.archive.cut(file, end);
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
        const outcome = this.target.writer.writeRows(events);
        this.archive.account(file, end);
        return outcome;
      });
      taken += result.taken + result.revisions;
      lines = [];
    };
    for (const line of linesFrom(this.archive.pathOf(file.file), file.storedLength)) {
      lines.push(line);
      if (lines.length === SINK_UNIT_EVENTS) await store();
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
