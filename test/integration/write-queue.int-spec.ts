import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetricsRegistry } from '@app/observability';
import { StoreBusyError, WriteQueue, handleOf, openWriter, type SqliteHandle } from '@app/storage';
import Database from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { eventually } from '../support/app-process';
import { LockHolder } from '../support/lock-holder';

describe('WriteQueue on a real SQLite file', () => {
  let folder: string;
  let path: string;
  let source: DataSource;
  let database: SqliteHandle;
  let metrics: MetricsRegistry;
  let queue: WriteQueue;
  let holder: LockHolder | undefined;

  const insert = (value: number) => (handle: SqliteHandle) => {
    handle.prepare('INSERT INTO numbers VALUES (?)').run(value);
    return value;
  };

  /** What another process sees: committed rows. */
  function stored(): number[] {
    const other = new Database(path, { readonly: true });
    try {
      return other.prepare('SELECT value FROM numbers ORDER BY rowid').pluck().all() as number[];
    } finally {
      other.close();
    }
  }

  async function metric(name: string): Promise<number> {
    return (await metrics.getSingleMetric(name)!.get()).values[0]?.value ?? 0;
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'csp-queue-'));
    path = join(folder, 'app.db');
    source = await openWriter(path);
    database = handleOf(source);
    database.exec('CREATE TABLE numbers (value integer NOT NULL UNIQUE)');
    metrics = new MetricsRegistry();
    queue = new WriteQueue(database, metrics, 300);
  });

  afterEach(async () => {
    await holder?.kill();
    holder = undefined;
    await queue.close();
    await source.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should set WAL, full flushes and a short busy time-out, on an SQLite without the WAL-reset bug (27)', () => {
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.pragma('busy_timeout', { simple: true })).toBe(250);
    const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
    expect(version.localeCompare('3.51.3', 'en', { numeric: true })).toBeGreaterThanOrEqual(0);
    expect(version).not.toBe('3.52.0');
  });

  it('should keep every reported write when failing ones come between', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, value) =>
        queue.run((handle) => {
          insert(value)(handle);
          if (value % 3 === 0) throw new Error(`unit ${value} fails after its write`);
          return value;
        }),
      ),
    );
    const kept = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(kept).toHaveLength(26);
    expect(stored()).toEqual(kept);
  });

  it('should run units in the order in which they were given, undoing one that fails while its lock holds', async () => {
    const happened: string[] = [];
    const failing = queue.run(
      () => {
        happened.push('fails');
        throw new Error('no');
      },
      { undo: () => happened.push(`undone, in transaction: ${database.inTransaction}`) },
    );
    const next = queue.run(() => happened.push('next'));
    await expect(failing).rejects.toThrow('no');
    await next;
    expect(happened).toEqual(['fails', 'undone, in transaction: true', 'next']);
  });

  it('should tell why a unit failed even when undoing it fails too, and go on', async () => {
    const unit = queue.run(
      () => {
        throw new TypeError('the reason');
      },
      {
        undo: () => {
          throw new Error('the folder is gone');
        },
      },
    );
    await expect(unit).rejects.toThrow(new TypeError('the reason; then: the folder is gone'));
    await queue.run(insert(1));
    expect(stored()).toEqual([1]);
  });

  it('should go on after a commit that found no room', async () => {
    database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true }))}`);
    const large = queue.run((handle) => {
      for (let value = 0; value < 10_000; value += 1) insert(value)(handle);
    });
    await expect(large).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    expect(database.inTransaction).toBe(false);
    expect(stored()).toEqual([]);
    database.pragma('max_page_count = 100000');
    await queue.run(insert(7));
    expect(stored()).toEqual([7]);
  });

  describe('after a commit that ended the transaction', () => {
    const happened: string[] = [];
    const undoing = {
      undo: () => happened.push('undone in the transaction'),
      undoLate: () => happened.push(`undone late, in transaction: ${database.inTransaction}`),
    };

    /** Fills the database in a unit, which SQLite then takes back by itself. */
    async function failToCommit(): Promise<void> {
      database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true }))}`);
      const unit = queue.run((handle) => {
        for (let value = 0; value < 10_000; value += 1) insert(value)(handle);
      }, undoing);
      await expect(unit).rejects.toMatchObject({ code: 'SQLITE_FULL' });
      database.pragma('max_page_count = 100000');
    }

    beforeEach(() => {
      happened.length = 0;
    });

    it('should undo a unit under the write lock before the next one', async () => {
      const failing = failToCommit();
      const next = queue.run(() => happened.push('next'));
      await failing;
      await next;
      expect(happened).toEqual(['undone late, in transaction: true', 'next']);
      expect(database.inTransaction).toBe(false);
    });

    it('should undo nothing where the lock is not to be had', async () => {
      const exec = database.exec.bind(database);
      let begun = 0;
      jest.spyOn(database, 'exec').mockImplementation((sql) => {
        if (sql === 'BEGIN IMMEDIATE' && begun++ > 0) throw Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });
        return exec(sql);
      });
      await failToCommit();
      expect(happened).toEqual([]);
      jest.restoreAllMocks();
      await queue.run(insert(7));
      expect(stored()).toEqual([7]);
    });

    it('should undo nothing where the guard refuses by then', async () => {
      let looks = 0;
      queue.guardWith(() => {
        if (looks++ > 0) throw new Error('another process writes now');
      });
      await failToCommit();
      expect(happened).toEqual([]);
      expect(database.inTransaction).toBe(false);
    });
  });

  it('should wait for the lock of another process without stopping this one', async () => {
    holder = await LockHolder.start(path, 'BEGIN IMMEDIATE; INSERT INTO numbers VALUES (1)');
    metrics = new MetricsRegistry();
    queue = new WriteQueue(database, metrics, 60_000);
    const waiting = queue.run(insert(2));
    await eventually('the unit has met the lock', async () =>
      (await metric('csp_sqlite_busy_total')) > 0 ? true : undefined,
    );
    expect(stored()).toEqual([]);
    await holder.kill();
    expect(await waiting).toBe(2);
    expect(stored()).toEqual([2]);
  });

  it('should give up on a lock that stays, say so, and take the same unit again later', async () => {
    holder = await LockHolder.start(path, 'BEGIN IMMEDIATE');
    const error = await queue.run(insert(1)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreBusyError);
    expect(error).toMatchObject({ code: 'STORE.BUSY', message: expect.stringContaining('locked') as string });
    expect(await metric('csp_sqlite_busy_total')).toBeGreaterThan(0);
    // A stopped process holds what it holds; a killed one does not.
    holder.signal('SIGSTOP');
    await expect(queue.run(insert(1))).rejects.toThrow(StoreBusyError);
    await holder.kill();
    await eventually('the lock is free', async () => queue.run(insert(1)));
    expect(stored()).toEqual([1]);
  });

  it('should flush less only for the units that ask for it', async () => {
    const seen: unknown[] = [];
    const look = (handle: SqliteHandle) => seen.push(handle.pragma('synchronous', { simple: true }));
    await queue.run(look, { durability: 'normal' });
    await queue.run(look);
    await queue.run(look, { durability: 'full' });
    expect(seen).toEqual([1, 2, 2]);
  });

  it('should finish what is queued when it closes, and refuse what comes later', async () => {
    const queued = [queue.run(insert(1)), queue.run(insert(2))];
    await queue.close();
    await Promise.all(queued);
    expect(stored()).toEqual([1, 2]);
    await expect(queue.run(insert(3))).rejects.toThrow('closed');
    expect(await metric('csp_sqlite_write_queue_units')).toBe(0);
  });
});
