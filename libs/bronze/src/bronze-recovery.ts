import { statSync } from 'node:fs';
import {
  checkEvent,
  ContractViolationError,
  SINK_UNIT_EVENTS,
  type CheckedEvent,
  type Clock,
  type EventKind,
  type EventKinds,
  type SourcePartition,
} from '@app/domain';
import type { Logger } from '@app/observability';
import type { BronzeArchive, BronzeFile } from './bronze-archive';
import { CompressedFileError, countLines, gzipLines, linesFrom, type FoundLine } from './bronze-lines';
import type { BronzeLosses, UnreadableLine } from './bronze-losses.port';
import type { BronzeUnits } from './bronze-units.port';
import type { DamagedFiles } from './damaged-files.port';
import { MANIFEST, MANIFEST_FILE } from './fetch-manifest';
import { readManifest } from './manifest-reader';
import type { RecoveredStore } from './recovered-store.port';

/** What recovery writes to besides the bronze files. */
export interface RecoveryTarget {
  readonly store: RecoveredStore;
  readonly damaged: DamagedFiles;
  readonly losses: BronzeLosses;
  readonly clock: Clock;
}

/**
 * Takes up bronze after a stop of any kind, in direct mode, where nothing can be sent again: complete lines behind the
 * stored length are taken into the rows and the stored length moves over them; a torn last line is cut. A database that
 * was lost is filled again from the files in the same way.
 */
export class BronzeRecovery {
  constructor(
    private readonly units: BronzeUnits,
    private readonly archive: BronzeArchive,
    private readonly target: RecoveryTarget,
    private readonly kinds: EventKinds,
    private readonly logger: Logger,
  ) {}

  /**
   * `direct`: only files that no broker partition brings again.
   *
   * @throws OriginMismatchError when the folder's lines do not belong into this database
   */
  async run(scope: 'all' | 'direct' = 'all'): Promise<void> {
    await this.units.run(() => {
      this.target.store.claimOrigin();
      this.takeUpManifest();
    });
    for (const file of this.pending()) {
      if (scope === 'all' || file.partition === null) await this.takeUpOrReport(file);
    }
    await this.reportDamage();
  }

  /** Files of events with lines that are not in the tables, in the order in which they were written. */
  pending(): (BronzeFile & { readonly kind: EventKind })[] {
    return this.archive.files(this.kinds.topics).flatMap((file) => {
      const kind = this.kinds.ofTopic(file.topic);
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
    await this.units.run(() => {
      this.target.damaged.note(
        'shorter',
        damage.map(({ file }) => file),
      );
    });
  }

  /**
   * The manifest speaks of fetches whose rows were committed; a line of one that was not is cut, and fetched again. To a
   * database that has never heard of the manifest it gives the ledgers back, so that what was fetched counts as missing
   * and is fetched again.
   */
  private takeUpManifest(): void {
    const file = MANIFEST_FILE;
    const path = this.archive.pathOf(file);
    const found = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    let stored = this.archive.storedLength(file);
    if (stored === undefined && found > 0) {
      const { entries, unreadable, end } = readManifest(path);
      this.target.store.restoreLedgers(entries);
      this.archive.account({ file, topic: MANIFEST, partition: null }, end);
      this.note(file, unreadable);
      stored = end;
    }
    if (stored !== undefined && stored < found) this.archive.cut(file, stored);
  }

  /**
   * Takes the complete lines behind the stored length into the rows and cuts a torn one; returns how many rows there are
   * more. A compressed file is taken from its begin, and is accounted for once it is through. `guard` runs first in each
   * write unit and throws where the file is not this process's to touch. @throws CompressedFileError
   */
  async takeUp(file: BronzeFile, kind: EventKind, guard: () => unknown = () => undefined): Promise<number> {
    if (file.foundLength <= file.storedLength) return 0;
    const path = this.archive.pathOf(file.file);
    const numbers = new LineNumbers(path, file.compressed ? 0 : file.storedLength);
    let lines: FoundLine[] = [];
    let unreadable: UnreadableLine[] = [];
    let end = file.storedLength;
    let taken = 0;
    const store = async (): Promise<void> => {
      const events: CheckedEvent[] = [];
      for (const { text } of lines) {
        const event = checked(kind, text);
        if (typeof event === 'string') unreadable.push({ number: numbers.next(), reason: event });
        else events.push(event);
        numbers.passed();
      }
      end = lines.at(-1)?.end ?? end;
      const result = await this.units.run(() => {
        guard();
        const outcome = this.target.store.acceptRows(events, sourceOf(file));
        if (file.compressed) return outcome;
        this.archive.account(file, end);
        this.target.losses.add(file.file, unreadable, this.target.clock.now());
        return outcome;
      });
      if (!file.compressed) {
        this.say(file.file, unreadable);
        unreadable = [];
      }
      taken += result.taken + result.revisions;
      lines = [];
    };
    for await (const line of file.compressed ? gzipLines(path) : linesFrom(path, file.storedLength)) {
      lines.push(line);
      if (lines.length === SINK_UNIT_EVENTS) await store();
    }
    if (lines.length > 0) await store();
    await this.units.run(() => {
      guard();
      if (!file.compressed) {
        this.archive.cutSurplus(file.file);
        return;
      }
      this.archive.account(file, file.foundLength);
      this.target.losses.add(file.file, unreadable, this.target.clock.now());
    });
    if (file.compressed) this.say(file.file, unreadable);
    this.logger.info(
      { file: file.file, rows: taken, cut_bytes: file.compressed ? 0 : Math.max(0, file.foundLength - end) },
      'took up lines that had not reached the database',
    );
    return taken;
  }

  /** A complete line that is no event was not written by this program, or altered since: it stays in the file. */
  private note(file: string, unreadable: readonly UnreadableLine[]): void {
    this.target.losses.add(file, unreadable, this.target.clock.now());
    this.say(file, unreadable);
  }

  private say(file: string, unreadable: readonly UnreadableLine[]): void {
    for (const { number, reason } of unreadable) {
      this.logger.error(
        { file, line: number, problem: reason },
        file === MANIFEST_FILE ? 'a line of the manifest cannot be read' : 'a bronze line is not an event',
      );
    }
  }
}

/** Numbers lines that are read from an offset on; what lies before it is only counted when a number is asked for. */
class LineNumbers {
  private before: number | undefined;
  private since = 0;

  constructor(
    private readonly path: string,
    private readonly offset: number,
  ) {}

  /** Number of the line that comes next, from 1. */
  next(): number {
    this.before ??= this.offset === 0 ? 0 : countLines(this.path, this.offset);
    return this.before + this.since + 1;
  }

  passed(): void {
    this.since += 1;
  }
}

/** The event, or what keeps the text from being one. */
function checked(kind: EventKind, text: string): CheckedEvent | string {
  try {
    return checkEvent(kind, text);
  } catch (error) {
    if (!(error instanceof ContractViolationError)) throw error;
    return error.message;
  }
}

function sourceOf({ topic, partition }: BronzeFile): SourcePartition {
  return partition === null ? null : { topic, partition };
}
