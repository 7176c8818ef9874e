import { Injectable } from '@nestjs/common';
import { Clock, MINUTE, SECOND, floorTo, StoreStatus, type EpochMicros } from '@app/domain';
import { ProblemError } from '@app/http';
import { CsvFile, CsvSnapshot } from './csv-snapshot';
import { LruMap } from './lru-map';

const MAX_ENTRIES = 500;
const MAX_BYTES = 64 * 1_048_576;
/** Dates of one question that are remembered. */
const MAX_DATES = 20;
/** In place of a tag. */
const SEVERAL = '';

/** What a table's builder gives: the bytes, and when the newest of what they say came about. */
export interface BuiltTable {
  readonly bytes: Buffer;
  /** By the stored data, and where they move on with time by that; 0 where there is nothing to date. */
  readonly lastModified: EpochMicros;
  readonly fileName: string;
  /** Until when it is expected to stay as it is; absent where no row is open. */
  readonly freshUntil?: EpochMicros | undefined;
}

/** Makes a table as it is at a time, as long as somebody waits for it. */
export type BuildTable = (now: EpochMicros, isWanted: () => boolean) => Promise<BuiltTable>;

/** Who waits for a table, until he is gone: what of Node's `ServerResponse` is needed to see that. */
export interface Asker {
  readonly closed: boolean;
}

/** Which bytes were served under which date: those of a process are few, for dates go on. */
class ServedDates {
  private readonly tags = new Map<EpochMicros, string>();

  /** Notes what is served under a date; false when other bytes were too. */
  note(date: EpochMicros, etag: string): boolean {
    const known = this.tags.get(date) ?? etag;
    this.tags.set(date, known === etag ? etag : SEVERAL);
    const [oldest] = this.tags.keys();
    if (oldest !== undefined && this.tags.size > MAX_DATES) this.tags.delete(oldest);
    return known === etag;
  }
}

interface Entry {
  /** Version of the store and UTC minute: flags and windows move with time even when the store does not. */
  readonly moment: string;
  readonly file: CsvFile;
  readonly changedAt: EpochMicros;
  readonly freshUntil: EpochMicros | undefined;
  readonly heldSince: EpochMicros;
  /** Tags of what was served last as the answer to this question, by date. */
  readonly served: ServedDates;
  /** The bytes with the date that they had when they were last asked for. */
  snapshot?: CsvSnapshot;
}

interface Refusal {
  readonly moment: string;
  readonly error: ProblemError;
}

interface Build {
  readonly entry: Promise<Entry>;
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
  /** What is refused for its size, which may have cost a count: asked again, it costs nothing. */
  private readonly refusals = new LruMap<Refusal>(MAX_ENTRIES, MAX_ENTRIES);

  constructor(
    private readonly store: StoreStatus,
    private readonly clock: Clock,
  ) {}

  /** The current snapshot of a question; equal keys must mean equal questions. */
  async current(key: string, build: BuildTable, asker: Asker): Promise<CsvSnapshot> {
    const now = this.clock.now();
    const moment = momentOf(await this.store.version(), now);
    const entry = this.entries.get(key);
    if (entry?.moment === moment) return dated(entry, now);
    const refusal = this.refusals.get(key);
    if (refusal?.moment === moment) throw refusal.error;
    const job = `${moment} ${key}`;
    const running = this.building.get(job);
    if (running) {
      running.askers.push(asker);
      return dated(await running.entry, this.clock.now());
    }
    const askers = [asker];
    const isWanted = (): boolean => askers.some(({ closed }) => !closed);
    const made = this.build(key, moment, () => build(now, isWanted)).finally(() => this.building.delete(job));
    this.building.set(job, { entry: made, askers });
    return dated(await made, this.clock.now());
  }

  /** The snapshot of a question that is current and at hand. */
  async atHand(key: string): Promise<CsvSnapshot | undefined> {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    const now = this.clock.now();
    return entry.moment === momentOf(await this.store.version(), now) ? dated(entry, now) : undefined;
  }

  private async build(key: string, moment: string, build: () => Promise<BuiltTable>): Promise<Entry> {
    const {
      bytes,
      lastModified: changedAt,
      fileName,
      freshUntil,
    } = await build().catch((error: unknown) => {
      if (error instanceof ProblemError && error.problem.status === 400) this.refusals.set(key, { moment, error }, 1);
      throw error;
    });
    const before = this.entries.get(key);
    const now = this.clock.now();
    let entry: Entry;
    if (before?.file.bytes.equals(bytes)) {
      const { file, served } = before;
      // What has changed since may have been changed back.
      const isChanged = changedAt !== before.changedAt;
      entry = isChanged
        ? { moment, file, changedAt, freshUntil, heldSince: now, served }
        : { ...before, moment, freshUntil };
    } else {
      const served = before?.served ?? new ServedDates();
      entry = { moment, file: new CsvFile(bytes, fileName), changedAt, freshUntil, heldSince: now, served };
    }
    this.entries.set(key, entry, bytes.length);
    return entry;
  }
}

/** What bytes are kept for: a version of the store, and a minute. */
function momentOf(version: string, now: EpochMicros): string {
  return `${version} ${floorTo(now, MINUTE)}`;
}

/**
 * The bytes under the date of the last change. As long as its second is not over, others may follow that have the same
 * date; till then they are served under that of the second before, and who asks by that date gets them again.
 */
function dated(entry: Entry, now: EpochMicros): CsvSnapshot {
  const { file, changedAt, freshUntil, heldSince, served, snapshot } = entry;
  const second = floorTo(changedAt, SECOND);
  const isOver = second + SECOND <= now;
  const lastModified = isOver ? second : floorTo(now, SECOND) - SECOND;
  if (snapshot?.lastModified === lastModified && snapshot.freshUntil === freshUntil) return snapshot;
  const isDistinct = served.note(lastModified, file.etag) && isOver;
  entry.snapshot = new CsvSnapshot(file, { lastModified, isDistinct, heldSince, freshUntil });
  return entry.snapshot;
}
