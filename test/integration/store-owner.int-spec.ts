import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AmbiguousDatabaseError, CaptureOwnerError } from '@app/storage';
import Database from 'better-sqlite3';
import { NOON, TestStore, priceEvent } from '../support/test-store';

/** Mounting takes rights that not every machine gives. */
const CAN_MOUNT = spawnSync('unshare', ['-m', 'true']).status === 0 && process.geteuid?.() === 0;

describe('the owner of a store', () => {
  let store: TestStore;
  let other: TestStore;

  beforeEach(() => {
    store = new TestStore();
    other = new TestStore();
  });

  afterEach(async () => {
    await store.dispose();
    await other.dispose();
  });

  /** Opens, with a bronze folder of its own, what the path leads to. */
  function openAt(databasePath: string): Promise<unknown> {
    return other.open({ databasePath });
  }

  describe('of a database that links lead to', () => {
    it('should keep a second owner out that comes through a symbolic link', async () => {
      symlinkSync(store.databasePath, join(other.folder, 'link.db'));
      await store.open();
      await expect(openAt(join(other.folder, 'link.db'))).rejects.toThrow(CaptureOwnerError);
      expect(existsSync(join(other.folder, 'link.db.owner'))).toBe(false);
    });

    it('should keep it out behind a chain of links, some relative, some of folders', async () => {
      mkdirSync(join(store.folder, 'deep', 'er'), { recursive: true });
      symlinkSync('../app.db', join(store.folder, 'deep', 'a.db'));
      symlinkSync(join('..', 'a.db'), join(store.folder, 'deep', 'er', 'b.db'));
      symlinkSync(join(store.folder, 'deep', 'er'), join(other.folder, 'folder'));
      await store.open();
      for (const path of ['folder/b.db', 'folder/../link/b.db']) {
        symlinkSync(join(store.folder, 'deep', 'er'), join(other.folder, 'link'));
        await expect(openAt(join(other.folder, path))).rejects.toThrow(CaptureOwnerError);
        rmSync(join(other.folder, 'link'));
      }
      await expect(openAt(`${store.folder}/deep/..//./app.db`)).rejects.toThrow(CaptureOwnerError);
    });

    it('should make the database where a link to nothing leads, and own it under both names', async () => {
      symlinkSync(store.databasePath, join(other.folder, 'link.db'));
      await openAt(join(other.folder, 'link.db'));
      await expect(store.open()).rejects.toThrow(CaptureOwnerError);
      await other.close();
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      expect(readlinkSync(join(other.folder, 'link.db'))).toBe(store.databasePath);
    });

    it('should say that links go round in a circle', async () => {
      symlinkSync('b.db', join(other.folder, 'a.db'));
      symlinkSync('a.db', join(other.folder, 'b.db'));
      await expect(openAt(join(other.folder, 'a.db'))).rejects.toThrow(/ELOOP/);
    });

    it('should keep a second owner out of a bronze folder behind a link', async () => {
      await store.open();
      symlinkSync(store.rawDir, join(other.folder, 'link'));
      symlinkSync(join(other.folder, 'link'), join(other.folder, 'link-to-link'));
      for (const name of ['link', 'link-to-link', 'link/']) {
        await expect(other.open({ rawDir: join(other.folder, name) })).rejects.toThrow(CaptureOwnerError);
      }
    });
  });

  describe('of a database file with two names', () => {
    const named =
      /STORAGE_PATH=".*": the database file has 2 names \(hard links\), and SQLite keeps a -wal for each name/;

    it('should be refused by name, under either name, running beside it or alone', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      linkSync(store.databasePath, join(other.folder, 'linked.db'));
      await expect(openAt(join(other.folder, 'linked.db'))).rejects.toThrow(named);
      await store.close();
      await expect(openAt(join(other.folder, 'linked.db'))).rejects.toThrow(AmbiguousDatabaseError);
      await expect(store.open()).rejects.toThrow(named);
      await expect(store.openBronzeOnly()).rejects.toThrow(named);
      rmSync(join(other.folder, 'linked.db'));
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON + 1));
    });

    it('should be refused behind a symbolic link too, and never be read', async () => {
      await store.open();
      await store.close();
      linkSync(store.databasePath, join(other.folder, 'linked.db'));
      symlinkSync('linked.db', join(other.folder, 'link.db'));
      await expect(openAt(join(other.folder, 'link.db'))).rejects.toThrow(named);
      const { status } = await store.readers();
      expect(status.readiness()).toEqual({
        ready: false,
        state: 'ambiguous',
        reason: expect.stringMatching(/^the database file has 2 names \(hard links\)/) as string,
      });
    });

    (CAN_MOUNT ? it : it.skip)('should be refused when the file alone is mounted at another place', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      const mounted = join(other.folder, 'mounted app.db');
      writeFileSync(mounted, '');
      execFileSync('mount', ['--bind', store.databasePath, mounted]);
      try {
        await expect(openAt(mounted)).rejects.toThrow(/the database file is mounted on its own.*mount the folder/);
      } finally {
        execFileSync('umount', ['--lazy', mounted]);
      }
    });

    (CAN_MOUNT ? it : it.skip)(
      'should keep a second owner out of a folder that is mounted at another place',
      async () => {
        await store.open();
        mkdirSync(join(other.folder, 'mounted'));
        execFileSync('mount', ['--bind', store.folder, join(other.folder, 'mounted')]);
        try {
          for (const path of ['mounted/app.db', 'mounted/raw/../app.db']) {
            await expect(openAt(join(other.folder, path))).rejects.toThrow(CaptureOwnerError);
          }
        } finally {
          execFileSync('umount', ['--lazy', join(other.folder, 'mounted')]);
        }
      },
    );
  });

  describe('whose lock file was removed', () => {
    it('should keep a second owner out by what the database says', async () => {
      await store.open();
      rmSync(`${store.databasePath}.owner`);
      await expect(openAt(store.databasePath)).rejects.toThrow(CaptureOwnerError);
      rmSync(`${store.databasePath}.owner`);
      await store.take(priceEvent('BTCUSDT', NOON));
      await store.close();
      await openAt(store.databasePath);
    });

    it('should make both lock files again, and keep others out by them', async () => {
      const { ownership } = await store.open();
      expect(ownership.renewLocks()).toEqual([]);
      rmSync(`${store.databasePath}.owner`);
      rmSync(store.bronzePath('archive.owner'));
      expect(ownership.renewLocks()).toEqual([
        { setting: 'STORAGE_PATH', isLost: false },
        { setting: 'RAW_DIR', isLost: false },
      ]);
      expect(ownership.renewLocks()).toEqual([]);
      await expect(other.open({ rawDir: store.rawDir })).rejects.toThrow(CaptureOwnerError);
    });

    it('should notice that another process has locked the new one', async () => {
      const { ownership } = await store.open();
      rmSync(store.bronzePath('archive.owner'));
      await other.open({ rawDir: store.rawDir });
      expect(ownership.renewLocks()).toEqual([{ setting: 'RAW_DIR', isLost: true }]);
    });

    it('should write nothing more once another machine or container has become the owner', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      setOwner({ id: 'another', file: { device: 1, inode: 1 } });
      await expect(store.take(priceEvent('BTCUSDT', NOON + 1))).rejects.toThrow(CaptureOwnerError);
      expect(store.column('SELECT timestamp FROM price_events')).toEqual([NOON]);
      expect(store.bronzeLines('crypto_prices_2026-01-15.jsonl')).toHaveLength(1);
      await store.close();
      // The other one's word stays.
      expect(store.column("SELECT value FROM store_facts WHERE name = 'owner'")).toEqual([
        expect.stringContaining('another'),
      ]);
    });
  });

  describe('who is gone without a word', () => {
    const owner = (): Record<string, unknown> =>
      JSON.parse(store.column<string>("SELECT value FROM store_facts WHERE name = 'owner'")[0] ?? 'null') as Record<
        string,
        unknown
      >;

    it('should be followed, whatever process has its number now', async () => {
      await store.open();
      const record = owner();
      await store.close();
      expect(owner()).toBeNull();
      const ended = spawnSync('true').pid;
      const process = record['process'] as object;
      for (const gone of [{ pid: ended }, { started: '1' }, { space: 'another boot' }]) {
        setOwner({ ...record, process: { ...process, ...gone } });
        const { ownership } = await store.open();
        expect(ownership.followsKill).toBe(true);
        await store.close();
      }
      expect((await store.open()).ownership.followsKill).toBe(false);
    });

    it('should be no owner of a copy of the database', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      const copy = store.killed();
      try {
        const { ownership } = await copy.open();
        expect(ownership.followsKill).toBe(false);
        await copy.take(priceEvent('BTCUSDT', NOON + 1));
      } finally {
        await copy.dispose();
      }
    });
  });

  function setOwner(record: object): void {
    const database = new Database(store.databasePath);
    database
      .prepare("INSERT OR REPLACE INTO store_facts (name, value) VALUES ('owner', ?)")
      .run(JSON.stringify(record));
    database.close();
  }
});
