import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DAY, MINUTE, StoreNotReadyError, type OutgoingEvent, type StoreFault } from '@app/domain';
import { DirectPublisher, openSpool, RejectedLog } from '@app/messaging';
import { createLogger, MetricsRegistry } from '@app/observability';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import { readTables } from '../support/history-tables';
import { KeptStore, rebuild } from '../support/kept-store';
import { NOON, TestStore, batchOf, candleEvent, priceEvent } from '../support/test-store';

const EVENTS = 600;
const PAGE = 4_096;
const TABLE = 'CREATE TABLE "price_events"';
const TEXT = 'a text that somebody wrote over the database, longer than the header of one: '.repeat(40);

const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => priceEvent('BTCUSDT', NOON + from + index));

function overwrite(path: string, at: number, bytes: Buffer): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

describe('a database that is not whole', () => {
  let files: TestStore;
  let other: TestStore;
  let store: KeptStore | undefined;

  beforeEach(async () => {
    files = new TestStore();
    other = new TestStore();
    await files.open();
    await files.take(...events(0, EVENTS));
    await files.close();
  });

  afterEach(async () => {
    await store?.close();
    store = undefined;
    await files.dispose();
    await other.dispose();
  });

  const path = (): string => files.databasePath;

  async function start(): Promise<KeptStore> {
    store = await KeptStore.start(files);
    return store;
  }

  /** When it was read as a whole for the last time. */
  const checkedAt = (): string[] => files.column("SELECT value FROM store_facts WHERE name = 'checked_at'");

  /** Runs, and has been read as a whole. */
  async function startWhole(): Promise<KeptStore> {
    const kept = await start();
    await kept.expectWhole();
    await eventually('it has been checked', () => Promise.resolve(checkedAt().length > 0 || undefined));
    return kept;
  }

  /** After it was made anew, both halves go on by themselves, with every event that was ever taken. */
  async function expectMendedByRebuild(kept: KeptStore): Promise<void> {
    await rebuild(files);
    await kept.expectWhole();
    await kept.take(...events(EVENTS, 1));
    expect(await kept.prices()).toHaveLength(EVENTS + 1);
  }

  interface Damage {
    readonly name: string;
    readonly state: StoreFault;
    readonly reason: RegExp;
    readonly make: () => void | Promise<void>;
    /** What becomes of what was in the file's place. */
    readonly keeps?: boolean;
  }

  const AT_REST: Damage[] = [
    {
      name: 'a text file',
      state: 'damaged',
      reason: /its file is not one of SQLite/,
      make: () => {
        writeFileSync(path(), TEXT);
      },
    },
    {
      name: 'a file of fifty bytes',
      state: 'damaged',
      reason: /its file is not one of SQLite/,
      make: () => {
        truncateSync(path(), 50);
      },
    },
    {
      name: 'an empty file where raw files had been written',
      state: 'damaged',
      reason: /its file is empty, though raw files were written before/,
      make: () => {
        truncateSync(path(), 0);
      },
    },
    {
      name: 'a file that is cut off',
      state: 'damaged',
      reason: /its file is cut off \(\d+ bytes of \d+ are left\)/,
      make: () => {
        truncateSync(path(), statSync(path()).size - 2 * PAGE - 1);
      },
    },
    {
      name: 'a flipped bit in the name of the format',
      state: 'damaged',
      reason: /its file is not one of SQLite/,
      make: () => {
        overwrite(path(), 0, Buffer.from('R'));
      },
    },
    {
      name: 'flipped bytes in the page of the schema',
      state: 'damaged',
      reason: /SQLite says: /,
      make: () => {
        overwrite(path(), 100, Buffer.alloc(300, 0xff));
      },
    },
    {
      name: 'a schema in which a word has changed',
      state: 'damaged',
      reason: /SQLite says: malformed database schema/,
      make: () => {
        const bytes = readFileSync(path());
        // Pages that are free still have it too.
        for (let at = bytes.indexOf(TABLE); at >= 0; at = bytes.indexOf(TABLE, at + 1)) {
          overwrite(path(), at, Buffer.from('CREATE TABLX'));
        }
      },
    },
    {
      name: 'a folder in its place',
      state: 'damaged',
      reason: /a folder is in its place/,
      make: () => {
        rmSync(path());
        mkdirSync(path());
        writeFileSync(join(path(), 'something'), 'of somebody');
      },
    },
    {
      name: 'the -wal of another database beside it',
      state: 'damaged',
      reason: /the -wal beside it belongs to another database/,
      make: async () => {
        const { databasePath } = other;
        await other.open();
        await other.take(...events(0, 50));
        const copy = other.killed();
        copyFileSync(`${copy.databasePath}-wal`, `${path()}-wal`);
        expect(statSync(`${databasePath}-wal`).size).toBeGreaterThan(0);
        await copy.dispose();
      },
    },
    {
      name: 'an empty file beside a -wal that is not',
      state: 'damaged',
      reason: /its file is empty, and the -wal beside it is not/,
      make: async () => {
        await other.open();
        await other.take(...events(0, 50));
        const copy = other.killed();
        copyFileSync(`${copy.databasePath}-wal`, `${path()}-wal`);
        truncateSync(path(), 0);
        await copy.dispose();
      },
    },
    {
      name: 'a file that is gone beside a -wal that is there',
      state: 'removed',
      reason: /its file is gone, and the -wal beside it is there/,
      make: async () => {
        await files.open();
        await files.take(...events(0, 1));
        const copy = files.killed();
        await files.close();
        cpSync(`${copy.databasePath}-wal`, `${path()}-wal`);
        rmSync(path());
        await copy.dispose();
      },
    },
    {
      name: 'a database of another program',
      state: 'foreign',
      reason: /belongs to another program/,
      make: () => {
        rmSync(path());
        const database = new Database(path());
        database.exec('CREATE TABLE bookmarks (url text); INSERT INTO bookmarks VALUES (1)');
        database.close();
      },
    },
    {
      name: 'a database of another program that keeps migrations too',
      state: 'foreign',
      reason: /belongs to another program/,
      make: () => {
        rmSync(path());
        const database = new Database(path());
        database.pragma('journal_mode = WAL');
        database.exec('CREATE TABLE migrations (id integer PRIMARY KEY, timestamp bigint, name varchar)');
        database.exec("INSERT INTO migrations (timestamp, name) VALUES (1, 'Theirs1'); CREATE TABLE users (id)");
        database.close();
      },
    },
  ];

  describe.each(AT_REST)('found at a start: $name', ({ state, reason, make }) => {
    it('should be a state of both halves that a rebuild mends, and lose nothing that lay there', async () => {
      await make();
      const before = existsSync(path()) && statSync(path()).isFile() ? readFileSync(path()) : undefined;
      const kept = await start();
      await kept.expectFault(state, reason);
      await expect(kept.take(...events(EVENTS, 1))).rejects.toThrow(reason);
      await kept.watch.lookForMended();
      expect(kept.condition.readiness().state).toBe(state);
      if (before) expect(readFileSync(path()).equals(before)).toBe(true);
      await expectMendedByRebuild(kept);
      const aside = readdirSync(files.folder).filter((name) => /^app\.db\.damaged-\d{8}T\d{6}Z$/.test(name));
      expect(aside).toHaveLength(state === 'removed' ? 0 : 1);
      if (before) expect(readFileSync(join(files.folder, aside[0] ?? '')).equals(before)).toBe(true);
    });
  });

  it('should stay mended, whoever asks between the mending and the next opening', async () => {
    writeFileSync(path(), TEXT);
    const kept = await start();
    await kept.expectFault('damaged', /its file is not one of SQLite/);
    await rebuild(files);
    await eventually('it is mended', async () => {
      await kept.watch.lookForMended();
      return kept.watch.readiness().ready || undefined;
    });
    // Of both halves, the moment it is: neither may tell what was wrong before as if it were wrong again.
    await Promise.allSettled([kept.prices(), kept.history.lastMinute('BTCUSDT'), kept.take(...events(EVENTS, 1))]);
    expect(kept.watch.readiness()).toMatchObject({ ready: true });
    await kept.expectWhole();
  });

  describe('of which a plain copy was made while it was written', () => {
    const ROWS = 'SELECT * FROM price_events ORDER BY symbol, timestamp';

    /** Brings the -wal over into the file, as capture does when it grows. */
    function bringOver(): void {
      const database = new Database(path());
      expect(database.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
      database.close();
    }

    it('should be damaged in that copy, and be made anew from its raw files once it is removed there', async () => {
      await files.open();
      bringOver();
      copyFileSync(path(), other.databasePath);
      // Pages that are in the file by the time at which the -wal is copied, and were not when the file was.
      await files.take(...events(EVENTS, 2_000));
      bringOver();
      await files.take(...events(EVENTS + 2_000, 500));
      copyFileSync(`${path()}-wal`, `${other.databasePath}-wal`);
      cpSync(files.rawDir, other.rawDir, { recursive: true });
      store = await KeptStore.start(other);
      await store.expectFault('damaged', /the database is damaged: /);
      await store.close();

      for (const suffix of ['', '-wal', '-shm']) rmSync(`${other.databasePath}${suffix}`, { force: true });
      await rebuild(other);
      store = await KeptStore.start(other);
      await store.expectWhole();
      expect(files.rows(ROWS)).toHaveLength(EVENTS + 2_500);
      expect(other.rows(ROWS)).toEqual(files.rows(ROWS));
      expect(readTables(other.databasePath)).toEqual(readTables(path()));
    });
  });

  describe('found by reading all of it', () => {
    it.each([
      [
        'a page in its middle',
        () => {
          overwrite(path(), middlePage(), Buffer.alloc(PAGE, 0xab));
        },
      ],
      [
        'a tail that was cut off and is a hole now',
        () => {
          const { size } = statSync(path());
          const descriptor = openSync(path(), 'r+');
          ftruncateSync(descriptor, middlePage());
          ftruncateSync(descriptor, size);
          closeSync(descriptor);
        },
      ],
    ])('should be a state after a kill: %s', async (_, damage) => {
      // As the owner leaves it who is killed.
      await files.open();
      const killed = files.killed();
      await files.close();
      rmSync(`${path()}-wal`, { force: true });
      copyFileSync(killed.databasePath, path());
      await killed.dispose();
      const database = new Database(path());
      const [record] = files.column<string>("SELECT value FROM store_facts WHERE name = 'owner'");
      const { ino: inode, dev: device } = statSync(path());
      const owner = { ...(JSON.parse(record ?? '{}') as object), file: { device, inode }, process: undefined };
      database.prepare("UPDATE store_facts SET value = ? WHERE name = 'owner'").run(JSON.stringify(owner));
      database.close();
      damage();
      const kept = await start();
      await kept.expectFault('damaged', /the database is damaged: (\w+|SQLite says): /);
      await kept.watch.lookForMended();
      expect(kept.status.readiness().state).toBe('damaged');
      await expectMendedByRebuild(kept);
    });

    it('should be found whole, and not be read again before a day has passed', async () => {
      const kept = await startWhole();
      expect(checkedAt()).toEqual([String(files.clock.realNow())]);
      await kept.take(...events(EVENTS, 1));
      expect(kept.condition.readiness().ready).toBe(true);
    });

    it.each([
      ['400 days', 400 * DAY],
      ['two days', 2 * DAY],
      ['an hour', DAY / 24],
    ])('should be read when a clock that was ahead by %s has noted the last check', async (_, ahead) => {
      await files.open();
      await files.close();
      const database = new Database(path());
      const checked = String(files.clock.realNow() + ahead);
      database.prepare("INSERT OR REPLACE INTO store_facts (name, value) VALUES ('checked_at', ?)").run(checked);
      database.close();
      await start();
      await eventually('it has been checked', () => Promise.resolve(checkedAt()[0] !== checked || undefined));
      expect(checkedAt()).toEqual([String(files.clock.realNow())]);
    });

    /** A page of rows, near the end of the file. */
    function middlePage(): number {
      const database = new Database(path(), { readonly: true });
      const pages = database
        .prepare("SELECT pageno FROM dbstat WHERE name = 'price_events' AND pagetype = 'leaf' ORDER BY pageno DESC")
        .pluck()
        .all() as number[];
      database.close();
      return ((pages[1] ?? 0) - 1) * PAGE;
    }
  });

  describe('of which the tables contradict each other', () => {
    const minute = (number: number): OutgoingEvent => candleEvent(buildMinute('BTCUSDT', NOON + number * MINUTE));

    /** What a process that captures has between itself and the store. */
    function publisherTo(kept: KeptStore): DirectPublisher {
      const spool = openSpool({ folder: join(files.folder, 'spool'), maxBytes: 1_048_576, kinds: ['price', 'candle'] });
      const rejected = new RejectedLog(join(files.folder, 'rejected.jsonl'), files.clock);
      const times = { firstRetryMillis: 10, longestRetryMillis: 100, closeTimeoutMillis: 200 };
      return new DirectPublisher(
        kept.sink,
        spool,
        rejected,
        createLogger('silent', 'test'),
        new MetricsRegistry(),
        times,
      );
    }

    function alter(sql: string): void {
      const database = new Database(path());
      expect(database.prepare(sql).run().changes).toBe(1);
      database.close();
    }

    it.each([
      {
        name: 'minutes without their day',
        sql: 'DELETE FROM candles_1d',
        table: 'candles_1m',
        live: [minute(0), minute(2)],
      },
      {
        name: 'minutes that are later than their day has seen',
        sql: `UPDATE candles_1d SET last_minute = ${NOON}`,
        table: 'candles_1m',
        live: [minute(1), minute(2)],
      },
      {
        name: 'prices without their day',
        sql: 'DELETE FROM ticker_days',
        table: 'price_events',
        live: [...events(0, 1), minute(2), ...events(EVENTS, 1)],
      },
    ])('should be a state at the first batch that meets it, and lose nothing: $name', async ({ sql, table, live }) => {
      await files.open();
      await files.take(minute(0), minute(1));
      await files.close();
      const minutes = (): number[] => files.column('SELECT count(*) FROM candles_1m');
      alter(sql);
      const kept = await startWhole();
      const publisher = publisherTo(kept);
      try {
        await publisher.publish(batchOf(...live));
        const reason = `the database is damaged: ${table} holds a row that the other tables do not know; \`cli rebuild\``;
        await kept.expectFault('damaged', new RegExp(`^${reason}`));
        expect(publisher.status()).toMatchObject({
          waitingEvents: live.length,
          detail: expect.stringContaining(reason) as string,
        });
        expect(minutes()).toEqual([2]);
        // A file that is whole page by page is no reason to open it again.
        await kept.watch.lookForMended();
        expect(kept.condition.readiness().state).toBe('damaged');

        await publisher.publish(batchOf(...events(EVENTS, 1)));
        await rebuild(files);
        await kept.expectWhole();
        await eventually('nothing waits any more', () =>
          Promise.resolve(publisher.status().waitingEvents === 0 || undefined),
        );
        expect(minutes()).toEqual([3]);
        expect(await kept.prices()).toHaveLength(EVENTS + 1);
        expect(existsSync(join(files.folder, 'rejected.jsonl'))).toBe(false);
      } finally {
        await publisher.close();
      }
    });
  });

  describe('under a running process', () => {
    const WHILE_RUNNING: Damage[] = [
      {
        name: 'cut off to nothing',
        state: 'damaged',
        reason: /its file was cut off \(0 bytes are left\)/,
        make: () => {
          truncateSync(path(), 0);
        },
      },
      {
        name: 'cut off in its middle',
        state: 'damaged',
        reason: /its file was cut off \(\d+ bytes of \d+ are left\)/,
        make: () => {
          truncateSync(path(), 6 * PAGE + 17);
        },
      },
      {
        name: 'overwritten by a text',
        state: 'overwritten',
        reason: /overwritten while it was in use/,
        make: () => {
          writeFileSync(path(), TEXT);
        },
      },
      {
        name: 'overwritten by another database',
        state: 'overwritten',
        reason: /overwritten while it was in use/,
        make: async () => {
          await other.open();
          await other.take(...events(0, 5));
          await other.close();
          writeFileSync(path(), readFileSync(other.databasePath));
        },
      },
      {
        name: 'overwritten by an older copy of itself',
        state: 'overwritten',
        reason: /overwritten while it was in use/,
        make: () => {
          writeFileSync(path(), readFileSync(join(files.folder, 'backup.db')));
        },
      },
      {
        name: 'replaced by another database',
        state: 'replaced',
        reason: /replaced while it was in use.*a restart takes the file/,
        make: async () => {
          await other.open();
          await other.close();
          renameSync(other.databasePath, path());
        },
      },
      {
        name: 'replaced by a copy of itself',
        state: 'replaced',
        reason: /replaced while it was in use/,
        make: () => {
          copyFileSync(path(), join(files.folder, 'copy'));
          renameSync(join(files.folder, 'copy'), path());
        },
      },
      {
        name: 'replaced by a folder',
        state: 'replaced',
        reason: /replaced while it was in use/,
        make: () => {
          rmSync(path());
          mkdirSync(path());
        },
      },
      {
        name: 'removed',
        state: 'removed',
        reason: /its file was removed or renamed while it was in use/,
        make: () => {
          rmSync(path());
        },
      },
      {
        name: 'renamed',
        state: 'removed',
        reason: /its file was removed or renamed while it was in use/,
        make: () => {
          renameSync(path(), join(files.folder, 'renamed.db'));
        },
      },
    ];

    it.each(WHILE_RUNNING)(
      'should be a state at the next look, and go on by itself after a rebuild: $name',
      async ({ state, reason, make }) => {
        copyFileSync(path(), join(files.folder, 'backup.db'));
        const kept = await startWhole();
        await make();
        await kept.watch.look();
        await kept.expectFault(state, reason);
        await expect(kept.take(...events(EVENTS, 1))).rejects.toThrow(reason);
        await kept.watch.lookForMended();
        expect(kept.condition.readiness().state).toBe(state);
        await expectMendedByRebuild(kept);
      },
    );

    it.each([
      ['26 hours ahead', 26 * (DAY / 24)],
      ['an hour ahead', DAY / 24],
      ['400 days behind', -400 * DAY],
    ])('should go on after a rebuild where the clock was %s at the start, and is right since', async (_, ahead) => {
      files.clock.step(ahead);
      const kept = await startWhole();
      files.clock.step(-ahead);
      rmSync(path());
      await kept.watch.look();
      await expectMendedByRebuild(kept);
    });

    it.each([
      ['damage', () => Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' })],
      [
        'a file of another program',
        () => new StoreNotReadyError('the database file belongs to another program', 'foreign'),
      ],
      ['another file in its place', () => new StoreNotReadyError('the database file was replaced', 'replaced')],
    ])('should answer nothing more from the moment it is known, though it is still open: %s', async (_, found) => {
      const kept = await startWhole();
      expect(await kept.prices(1)).toHaveLength(1);
      kept.watch.met(found());
      const asked = [
        kept.prices(1),
        kept.status.version(),
        kept.symbols.known(),
        kept.history.lastMinute('BTCUSDT'),
        kept.take(...events(EVENTS, 1)),
      ];
      for (const answer of await Promise.allSettled(asked)) {
        expect(answer).toEqual({ status: 'rejected', reason: expect.any(StoreNotReadyError) as Error });
      }
    });

    it('should leave alone what was put over it: nothing of its -wal is written there', async () => {
      const kept = await startWhole();
      await kept.take(...events(EVENTS, 300));
      const backup = readFileSync(path());
      await other.open();
      await other.take(...events(0, 5));
      await other.close();
      const restored = readFileSync(other.databasePath);
      expect(restored.equals(backup)).toBe(false);
      writeFileSync(path(), restored);
      await kept.watch.look();
      await kept.expectFault('overwritten', /overwritten/);
      expect(readFileSync(path()).equals(restored)).toBe(true);
    });

    it('should go on with the same file when it was put back, with all that was in its -wal', async () => {
      const kept = await startWhole();
      await kept.take(...events(EVENTS, 3));
      renameSync(path(), join(files.folder, 'renamed.db'));
      await kept.watch.look();
      await kept.expectFault('removed', /removed or renamed/);
      renameSync(join(files.folder, 'renamed.db'), path());
      await kept.watch.lookForMended();
      await kept.expectWhole();
      expect(await kept.prices()).toHaveLength(EVENTS + 3);
      await kept.take(...events(EVENTS + 3, 1));
    });

    it.each(['-wal', '-shm'])('should bring what only it has into the file when its %s is removed', async (side) => {
      const kept = await startWhole();
      await kept.take(...events(EVENTS, 3));
      rmSync(`${path()}${side}`);
      await kept.watch.look();
      await eventually('it was noticed', () => Promise.resolve(kept.logged.length > 0 || undefined));
      expect(kept.logged.join('')).toContain(`its ${side} was removed while it was in use`);
      await kept.watch.lookForMended();
      await kept.expectWhole();
      expect(await kept.prices()).toHaveLength(EVENTS + 3);
      await kept.take(...events(EVENTS + 3, 1));
      expect(files.column('SELECT count(*) FROM price_events')).toEqual([EVENTS + 4]);
    });

    it('should be a state at the first question that meets a damaged page, and never an error of its own', async () => {
      const page = leafOf('price_events');
      const kept = await startWhole();
      overwrite(path(), page, Buffer.alloc(PAGE, 0xab));
      await expect(kept.prices()).rejects.toThrow(StoreNotReadyError);
      await kept.expectFault('damaged', /the database is damaged/);
      await expectMendedByRebuild(kept);
    });

    it('should be a state at the first write that meets a damaged page', async () => {
      const page = leafOf('process_status', 'root');
      const kept = await startWhole();
      overwrite(path(), page, Buffer.alloc(PAGE, 0xab));
      const row = { process: 'test', updatedAt: NOON, status: '{}' };
      await expect(kept.processStatus.write(row)).rejects.toThrow(/the database is damaged/);
      await kept.expectFault('damaged', /the database is damaged/);
      await expectMendedByRebuild(kept);
    });

    it('should say that it has a second name, and go on', async () => {
      const kept = await startWhole();
      linkSync(path(), join(files.folder, 'linked.db'));
      await kept.watch.look();
      expect(kept.condition.notes()).toEqual([expect.stringMatching(/2 names \(hard links\)/)]);
      await kept.take(...events(EVENTS, 1));
      rmSync(join(files.folder, 'linked.db'));
      await kept.watch.look();
      expect(kept.condition.notes()).toEqual([]);
    });

    /** Where a page of a table lies, once nothing of it is in a cache. */
    function leafOf(table: string, kind = 'leaf'): number {
      const database = new Database(path(), { readonly: true });
      const page = database
        .prepare(`SELECT max(pageno) FROM dbstat WHERE name = ? ${kind === 'leaf' ? "AND pagetype = 'leaf'" : ''}`)
        .pluck()
        .get(table) as number;
      database.close();
      return (page - 1) * PAGE;
    }
  });

  describe('of a process that only reads', () => {
    it('should follow a file that its owner has taken, and no other one', async () => {
      const reader = await KeptStore.start(files, 'reader');
      try {
        await eventually('it reads', () => Promise.resolve(reader.status.readiness().ready || undefined));
        copyFileSync(path(), join(files.folder, 'copy'));
        renameSync(join(files.folder, 'copy'), path());
        await reader.watch.look();
        await eventually('it is replaced', () =>
          Promise.resolve(reader.status.readiness().state === 'replaced' || undefined),
        );
        await reader.watch.lookForMended();
        expect(reader.status.readiness().state).toBe('replaced');
        await files.open();
        await files.take(...events(EVENTS, 1));
        await reader.watch.lookForMended();
        await eventually('it reads again', () => Promise.resolve(reader.status.readiness().ready || undefined));
        expect(await reader.prices()).toHaveLength(EVENTS + 1);
      } finally {
        await reader.close();
      }
    });

    it('should not take the sessions of owners that come and go for another file', async () => {
      const reader = await KeptStore.start(files, 'reader');
      try {
        for (let session = 0; session < 3; session += 1) {
          await files.open();
          await reader.watch.look();
          await files.take(...events(EVENTS + session, 1));
          await reader.watch.look();
          await files.close();
          await reader.watch.look();
          expect(reader.status.readiness().ready).toBe(true);
        }
        expect(await reader.prices()).toHaveLength(EVENTS + 3);
      } finally {
        await reader.close();
      }
    });
  });
});
