import { readFileSync } from 'node:fs';
import { SqliteRebuildStore } from '@app/storage';
import Database from 'better-sqlite3';
import { KeptStore } from '../support/kept-store';
import { NOON, priceEvent, TestStore } from '../support/test-store';

const LATER = 'SomethingNew2099000000000';
const REFUSAL = new RegExp(
  `^the database has a newer schema \\(${LATER}\\): a later version .* has written it; run that`,
);

/** A store that a later version has migrated, before a program of this version: as after a downgrade. */
describe('a store of a newer schema', () => {
  let files: TestStore;
  let kept: KeptStore | undefined;

  beforeEach(async () => {
    files = new TestStore();
    await files.open();
    await files.take(priceEvent('BTCUSDT', NOON));
    await files.close();
    change('INSERT INTO migrations (timestamp, name) VALUES (2099000000000, ?)');
  });

  afterEach(async () => {
    await kept?.close();
    kept = undefined;
    await files.dispose();
  });

  function change(sql: string): void {
    const database = new Database(files.databasePath);
    database.prepare(sql).run(LATER);
    database.close();
  }

  it('should be refused by name, by whoever writes, reads or makes it anew, and stay as it is', async () => {
    const before = readFileSync(files.databasePath);
    await expect(files.open()).rejects.toThrow(REFUSAL);
    await expect(SqliteRebuildStore.open(files.options())).rejects.toThrow(REFUSAL);
    const { status, events } = await files.readers();
    const reason = expect.stringMatching(REFUSAL) as string;
    expect(status.readiness()).toEqual({ ready: false, state: 'newer_schema', reason });
    await expect(events.latest(['BTCUSDT'], 1)).rejects.toMatchObject({ code: 'STORE.NOT_READY' });
    await files.closeReaders();
    expect(readFileSync(files.databasePath).equals(before)).toBe(true);
  });

  it('should be a state of a process that is up, which goes on by itself with a store of its own version', async () => {
    kept = await KeptStore.start(files);
    const reason = expect.stringMatching(REFUSAL) as string;
    for (const readiness of [kept.status.readiness(), kept.condition.readiness()]) {
      expect(readiness).toEqual({ ready: false, state: 'newer_schema', reason });
    }
    await expect(kept.take(priceEvent('BTCUSDT', NOON + 1))).rejects.toThrow(REFUSAL);
    change('DELETE FROM migrations WHERE name = ?');
    await kept.expectWhole();
    await kept.take(priceEvent('BTCUSDT', NOON + 1));
    expect(await kept.prices()).toHaveLength(2);
  });
});
