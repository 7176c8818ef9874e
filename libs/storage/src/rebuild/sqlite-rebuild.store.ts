import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import {
  ArchiveIdentity,
  checksumOf,
  CompressedFileError,
  contentHash,
  MANIFEST,
  MANIFEST_FILE,
  readManifest,
  spansAfter,
  withTrueStamps,
  type ManifestEntry,
  type NamedStoredFile,
} from '@app/bronze';
import {
  RebuildStore,
  subtractRanges,
  type Clock,
  type LinesProgress,
  type FetchedAgain,
  type MinuteCandle,
  type RebuildLoss,
  type RecordedFetch,
} from '@app/domain';
import { makeFolderOf } from '@app/files';
import { findOnly, missingMinutesIn, runUnit, stoppedUnit, unfilledUnit, type Rows } from '@app/history';
import { storedFilesIn } from '../bronze/sqlite-stored-files';
import { databaseName } from '../database/database-name';
import type { SqliteHandle } from '../database/sqlite-connection';
import { StoreLocks } from '../database/store-locks';
import {
  REBUILD_LOSSES_FACT,
  REBUILD_POSITION_FACT,
  REBUILD_SOURCE_FACT,
  REBUILT_AT_FACT,
  StoreFacts,
} from '../database/store-facts';
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
  private readonly facts: StoreFacts;
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
    this.facts = new StoreFacts(parts.database);
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
    const [position, losses] = [this.position(), this.lost()];
    const fetches = this.entries.flatMap((entry) => (entry.kind === 'fetch' ? [entry.fetch] : []));
    return Promise.resolve(fetches.filter(({ line }) => line >= position || losses.has(line)));
  }

  async restore(fetch: RecordedFetch, { origin, candles, sha256 }: FetchedAgain): Promise<boolean> {
    if ((sha256 ?? contentHash(candles)) !== fetch.sha256) {
      await this.giveUp(fetch, OTHER_ROWS);
      return false;
    }
    await this.parts.queue.run(
      () => {
        this.write(fetch, candles, origin);
        this.settle(fetch, undefined);
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
      this.settle(fetch, reason);
    });
  }

  async restoreStops(): Promise<void> {
    const losses = this.lost();
    const lost = this.entries.flatMap((entry) =>
      entry.kind === 'fetch' && losses.has(entry.fetch.line) ? [entry.fetch] : [],
    );
    await this.parts.queue.run(() => {
      for (const entry of this.entries) {
        if (entry.kind !== 'stopped') continue;
        const { symbol, range, notedAt } = entry;
        // Minutes of a fetch that could not be repeated may have had rows.
        const unknown = lost.filter((fetch) => fetch.symbol === symbol).map((fetch) => fetch.range);
        const missing = runUnit(this.rows, findOnly(missingMinutesIn(symbol, range)));
        runUnit(this.rows, stoppedUnit(symbol, subtractRanges(missing, unknown), notedAt));
      }
    });
  }

  symbols(): Promise<string[]> {
    const { database } = this.parts;
    return Promise.resolve(database.prepare('SELECT symbol FROM symbols ORDER BY symbol').pluck().all() as string[]);
  }

  losses(): Promise<RebuildLoss[]> {
    const losses = this.lost();
    const fetches = this.entries.flatMap((entry): RebuildLoss[] => {
      if (entry.kind === 'removed') {
        return [{ what: entry.file, range: undefined, reason: 'removed after its time of retention' }];
      }
      const reason = entry.kind === 'fetch' ? losses.get(entry.fetch.line) : undefined;
      if (entry.kind !== 'fetch' || reason === undefined) return [];
      const { symbol, range, kind } = entry.fetch;
      return [{ what: symbol, range, reason: `${kind}: ${reason}` }];
    });
    const ofFiles = [...this.damagedFiles(), ...this.altered, ...this.unreadable, ...this.unreadableLines()];
    return Promise.resolve([...ofFiles, ...fetches]);
  }

  async finish(acceptLosses: boolean): Promise<boolean> {
    const isDone = acceptLosses || !this.previous.exists || (await this.losses()).length === 0;
    if (isDone) {
      this.previous.copyKeysTo(this.parts.database);
      await this.parts.queue.run(() => {
        this.noteLosses();
        this.facts.set(REBUILT_AT_FACT, String(this.clock.realNow()));
        for (const fact of [REBUILD_POSITION_FACT, REBUILD_LOSSES_FACT, REBUILD_SOURCE_FACT]) {
          this.facts.set(fact, undefined);
        }
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

  /** What is given up is missing from now on, and `gaps` will be asked why. */
  private noteLosses(): void {
    const [losses, askedAt] = [this.lost(), this.clock.now()];
    for (const entry of this.entries) {
      const reason = entry.kind === 'fetch' ? losses.get(entry.fetch.line) : undefined;
      if (entry.kind !== 'fetch' || reason === undefined) continue;
      const { symbol, range, kind } = entry.fetch;
      const note = { ...range, reason: `${kind} not repeated: ${reason}`, askedAt };
      runUnit(this.rows, unfilledUnit(symbol, range, [note]));
    }
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
    this.altered = await this.alteredFiles();
  }

  private position(): number {
    return Number(this.facts.get(REBUILD_POSITION_FACT) ?? 0);
  }

  private lost(): Map<number, string> {
    const text = this.facts.get(REBUILD_LOSSES_FACT) ?? '{}';
    return new Map(
      Object.entries(JSON.parse(text) as Record<string, string>).map(([line, reason]) => [Number(line), reason]),
    );
  }

  /** Notes, in the unit in hand, that a line of the manifest has been looked at, and why nothing came of it. */
  private settle({ line }: RecordedFetch, loss: string | undefined): void {
    const losses = this.lost();
    if (loss === undefined) losses.delete(line);
    else losses.set(line, loss);
    this.facts.set(REBUILD_LOSSES_FACT, JSON.stringify(Object.fromEntries(losses)));
    this.facts.set(REBUILD_POSITION_FACT, String(Math.max(this.position(), line + 1)));
  }

  /** Files whose bytes are others than the old database has the checksum of. */
  private async alteredFiles(): Promise<RebuildLoss[]> {
    const { archive } = this.parts;
    const { signal } = new AbortController();
    const altered: RebuildLoss[] = [];
    for (const { file, length, crc32 } of this.previouslyStored()) {
      // What is altered in the manifest shows when its fetches are repeated.
      if (crc32 === null || length === 0 || file === MANIFEST_FILE || !existsSync(archive.pathOf(file))) continue;
      const found = await checksumOf(archive.pathOf(file), length, { signal });
      if (found === undefined || found === crc32) continue;
      const reason = 'altered outside this program: its lines may say something else than what was captured';
      altered.push({ what: file, range: undefined, reason });
    }
    return altered;
  }

  private unreadableLines(): RebuildLoss[] {
    return this.parts.losses.all().map(({ file, firstLine, lines, reason }) => ({
      what: file,
      range: undefined,
      reason: `${lines === 1 ? 'line' : `${lines} lines, the first of them`} ${firstLine} cannot be read: ${reason}`,
    }));
  }

  /** Files of which the old database had taken more than there is now. */
  private damagedFiles(): RebuildLoss[] {
    const damaged = this.parts.archive.damage(this.previouslyStored());
    return damaged.map(({ file, expectedBytes, foundBytes }) => ({
      what: file,
      range: undefined,
      reason: `${foundBytes} bytes of ${expectedBytes} are left: lines were lost outside this program`,
    }));
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
