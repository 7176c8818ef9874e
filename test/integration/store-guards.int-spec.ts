import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OriginMismatchError } from '@app/domain';
import { CaptureOwnerError } from '@app/storage';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import { LockHolder } from '../support/lock-holder';
import { NOON, ORIGIN, TestStore, priceEvent } from '../support/test-store';

const PRICES = 'crypto_prices_2026-01-15.jsonl';

describe('what a store refuses', () => {
  let store: TestStore;
  let other: TestStore;
  let holder: LockHolder | undefined;

  beforeEach(() => {
    store = new TestStore();
    other = new TestStore();
  });

  afterEach(async () => {
    await holder?.kill();
    holder = undefined;
    await store.dispose();
    await other.dispose();
  });

  describe('data of another origin', () => {
    const foreign = { origin: 'binance', events: [priceEvent('BTCUSDT', NOON + 1)] };

    it('should be refused by database and folder, whichever of the two has it, and leave no trace', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      const { sink, history } = await store.reopen();
      await expect(sink.take(foreign)).rejects.toThrow(OriginMismatchError);
      await expect(
        history.track({ symbol: 'NEWUSDT', trackedSince: NOON, ledgerStart: NOON }, 'binance'),
      ).rejects.toThrow(OriginMismatchError);
      await expect(history.saveSymbols([], 'binance')).rejects.toThrow(OriginMismatchError);
      await store.close();

      // A new folder beside the old database, and a new database beside the old folder.
      const beside = await store.open({ rawDir: join(store.folder, 'new') });
      await expect(beside.sink.take(foreign)).rejects.toThrow(/STORAGE_PATH holds data of origin "simulator:test"/);
      expect(readFileSync(join(store.folder, 'new', 'archive.json'), 'utf8')).not.toContain('origin');
      await store.close();
      const fresh = await store.open({ databasePath: join(store.folder, 'new.db') });
      await expect(fresh.sink.take(foreign)).rejects.toThrow(OriginMismatchError);
      expect(store.column('SELECT count(*) FROM price_events')).toEqual([1]);
      expect(store.bronzeLines(PRICES)).toHaveLength(1);
    });

    it('should not be taken up from a folder that does not belong to the database', async () => {
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
      await store.close();
      const { sink } = await other.open();
      await sink.take(foreign);
      await other.close();
      await expect(store.open({ rawDir: other.rawDir })).rejects.toThrow(
        /holds data of origin "simulator:test"; data of origin "binance" is refused/,
      );
      expect(store.column('SELECT timestamp FROM price_events')).toEqual([NOON]);
      // Each goes on with its own.
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON + 1));
      await other.open();
    });

    it('should not pass for claimed when the folder could not be marked', async () => {
      const { sink } = await store.open();
      rmSync(store.rawDir, { recursive: true });
      // A file where the folder was: nothing can be written there.
      appendFileSync(store.rawDir, '');
      await expect(sink.take({ origin: ORIGIN, events: [priceEvent('BTCUSDT', NOON)] })).rejects.toMatchObject({
        code: expect.stringMatching(/EEXIST|ENOTDIR/) as string,
      });
      rmSync(store.rawDir);
      await store.take(priceEvent('BTCUSDT', NOON));
      expect(JSON.parse(readFileSync(store.bronzePath('archive.json'), 'utf8'))).toMatchObject({ origin: ORIGIN });
    });
  });

  describe('a second capture owner', () => {
    it('should be refused while the first lives, even stopped, and let in when it was killed', async () => {
      await store.open();
      await store.close();
      holder = await LockHolder.start(`${store.databasePath}.owner`, 'BEGIN EXCLUSIVE');
      await expect(store.open()).rejects.toThrow(CaptureOwnerError);
      holder.signal('SIGSTOP');
      await expect(store.open()).rejects.toThrow(/another process captures into this store/);
      await holder.kill();
      await eventually('the store can be opened', () => store.open());
    });

    it('should be refused in the same process too, and let in after a close', async () => {
      await store.open();
      await expect(new TestStore().open({ databasePath: store.databasePath })).rejects.toThrow(CaptureOwnerError);
      await store.take(priceEvent('BTCUSDT', NOON));
      await store.reopen();
    });

    it('should be refused, in direct mode, for the folder of consumers while one of them holds the lease', async () => {
      const consumer = await store.openBronzeOnly();
      try {
        expect(await consumer.acquire()).toBe(true);
        await expect(other.open({ rawDir: store.rawDir })).rejects.toThrow(CaptureOwnerError);
        await expect(store.open()).rejects.toThrow(CaptureOwnerError);
        await consumer.release();
        await other.open({ rawDir: store.rawDir });
        expect(await consumer.acquire()).toBe(false);
      } finally {
        await consumer.close();
      }
    });

    it('should be refused for the folder of another database: two writers would write over each other', async () => {
      await store.open();
      await expect(other.open({ rawDir: store.rawDir })).rejects.toThrow(CaptureOwnerError);
      await store.take(priceEvent('BTCUSDT', NOON));
      await store.close();
      // One after the other is no harm: each takes up what the other wrote.
      await other.open({ rawDir: store.rawDir });
      await other.take(priceEvent('BTCUSDT', NOON), priceEvent('BTCUSDT', NOON + 1));
      await other.close();
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON + 1), priceEvent('BTCUSDT', NOON + 2));
      expect(store.column('SELECT timestamp FROM price_events')).toEqual([NOON, NOON + 1, NOON + 2]);
      expect(store.bronzeLines(PRICES)).toHaveLength(3);
    });
  });

  describe('a schema', () => {
    it('should be made once and left alone by later starts', async () => {
      await store.open();
      const [migrations, schema] = [
        store.rows('SELECT * FROM migrations'),
        store.rows('SELECT * FROM sqlite_master ORDER BY name'),
      ];
      expect(migrations.length).toBeGreaterThan(0);
      await store.reopen();
      expect(store.rows('SELECT * FROM migrations')).toEqual(migrations);
      expect(store.rows('SELECT * FROM sqlite_master ORDER BY name')).toEqual(schema);
      expect(store.column('PRAGMA journal_mode')).toEqual(['wal']);
    });

    it('should be made whole or not at all', async () => {
      await store.open();
      await store.close();
      const database = new Database(store.databasePath);
      // Two migrations are to come, and a table that the second one wants to make is in the way.
      database.exec(
        'DROP TABLE stop_notes; DROP TABLE changes; DROP TABLE feeds; CREATE TABLE changes (foreign_column)',
      );
      database.exec("DELETE FROM store_facts WHERE name = 'feed_generation'");
      database.exec("DELETE FROM migrations WHERE name LIKE 'StopNotes%' OR name LIKE 'ChangeFeed%'");
      await expect(store.open()).rejects.toThrow(/changes/);
      expect(store.column("SELECT name FROM sqlite_master WHERE name IN ('stop_notes', 'feeds')")).toEqual([]);
      database.exec('DROP TABLE changes');
      database.close();
      await store.open();
      await store.take(priceEvent('BTCUSDT', NOON));
    });

    it('should be refused, with its file untouched, when it is no database', async () => {
      appendFileSync(store.databasePath, 'a text file that somebody named app.db, longer than a header of SQLite is');
      const before = readFileSync(store.databasePath, 'utf8');
      await expect(store.open()).rejects.toMatchObject({ code: 'STORE.DAMAGED' });
      expect(readFileSync(store.databasePath, 'utf8')).toBe(before);
      expect(existsSync(store.rawDir)).toBe(true);
    });
  });
});
