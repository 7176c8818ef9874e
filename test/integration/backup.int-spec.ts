import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { newestBackup } from '@app/backup';
import { DAY, HOUR, MINUTE, type BackupProgress, type BackupSummary, type MadeBackup } from '@app/domain';
import { SqliteStoreBackups } from '@app/storage';
import { buildMinute } from '@app/testing';
import { candleEvent, NOON, priceEvent, TestStore } from '../support/test-store';

const PRICES = 'crypto_prices_2026-01-15.jsonl';
const CANDLES = 'crypto_candles_2026-01-15.jsonl';
const TABLES = ['price_events', 'candles_1m', 'candles_1h', 'candles_1d', 'coverage', 'bronze_files'];

describe('backups of the store', () => {
  const { signal } = new AbortController();
  let store: TestStore;
  /** Where it is restored to. */
  let other: TestStore;
  let folder: string;

  const minute = (time: number): Parameters<TestStore['take']>[0] => candleEvent(buildMinute('BTCUSDT', time));
  const backupsOf = (of: TestStore): SqliteStoreBackups => new SqliteStoreBackups(of.options());
  const ignored = (): void => undefined;

  const backUp = (onProgress: (progress: BackupProgress) => void = ignored, stop = signal): Promise<MadeBackup> =>
    backupsOf(store).make({ folder }, '1.2.3', { signal: stop, onProgress });
  const keepOne = (kept: number): Promise<MadeBackup> =>
    backupsOf(store).make({ folderOfBackups: folder, kept }, '1.2.3', { signal, onProgress: ignored });
  const restore = (): Promise<BackupSummary> => backupsOf(other).restore(folder, { signal, onProgress: ignored });
  const contents = (of: TestStore): unknown[] => TABLES.map((table) => of.rows(`SELECT * FROM ${table}`));
  const fileOf = (name: string): string => join(folder, 'files', name);
  /** Runs once, while the backup is being made. */
  const once = (work: () => void): (() => void) => {
    let isDone = false;
    return () => {
      if (!isDone) work();
      isDone = true;
    };
  };

  beforeEach(async () => {
    [store, other] = [new TestStore(), new TestStore()];
    folder = join(store.folder, 'backups/one');
    await store.open();
    await store.take(priceEvent('BTCUSDT', NOON), priceEvent('BTCUSDT', NOON + DAY), minute(NOON), minute(NOON + DAY));
  });

  afterEach(async () => {
    await store.dispose();
    await other.dispose();
  });

  it('should be restored to the rows and lines of the moment at which it was made', async () => {
    const before = contents(store);
    const lines = new Map(store.bronzeFiles().map((file) => [file, store.bronzeLines(file)]));
    const made = await backUp();
    expect(made).toMatchObject({ folder, madeAt: NOON + DAY, version: '1.2.3', rawFiles: 5, damaged: [] });
    await store.take(priceEvent('BTCUSDT', NOON + MINUTE), minute(NOON + MINUTE));
    expect(await restore()).toEqual({ ...made, folder: undefined, removed: undefined });
    expect(contents(other)).toEqual(before);
    expect(new Map(other.bronzeFiles().map((file) => [file, other.bronzeLines(file)]))).toEqual(lines);
    expect(other.column('PRAGMA integrity_check')).toEqual(['ok']);
    expect(readdirSync(other.rawDir).sort()).toEqual(
      [...readdirSync(store.rawDir), 'archive.owner'].filter((name, at, all) => all.indexOf(name) === at).sort(),
    );
    await other.open();
    await other.take(priceEvent('BTCUSDT', NOON + MINUTE), minute(NOON + MINUTE));
    expect(other.logged).toEqual([]);
    expect(other.column('SELECT count(*) FROM price_events')).toEqual([3]);
  });

  it('should be restored to a store that resumes nobody who has followed the other one', async () => {
    const generation = "SELECT value FROM store_facts WHERE name = 'feed_generation'";
    await backUp();
    await restore();
    expect(store.column(generation)).toHaveLength(1);
    expect(other.column(generation)).toHaveLength(1);
    expect(other.column(generation)).not.toEqual(store.column(generation));
    expect(other.column("SELECT value FROM store_facts WHERE name IN ('owner', 'backup_lease', 'checked_at')")).toEqual(
      [],
    );
  });

  it('should have no part of a unit that is written meanwhile', async () => {
    const taken: Promise<unknown>[] = [];
    let at = NOON + HOUR;
    await backUp(() => {
      at += MINUTE;
      taken.push(store.take(priceEvent('BTCUSDT', at), minute(at)));
    });
    await Promise.all(taken);
    expect(taken.length).toBeGreaterThan(0);
    await restore();
    await other.open();
    expect(other.logged).toEqual([]);
    const [events] = other.column<number>('SELECT count(*) FROM price_events');
    expect(other.linesOf('crypto_prices')).toHaveLength(events ?? NaN);
  });

  it('should take compressed files as they are', async () => {
    store.clock.advance(12 * HOUR);
    expect((await store.opened.upkeep.compact(signal)).files).toHaveLength(2);
    await backUp();
    await restore();
    for (const file of [`${PRICES}.gz`, `${CANDLES}.gz`]) {
      expect(readFileSync(other.bronzePath(file))).toEqual(readFileSync(store.bronzePath(file)));
      expect(existsSync(fileOf(file))).toBe(true);
    }
    await other.open();
    expect(other.logged).toEqual([]);
  });

  it('should be made where raw files are not whole, and say so', async () => {
    truncateSync(store.bronzePath(PRICES), 10);
    const text = readFileSync(store.bronzePath(CANDLES), 'utf8');
    writeFileSync(store.bronzePath(CANDLES), text.replace('1', '2'));
    rmSync(store.bronzePath(PRICES.replace('15', '16')));
    const damaged = [
      { name: CANDLES, damage: 'altered' },
      { name: PRICES, damage: 'short' },
      { name: PRICES.replace('15', '16'), damage: 'short' },
    ];
    expect((await backUp()).damaged).toEqual(damaged);
    expect((await restore()).damaged).toEqual(damaged);
    expect(readFileSync(other.bronzePath(PRICES))).toHaveLength(10);
  });

  it('should leave nothing where it was interrupted', async () => {
    const abort = new AbortController();
    await expect(
      backUp(
        once(() => {
          abort.abort();
        }),
        abort.signal,
      ),
    ).rejects.toThrow('abort');
    expect(readdirSync(join(folder, '..'))).toEqual([]);
    await backUp();
  });

  it('should refuse a folder that is there, a store that is not, and raw files of none', async () => {
    mkdirSync(folder, { recursive: true });
    await expect(backUp()).rejects.toMatchObject({ code: 'BACKUP.FOLDER_TAKEN' });
    await expect(
      backupsOf(other).make({ folder: `${folder}-2` }, '1.2.3', { signal, onProgress: ignored }),
    ).rejects.toThrow('there is no database yet');
    rmSync(store.bronzePath('archive.json'));
    await expect(keepOne(1)).rejects.toMatchObject({ code: 'BACKUP.NO_RAW_FOLDER' });
  });

  describe('of which some are kept', () => {
    it('should be named by their time, and the oldest of the store removed', async () => {
      expect((await keepOne(2)).folder).toBe(join(folder, '2026-01-16T120000Z'));
      // Of another store, of a backup that was killed, and of nobody.
      const foreign = join(folder, '2026-01-01T000000Z');
      mkdirSync(foreign);
      const identity = JSON.parse(readFileSync(store.bronzePath('archive.json'), 'utf8')) as { writer_id: string };
      mkdirSync(join(folder, `.partial-${identity.writer_id}-x`));
      writeFileSync(join(folder, 'notes.txt'), 'mine');
      for (const removed of [[], ['2026-01-16T120000Z'], ['2026-01-16T130000Z']]) {
        store.clock.advance(HOUR);
        expect((await keepOne(2)).removed).toEqual(removed);
      }
      expect(readdirSync(folder).sort()).toEqual([
        '2026-01-01T000000Z',
        '2026-01-16T140000Z',
        '2026-01-16T150000Z',
        'notes.txt',
      ]);
    });

    it('should never be removed as soon as they are made, where a clock was ahead before', async () => {
      store.clock.step(DAY);
      await keepOne(1);
      store.clock.step(-DAY);
      const made = await keepOne(1);
      expect(made.folder).toBe(join(folder, '2026-01-16T120000Z'));
      expect(made.removed).toEqual(['2026-01-17T120000Z']);
      expect(readdirSync(folder)).toEqual(['2026-01-16T120000Z']);
    });

    it('should not be found newer than they are by folders of another store, or of what is no backup', async () => {
      const { writer_id: writerId } = JSON.parse(readFileSync(store.bronzePath('archive.json'), 'utf8')) as {
        readonly writer_id: string;
      };
      const newest = (): Promise<unknown> => newestBackup(folder, writerId);
      expect(await newest()).toBeUndefined();
      // Another store, into the same folder, an hour later.
      await other.open();
      await other.take(priceEvent('BTCUSDT', NOON));
      other.clock.advance(HOUR);
      await backupsOf(other).make({ folderOfBackups: folder, kept: 1 }, '1.2.3', { signal, onProgress: ignored });
      expect(readdirSync(folder)).toEqual(['2026-01-16T130000Z']);
      expect(await newest()).toBeUndefined();
      mkdirSync(join(folder, '2026-01-16T140000Z'));
      expect(await newest()).toBeUndefined();

      await keepOne(1);
      const made = { name: '2026-01-16T120000Z', madeAt: NOON + DAY };
      expect(await newest()).toEqual(made);
      // One of the store itself that was cut off, or altered, while it was copied.
      store.clock.advance(3 * HOUR);
      await keepOne(2);
      expect(await newest()).toEqual({ name: '2026-01-16T150000Z', madeAt: NOON + DAY + 3 * HOUR });
      const manifest = join(folder, '2026-01-16T150000Z/manifest.json');
      appendFileSync(manifest, ' ');
      expect(await newest()).toEqual(made);
      rmSync(manifest);
      expect(await newest()).toEqual(made);
    });
  });

  describe('that are not to be restored', () => {
    const refuses = async (code: string, message: string): Promise<void> => {
      const expected = { code, message: expect.stringContaining(message) as string };
      await expect(backupsOf(other).check(folder, { signal, onProgress: ignored })).rejects.toMatchObject(expected);
      await expect(restore()).rejects.toMatchObject(expected);
      expect(existsSync(other.rawDir)).toBe(false);
      expect(readdirSync(other.folder)).toEqual([]);
    };

    beforeEach(async () => {
      await backUp();
    });

    it.each(['manifest.json', 'manifest.json.sha256', 'files/app.db.zst', `files/${PRICES}.zst`])(
      'should be refused when they were cut off before %s',
      async (file) => {
        rmSync(join(folder, file));
        await refuses('BACKUP.INCOMPLETE', file.replace('files/', ''));
      },
    );

    it('should be refused when they were cut off within a file', async () => {
      truncateSync(fileOf('app.db.zst'), 100);
      await refuses('BACKUP.INCOMPLETE', 'app.db.zst has 100 bytes of');
    });

    it('should be refused when any byte was altered, in whatever file', async () => {
      const files = [
        'manifest.json',
        'manifest.json.sha256',
        ...readdirSync(join(folder, 'files')).map((name) => `files/${name}`),
      ];
      expect(files.length).toBeGreaterThan(6);
      for (const file of files) {
        const path = join(folder, file);
        const bytes = readFileSync(path);
        const altered = Buffer.from(bytes);
        const at = Math.floor(bytes.length / 2);
        altered.writeUInt8((bytes[at] ?? 0) ^ 1, at);
        writeFileSync(path, altered);
        await refuses('BACKUP.ALTERED', file.startsWith('manifest') ? 'manifest.json' : file.replace('files/', ''));
        writeFileSync(path, bytes);
      }
      appendFileSync(fileOf(`${PRICES}.zst`), ' ');
      await refuses('BACKUP.ALTERED', `${PRICES}.zst`);
    });

    it('should be refused when they are of a newer schema or layout', async () => {
      const path = join(folder, 'manifest.json');
      const text = readFileSync(path, 'utf8');
      const write = (changed: string): void => {
        writeFileSync(path, changed);
        writeFileSync(`${path}.sha256`, `${createHash('sha256').update(changed).digest('hex')}  manifest.json\n`);
      };
      write(text.replace('"migrations": [', '"migrations": ["Later2999000000000",'));
      await refuses('BACKUP.NEWER', 'newer schema (Later2999000000000)');
      write(text.replace('"format": 1', '"format": 2'));
      await refuses('BACKUP.NEWER', 'restore it with version 1.2.3 or later');
      write(text.replace(`"name": "${PRICES}"`, '"name": "../outside"'));
      await refuses('BACKUP.ALTERED', 'manifest.json');
    });

    it('should never be written over a store or raw files, and remove nothing', async () => {
      const taken = (message: string): Promise<void> =>
        expect(restore()).rejects.toMatchObject({
          code: 'BACKUP.TARGET_TAKEN',
          message: expect.stringContaining(message) as string,
        });
      writeFileSync(other.databasePath, 'mine');
      await taken('STORAGE_PATH');
      rmSync(other.databasePath);
      mkdirSync(other.rawDir);
      writeFileSync(other.bronzePath('crypto_prices_2020-01-01.jsonl'), 'mine');
      await taken('RAW_DIR');
      expect(readFileSync(other.bronzePath('crypto_prices_2020-01-01.jsonl'), 'utf8')).toBe('mine');
      rmSync(other.bronzePath('crypto_prices_2020-01-01.jsonl'));
      writeFileSync(other.bronzePath('notes.txt'), 'mine');
      await restore();
      expect(readFileSync(other.bronzePath('notes.txt'), 'utf8')).toBe('mine');
      await taken('STORAGE_PATH');
    });

    it('should keep what is restored from being begun by another process meanwhile', async () => {
      await other.open();
      await other.close();
      rmSync(other.databasePath);
      rmSync(other.bronzePath('archive.json'));
      const refusals: Promise<void>[] = [];
      const onProgress = ({ file }: BackupProgress): void => {
        if (file === PRICES) refusals.push(expect(other.open()).rejects.toMatchObject({ code: 'STORE.OWNED' }));
      };
      await backupsOf(other).restore(folder, { signal, onProgress });
      expect(refusals).toHaveLength(1);
      await Promise.all(refusals);
    });
  });

  describe('and upkeep', () => {
    const POLICY = { bronzeDays: 1, minutesDays: undefined, eventsDays: undefined, changesHours: 168 };

    it('should keep raw files from being compressed or removed while they are read, and not longer', async () => {
      store.clock.advance(12 * HOUR);
      let upkeep: Promise<unknown[]> | undefined;
      const made = backUp(
        once(() => {
          const { upkeep: work } = store.opened;
          upkeep = Promise.all([work.compact(signal), work.retain(POLICY, signal)]);
        }),
      );
      await made;
      const [compacted, retained] = (await upkeep) ?? [];
      expect(compacted).toEqual({ files: [], failed: [], isPaused: true });
      expect(retained).toMatchObject({ files: 0 });
      expect((await store.opened.upkeep.compact(signal)).files).toHaveLength(2);
      store.clock.advance(12 * HOUR);
      expect(await store.opened.upkeep.retain(POLICY, signal)).toMatchObject({ files: 2 });
    });

    it('should be one at a time', async () => {
      let second: Promise<unknown> | undefined;
      await backUp(
        once(() => {
          second = expect(
            backupsOf(store).make({ folder: `${folder}-2` }, '1.2.3', { signal, onProgress: ignored }),
          ).rejects.toMatchObject({ code: 'BACKUP.RUNNING' });
        }),
      );
      await second;
    });

    it('should be given up when the process stood still for longer than its lease, which then holds nobody up', async () => {
      store.clock.advance(12 * HOUR);
      let compacted: Promise<{ readonly files: readonly unknown[] }> | undefined;
      const made = backUp(
        once(() => {
          store.clock.advance(3 * MINUTE);
          compacted = store.opened.upkeep.compact(signal);
        }),
      );
      await expect(made).rejects.toMatchObject({ code: 'BACKUP.LEASE_LOST' });
      expect((await compacted)?.files).toHaveLength(2);
      expect(existsSync(folder)).toBe(false);
      await backUp();
    });

    it('should hold nobody up afterwards where the clock was put back meanwhile, as by the exchange', async () => {
      for (const back of [1, 30_000_000]) {
        let compacted: Promise<unknown> | undefined;
        await backUp(
          once(() => {
            store.clock.step(-back);
            compacted = store.opened.upkeep.compact(signal);
          }),
        );
        expect(await compacted).toMatchObject({ isPaused: true });
        expect(await store.opened.upkeep.compact(signal)).not.toHaveProperty('isPaused');
        rmSync(folder, { recursive: true });
      }
    });

    it('should be given up where the clock was put back by far, and hold nobody up', async () => {
      const made = backUp(
        once(() => {
          store.clock.step(-HOUR);
        }),
      );
      await expect(made).rejects.toMatchObject({ code: 'BACKUP.LEASE_LOST' });
      store.clock.step(HOUR);
      await backUp();
    });

    it('should not be kept waiting by a lease of a clock that was ahead', async () => {
      store.clock.step(30 * DAY);
      // As one that was killed leaves it.
      let killed: TestStore | undefined;
      await backUp(
        once(() => {
          killed = store.killed();
        }),
      );
      if (!killed) throw new Error('nothing was copied');
      await killed.open();
      expect(await killed.opened.upkeep.compact(signal)).not.toHaveProperty('isPaused');
      await killed.dispose();
    });
  });
});
