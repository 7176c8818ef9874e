import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, Histogram, type MetricsRegistry } from '@app/observability';
import { BUSY_TIMEOUT_MS, type SqliteHandle } from './sqlite-connection';

/** One write transaction: synchronous from begin to commit, so that nothing can come between. */
export type WriteUnit<T> = (database: SqliteHandle) => T;

export interface WriteOptions {
  /** `normal` for what can be fetched again; then a power cut (not a kill) may take the last commits back. */
  readonly durability?: 'full' | 'normal';
  /**
   * Undoes what the failed unit did outside the database. Called before the roll-back, while the write lock still keeps
   * every other process out; not called when the transaction has ended by itself. Its own failure is added to the unit's.
   */
  readonly undo?: () => void;
  /**
   * The same where the transaction has ended by itself, as a full disk does to a commit: under the write lock again, which
   * another process may have had in between. Not called where the lock is not to be had, or the guard refuses.
   */
  readonly undoLate?: () => void;
}

export class StoreBusyError extends Error {
  readonly code = 'STORE.BUSY';

  constructor(waitedMs: number) {
    super(`the database is locked by another process; gave up after ${waitedMs} ms`);
    this.name = 'StoreBusyError';
  }
}

const WRITE_SECONDS = 'csp_sqlite_write_seconds';
const QUEUE_UNITS = 'csp_sqlite_write_queue_units';
const BUSY_TOTAL = 'csp_sqlite_busy_total';

/** Pages in the `-wal` from which on a commit brings them over, unless it is told not to: as SQLite has it. */
const PAGES_BROUGHT_OVER = 1_000;

const RETRY_PAUSE_MS = 25;

/** How long a unit waits for another process's lock before it fails; its caller keeps the data and tries again. */
export const LOCK_PATIENCE_MS = 5_000;

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** What cannot be undone either is told beside the reason of the failure, not in its place. */
function undoAfter(reason: unknown, undo: (() => void) | undefined): void {
  try {
    undo?.();
  } catch (error) {
    if (reason instanceof Error && error instanceof Error) reason.message += `; then: ${error.message}`;
  }
}

/**
 * The only way to write: runs units one after the other, each in one `BEGIN IMMEDIATE … COMMIT` in which nothing is
 * awaited. Two units that shared TypeORM's single SQLite connection across an `await` would share a transaction: the
 * roll-back of one would take the other's reported write with it.
 */
export class WriteQueue {
  private tail: Promise<unknown> = Promise.resolve();
  private synchronous: 'full' | 'normal' = 'full';
  private refusal: Error | undefined;
  private isAbandoned = false;
  private guard: () => void = () => undefined;
  private notice: () => void = () => undefined;
  private pagesBroughtOver = PAGES_BROUGHT_OVER;
  private readonly seconds: Histogram;
  private readonly depth: Gauge;
  private readonly busy: Counter;

  constructor(
    private readonly database: SqliteHandle,
    metrics: MetricsRegistry,
    private readonly patienceMs: number = LOCK_PATIENCE_MS,
    /** Told of what made a unit fail; returns what its caller is told. */
    private readonly explain: (error: unknown) => unknown = (error) => error,
  ) {
    this.seconds = metrics.once(
      WRITE_SECONDS,
      () =>
        new Histogram({
          name: WRITE_SECONDS,
          help: 'Time from begin to commit of a write transaction.',
          registers: [metrics],
          buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
        }),
    );
    this.depth = metrics.once(
      QUEUE_UNITS,
      () =>
        new Gauge({
          name: QUEUE_UNITS,
          help: 'Write transactions that wait for their turn or run.',
          registers: [metrics],
        }),
    );
    this.busy = metrics.once(
      BUSY_TOTAL,
      () =>
        new Counter({
          name: BUSY_TOTAL,
          help: 'Times a write transaction found the database locked by another process.',
          registers: [metrics],
        }),
    );
  }

