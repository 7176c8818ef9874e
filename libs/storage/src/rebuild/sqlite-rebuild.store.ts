import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import {
  alteredSince,
  ArchiveIdentity,
  CompressedFileError,
  givesSameRows,
  lossOfRemoved,
  MANIFEST,
  MANIFEST_FILE,
  readManifest,
  shorterThan,
  spansAfter,
  unreadableLines,
  withTrueStamps,
  type ManifestEntry,
  type NamedStoredFile,
} from '@app/bronze';
import {
  RebuildStore,
  type Clock,
  type LinesProgress,
  type FetchedAgain,
  type MinuteCandle,
  type RebuildLoss,
  type RecordedFetch,
} from '@app/domain';
import { makeFolderOf } from '@app/files';
import {
  findIn,
  knownSymbols,
  lossOfFetch,
  REBUILD_SOURCE_FACT,
  rebuildProgress,
  remainingFetches,
  runUnit,
  settleUnit,
  stopsAgain,
  unitsAtEnd,
  type RebuildProgress,
  type Rows,
} from '@app/history';
import { storedFilesIn } from '../bronze/sqlite-stored-files';
import { databaseName } from '../database/database-name';
import type { SqliteHandle } from '../database/sqlite-connection';
import { StoreLocks } from '../database/store-locks';
import { StoreFacts } from '../database/store-facts';
import type { SqliteHistoryStore } from '../history/sqlite-history-store';
import { restoreLedgers } from '../ledger/restore-ledgers';
import type { CandleWriter } from '../sink/candle.writer';
import { closeStoreParts, openStoreParts, type StoreOptions, type StoreParts } from '../store-parts';
import { PREVIOUS_SCHEMA, PreviousDatabase, removeDatabase } from './previous-database';

/** Without the folder there is nothing to make a database from; an empty one must not pass for it. */
export class NoBronzeError extends Error {
  readonly code = 'STORE.NO_BRONZE';

  constructor(rawDir: string) {
    super(`RAW_DIR=${JSON.stringify(rawDir)} is not there: a database is made anew from the raw files in it`);
    this.name = 'NoBronzeError';
  }
}

const OTHER_ROWS = 'the source gives other rows than it gave then';

/** Of a database that is being made anew: the bronze folder with its manifest, and how far the work has come. */
export class SqliteRebuildStore extends RebuildStore {
  private readonly candles: CandleWriter;
  private readonly rows: Rows;
  private readonly unreadable: RebuildLoss[] = [];
  private altered: readonly RebuildLoss[] = [];
  private entries: readonly ManifestEntry[] = [];
  private kept: string | undefined;
  private open = true;

  private constructor(
    private readonly parts: StoreParts,
    private readonly previous: PreviousDatabase,
    private readonly newPath: string,
    private readonly locks: StoreLocks,
    private readonly clock: Clock,
  ) {
    super();
    this.candles = parts.candles;
    this.rows = parts.rows;
  }

  /**
   * Opens the new database beside the old one, as an interrupted rebuild left it, or empty.
   *
   * @throws NoBronzeError, AmbiguousDatabaseError, CaptureOwnerError, StoreInUseError, OriginMismatchError, ArchiveIdentityError
   */
  static async open(options: StoreOptions): Promise<SqliteRebuildStore> {
    const { rawDir } = options;
    if (!existsSync(rawDir)) throw new NoBronzeError(rawDir);
    makeFolderOf('STORAGE_PATH', options.databasePath, dirname(options.databasePath));
    // A link stays, and what it leads to is replaced.
    const databasePath = databaseName(options.databasePath);
    const locks = StoreLocks.acquire(databasePath, rawDir);
    let parts: StoreParts | undefined;
    try {
      const previous = PreviousDatabase.examine(databasePath, rawDir, options.clock);
      const newPath = `${databasePath}.rebuild`;
      parts = await openNew({ ...options, databasePath: newPath });
      const store = new SqliteRebuildStore(parts, previous, newPath, locks, options.clock);
      await store.begin();
      return store;
    } catch (error) {
      if (parts) await closeStoreParts(parts);
      locks.release();
      throw error;
    }
  }

  get history(): SqliteHistoryStore {
    return this.parts.history;
  }

  get keptAside(): string | undefined {
    return this.kept;
  }

  get notTakenOver(): string | undefined {
    return this.previous.unreadable;
  }

  async takeUpLines(signal: AbortSignal, onProgress: (progress: LinesProgress) => void): Promise<void> {
    const { recovery } = this.parts;
    const files = recovery.pending();
    const bytesTotal = files.reduce((sum, { foundLength, storedLength }) => sum + foundLength - storedLength, 0);
    let [bytesDone, rows] = [0, 0];
    for (const file of files) {
      if (signal.aborted) return;
      onProgress({ bytesDone, bytesTotal, rows, file: file.file });
      try {
        rows += await recovery.takeUp(file, file.kind);
      } catch (error) {
        if (!(error instanceof CompressedFileError)) throw error;
        this.unreadable.push({ what: file.file, range: undefined, reason: error.message });
      }
      bytesDone += file.foundLength - file.storedLength;
    }
    onProgress({ bytesDone, bytesTotal, rows, file: '' });
  }

  remaining(): Promise<RecordedFetch[]> {
    return Promise.resolve(remainingFetches(this.fetches(), this.progress()));
  }

