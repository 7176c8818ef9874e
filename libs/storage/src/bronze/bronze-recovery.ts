import { statSync } from 'node:fs';
import { ContractViolationError, SINK_UNIT_EVENTS, type EventKind, type TopicNames } from '@app/domain';
import type { Logger } from '@app/observability';
import type { OriginGuard } from '../database/origin-guard';
import { BRONZE_DAMAGE_FACT, type StoreFacts } from '../database/store-facts';
import type { WriteQueue } from '../database/write-queue';
import type { SymbolFrames } from '../ledger/symbol-frames';
import { checkEvent, type CheckedEvent } from '../sink/checked-event';
import type { EventWriter, SourcePartition } from '../sink/event-writer';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import { CompressedFileError, gzipLines, linesFrom, type FoundLine } from './bronze-lines';
import { MANIFEST } from './fetch-manifest';
import { readManifestEntry, type ManifestEntry } from './manifest-entry';

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
    for (const file of this.pending()) {
      if (scope === 'all' || file.partition === null) await this.takeUpOrReport(file);
    }
    await this.reportDamage();
  }

  /** Files of events with lines that are not in the tables, in the order in which they were written. */
  pending(): (BronzeFile & { readonly kind: EventKind })[] {
    const kinds = new Map(Object.entries(this.topics).map(([kind, topic]) => [topic, kind as EventKind]));
    return this.archive.files([...kinds.keys()]).flatMap((file) => {
      const kind = kinds.get(file.topic);
      return kind === undefined || file.foundLength <= file.storedLength ? [] : [{ ...file, kind }];
    });
  }

  private async takeUpOrReport(file: BronzeFile & { readonly kind: EventKind }): Promise<void> {
    try {
      await this.takeUp(file, file.kind);
    } catch (error) {
      if (!(error instanceof CompressedFileError)) throw error;
      this.logger.error({ file: file.file }, `a bronze file cannot be taken up: ${error.message}`);
    }
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
      let number = 0;
      const entries: ManifestEntry[] = [];
      for (const line of linesFrom(path, 0)) {
        const entry = readManifestEntry(line.text, number);
        if (entry) entries.push(entry);
        number += 1;
        end = line.end;
      }
      this.target.frames.restore(entries);
      this.archive.account({ file, topic: MANIFEST, partition: null }, end);
    }
    if (end !== undefined && end < found) this.archive.cut(file, end);
  }

  /**
   * Takes the complete lines behind the stored length into the rows and cuts a torn one; returns how many rows there are
   * more. A compressed file is taken from its begin, and is accounted for once it is through. `guard` runs first in each
   * write unit and throws where the file is not this process's to touch. @throws CompressedFileError
   */
  async takeUp(file: BronzeFile, kind: EventKind, guard: () => unknown = () => undefined): Promise<number> {
    if (file.foundLength <= file.storedLength) return 0;
    let lines: FoundLine[] = [];
    let end = file.storedLength;
    let taken = 0;
    const store = async (): Promise<void> => {
      const events = lines.flatMap(({ text }) => this.check(file, kind, text));
      end = lines.at(-1)?.end ?? end;
      const result = await this.queue.run(() => {
        guard();
        const outcome = this.target.writer.writeRows(events, sourceOf(file));
        if (!file.compressed) this.archive.account(file, end);
        return outcome;
      });
      taken += result.taken + result.revisions;
      lines = [];
    };
    const path = this.archive.pathOf(file.file);
    for await (const line of file.compressed ? gzipLines(path) : linesFrom(path, file.storedLength)) {
      lines.push(line);
      if (lines.length === SINK_UNIT_EVENTS) await store();
    }
    if (lines.length > 0) await store();
    await this.queue.run(() => {
      guard();
      if (file.compressed) this.archive.account(file, file.foundLength);
      else this.archive.cutSurplus(file.file);
    });
    this.logger.info(
      { file: file.file, rows: taken, cut_bytes: file.compressed ? 0 : Math.max(0, file.foundLength - end) },
      'took up lines that had not reached the database',
    );
    return taken;
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

function sourceOf({ topic, partition }: BronzeFile): SourcePartition {
  return partition === null ? null : { topic, partition };
}
