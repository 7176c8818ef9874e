import { Injectable } from '@nestjs/common';
import { Clock, MINUTE, SECOND, floorTo, StoreStatus, type EpochMicros } from '@app/domain';
import { CsvSnapshot } from './csv-snapshot';
import { LruMap } from './lru-map';

const MAX_ENTRIES = 500;
const MAX_BYTES = 64 * 1_048_576;

/** What a table's builder gives: the bytes, and when the newest of what they say came about. */
export interface BuiltTable {
  readonly bytes: Buffer;
  readonly lastModified: EpochMicros;
  readonly fileName: string;
}

/** Makes a table as it is at a time, as long as somebody waits for it. */
export type BuildTable = (now: EpochMicros, isWanted: () => boolean) => Promise<BuiltTable>;

/** Who waits for a table, until he is gone: what of Node's `ServerResponse` is needed to see that. */
export interface Asker {
  readonly closed: boolean;
}

interface Entry {
  /** Version of the store and UTC minute: flags and windows move with time even when the store does not. */
  readonly moment: string;
  readonly snapshot: CsvSnapshot;
}

interface Build {
  readonly snapshot: Promise<CsvSnapshot>;
  readonly askers: Asker[];
}

/**
 * Keeps the bytes of tables for as long as they cannot have changed: the same version of the store, within the same
 * minute. An answer is always as fresh as the store.
 */
@Injectable()
export class CsvCache {
  private readonly entries = new LruMap<Entry>(MAX_ENTRIES, MAX_BYTES);
  private readonly building = new Map<string, Build>();

  constructor(
    private readonly store: StoreStatus,
    private readonly clock: Clock,
  ) {}

  /** The current snapshot of a question; equal keys must mean equal questions. */
  async current(key: string, build: BuildTable, asker: Asker): Promise<CsvSnapshot> {
    const now = this.clock.now();
    const moment = `${await this.store.version()} ${floorTo(now, MINUTE)}`;
    const entry = this.entries.get(key);
    if (entry?.moment === moment) return entry.snapshot;
    const job = `${moment} ${key}`;
    const running = this.building.get(job);
    if (running) {
      running.askers.push(asker);
      return running.snapshot;
    }
    const askers = [asker];
    const isWanted = (): boolean => askers.some(({ closed }) => !closed);
    const snapshot = this.build(key, moment, now, () => build(now, isWanted)).finally(() => this.building.delete(job));
    this.building.set(job, { snapshot, askers });
    return snapshot;
  }

  private async build(
    key: string,
    moment: string,
    now: EpochMicros,
    build: () => Promise<BuiltTable>,
  ): Promise<CsvSnapshot> {
    const built = await build();
    const before = this.entries.get(key)?.snapshot;
    const snapshot = before?.bytes.equals(built.bytes)
      ? before
      : new CsvSnapshot(built.bytes, this.lastModified(built, before, now), built.fileName);
    this.entries.set(key, { moment, snapshot }, snapshot.bytes.length);
    return snapshot;
  }

  /** To the second; later than that of other bytes served before, so that no client takes them for the new ones. */
  private lastModified(built: BuiltTable, before: CsvSnapshot | undefined, now: EpochMicros): EpochMicros {
    // A row may be stamped by a clock that was ahead; nothing was modified later than now.
    const modified = floorTo(Math.min(built.lastModified, now), SECOND);
    return before ? Math.max(modified, before.lastModified + SECOND) : modified;
  }
}