  async restore(fetch: RecordedFetch, again: FetchedAgain): Promise<boolean> {
    if (!givesSameRows(fetch, again)) {
      await this.giveUp(fetch, OTHER_ROWS);
      return false;
    }
    await this.parts.queue.run(
      () => {
        this.write(fetch, again.candles, again.origin);
        runUnit(this.rows, settleUnit(fetch, undefined));
      },
      { durability: 'normal' },
    );
    return true;
  }

  async restorePart(fetch: RecordedFetch, candles: readonly MinuteCandle[]): Promise<void> {
    await this.parts.queue.run(
      () => {
        this.write(fetch, candles, fetch.origin);
      },
      { durability: 'normal' },
    );
  }

  async giveUp(fetch: RecordedFetch, reason: string): Promise<void> {
    await this.parts.queue.run(() => {
      runUnit(this.rows, settleUnit(fetch, reason));
    });
  }

  async restoreStops(): Promise<void> {
    const stops = this.entries.filter((entry) => entry.kind === 'stopped');
    const units = stopsAgain(stops, this.fetches(), this.progress());
    await this.parts.queue.run(() => {
      for (const unit of units) runUnit(this.rows, unit);
    });
  }

  symbols(): Promise<string[]> {
    return Promise.resolve([...findIn(this.rows, knownSymbols())]);
  }

  losses(): Promise<RebuildLoss[]> {
    const progress = this.progress();
    const ofEntries = this.entries.flatMap((entry): readonly RebuildLoss[] => {
      if (entry.kind === 'removed') return [lossOfRemoved(entry.file)];
      const loss = entry.kind === 'fetch' ? lossOfFetch(entry.fetch, progress) : undefined;
      return loss ? [loss] : [];
    });
    const { archive, losses } = this.parts;
    const shorter = shorterThan(archive, this.previouslyStored());
    return Promise.resolve([...shorter, ...this.altered, ...this.unreadable, ...unreadableLines(losses), ...ofEntries]);
  }

  async finish(acceptLosses: boolean): Promise<boolean> {
    const isDone = acceptLosses || !this.previous.exists || (await this.losses()).length === 0;
    if (isDone) {
      this.previous.copyAgainTo(this.parts.database);
      const { clock } = this;
      await this.parts.queue.run(() => {
        const time = { now: clock.now(), realNow: clock.realNow() };
        for (const unit of unitsAtEnd(this.fetches(), this.progress(), time)) runUnit(this.rows, unit);
      });
      this.parts.database.pragma('wal_checkpoint(TRUNCATE)');
    }
    await closeStoreParts(this.parts);
    if (isDone) this.kept = this.previous.replaceBy(this.newPath);
    this.release();
    return isDone;
  }

  /** Leaves the new database as it stands: the next rebuild goes on from there. */
  async close(): Promise<void> {
    if (!this.open) return;
    await closeStoreParts(this.parts);
    this.release();
  }

  private fetches(): RecordedFetch[] {
    return this.entries.flatMap((entry) => (entry.kind === 'fetch' ? [entry.fetch] : []));
  }

  private progress(): RebuildProgress {
    return findIn(this.rows, rebuildProgress());
  }

  private write({ fetchedAt, line }: RecordedFetch, candles: readonly MinuteCandle[], origin: string): void {
    this.parts.origin.claim(origin);
    const fetched = candles.map((candle) => ({ ...candle, capturedAt: fetchedAt }));
    this.candles.write(fetched, spansAfter(this.entries, line));
  }

  private release(): void {
    this.open = false;
    this.locks.release();
  }

  /** Origin, ledgers and what only the old database knows come first: rows are judged by them. */
  private async begin(): Promise<void> {
    const { queue, archive, origin, losses, database } = this.parts;
    const file = MANIFEST_FILE;
    this.previous.copyTo(database);
    await queue.run(() => {
      origin.claimForFolder();
      if (!existsSync(archive.pathOf(file))) return;
      const { entries, unreadable, end } = readManifest(archive.pathOf(file));
      restoreLedgers(this.rows, entries);
      // An interrupted rebuild that goes on has read and noted them.
      if (archive.stored(file) === undefined) losses.add(file, unreadable, this.clock.now());
      archive.account({ file, topic: MANIFEST, partition: null }, end);
      this.entries = withTrueStamps(entries);
    });
    this.altered = await alteredSince(archive, this.previouslyStored());
  }

  /** What the old database knows of the bronze files. */
  private previouslyStored(): readonly NamedStoredFile[] {
    const { database, identity } = this.parts;
    const read = (): NamedStoredFile[] => storedFilesIn(database, identity.writerId, PREVIOUS_SCHEMA);
    return this.previous.attachedTo(database, read) ?? [];
  }
}

/** The new database, as it was left; one that was begun from another bronze folder, or is damaged, is begun again. */
async function openNew(options: StoreOptions): Promise<StoreParts> {
  const { databasePath, rawDir } = options;
  const { writerId } = new ArchiveIdentity(rawDir);
  if (existsSync(databasePath) && sourceOf(databasePath) !== writerId) removeDatabase(databasePath);
  const parts = await openStoreParts(options, { rows: true, feed: false });
  await parts.queue.run(() => {
    new StoreFacts(parts.database).set(REBUILD_SOURCE_FACT, writerId);
  });
  return parts;
}

/** Writer id of the bronze folder that a database is being made anew from; undefined where it does not say. */
function sourceOf(path: string): string | undefined {
  let database: SqliteHandle | undefined;
  try {
    database = new Database(path, { fileMustExist: true });
    return new StoreFacts(database).get(REBUILD_SOURCE_FACT);
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}