  /** Runs the unit after all units queued before it. Resolves when it is committed and, unless `normal`, flushed. */
  run<T>(unit: WriteUnit<T>, { durability = 'full', undo, undoLate }: WriteOptions = {}): Promise<T> {
    return this.inTurn(async () => {
      this.setSynchronous(durability);
      await this.begin();
      this.checkGuard();
      const stop = this.seconds.startTimer();
      let result: T;
      try {
        result = unit(this.database);
        this.database.exec('COMMIT');
      } catch (error) {
        if (this.database.inTransaction) {
          undoAfter(error, undo);
          this.database.exec('ROLLBACK');
        } else {
          this.overwriteFailedCommit();
          if (undoLate) await this.underLock(error, undoLate);
        }
        throw error;
      } finally {
        stop();
      }
      this.notice();
      return result;
    });
  }

  /**
   * Between two units, brings what the `-wal` holds into the database and cuts it to nothing, over this connection: the
   * event loop stands meanwhile, a quarter of a second for a hundred megabytes. Returns whether it could: it waits
   * neither for a reader nor for another writer.
   */
  checkpoint(): Promise<boolean> {
    return this.inTurn(() => {
      this.database.pragma('busy_timeout = 0');
      try {
        const [result] = this.database.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
        return result?.busy === 0;
      } finally {
        this.database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
    });
  }

  /** Does something between two units: what was queued before it is through, and what is queued after it waits. */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.refusal) return Promise.reject(this.refusal);
    this.depth.inc();
    const result = this.tail
      .then(async () => {
        if (this.isAbandoned && this.refusal) throw this.refusal;
        try {
          return await work();
        } catch (error) {
          throw this.explain(error);
        }
      })
      .finally(() => {
        this.depth.dec();
      });
    this.tail = result.catch(() => undefined);
    return result;
  }

  /** Calls this after each commit. */
  onCommit(notice: () => void): void {
    this.notice = notice;
  }

  /** Whether a commit brings over what the `-wal` holds once it is a few megabytes: it does unless told otherwise. */
  bringOverAtCommit(isWanted: boolean): void {
    const pages = isWanted ? PAGES_BROUGHT_OVER : 0;
    if (pages === this.pagesBroughtOver) return;
    this.database.pragma(`wal_autocheckpoint = ${pages}`);
    this.pagesBroughtOver = pages;
  }

  /** From now on this check comes before each unit, under the write lock; what it throws is the unit's failure. */
  guardWith(check: () => void): void {
    this.guard = check;
  }

  /** Refuses new units and resolves when those that were queued are through. */
  async close(): Promise<void> {
    this.refusal ??= new Error('the store is closed');
    await this.tail;
  }

  /** Fails every unit that has not begun, and resolves when none runs any more. */
  async abandon(reason: Error): Promise<void> {
    this.refusal = reason;
    this.isAbandoned = true;
    await this.tail;
  }

  /**
   * A commit of which only the flush failed stands whole in the `-wal`, and whoever reads that anew, after a kill, takes it
   * for made. A commit of nothing is put in its place, before anything else of the unit is undone; that its own flush may
   * fail as well does not matter. Where another process has the lock, that one's commit takes the place.
   */
  private overwriteFailedCommit(): void {
    try {
      this.database.exec('BEGIN IMMEDIATE');
      const version = this.database.pragma('user_version', { simple: true });
      this.database.pragma(`user_version = ${String(version)}`);
      this.database.exec('COMMIT');
    } catch {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
    }
  }

  /** Undoes under the write lock what the failed unit did outside the database. */
  private async underLock(reason: unknown, undo: () => void): Promise<void> {
    try {
      await this.begin();
      this.checkGuard();
    } catch {
      return;
    }
    undoAfter(reason, undo);
    if (this.database.inTransaction) this.database.exec('ROLLBACK');
  }

  /** Before the unit has begun: there is nothing of it to undo. */
  private checkGuard(): void {
    try {
      this.guard();
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private setSynchronous(durability: 'full' | 'normal'): void {
    if (durability === this.synchronous) return;
    this.database.pragma(`synchronous = ${durability.toUpperCase()}`);
    this.synchronous = durability;
  }

  private async begin(): Promise<void> {
    const start = performance.now();
    for (;;) {
      try {
        this.database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.busy.inc();
        const waited = performance.now() - start;
        if (waited > this.patienceMs) throw new StoreBusyError(Math.round(waited));
        await delay(RETRY_PAUSE_MS);
      }
    }
  }
}
