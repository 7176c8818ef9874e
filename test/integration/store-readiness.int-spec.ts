import { chmodSync, writeFileSync } from 'node:fs';
import { STORE_READY, StoreNotReadyError, type StoreFault } from '@app/domain';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import type { Readers } from '../support/stored-history';
import { NOON, TestStore, priceEvent } from '../support/test-store';

describe('reading a store that is not ready', () => {
  let store: TestStore;

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(async () => {
    chmodSync(store.folder, 0o700);
    await store.dispose();
  });

  /** The store is not ready, says why without a path, and rejects what is asked of it. */
  async function expectNotReady(
    { status, events, symbols }: Readers,
    state: StoreFault,
    reason: RegExp,
  ): Promise<void> {
    expect(status.readiness()).toEqual({ ready: false, state, reason: expect.stringMatching(reason) as string });
    expect(status.readiness().reason).not.toContain(store.folder);
    await expect(events.latest(['BTCUSDT'], 1)).rejects.toThrow(StoreNotReadyError);
    await expect(symbols.known()).rejects.toThrow(StoreNotReadyError);
    await expect(status.version()).rejects.toThrow(StoreNotReadyError);
  }

  async function expectReady({ status, events }: Readers): Promise<void> {
    await eventually('the store is ready', () => Promise.resolve(status.readiness().ready || undefined));
    expect(status.readiness()).toEqual(STORE_READY);
    await store.take(priceEvent('BTCUSDT', NOON));
    expect(await events.latest(['BTCUSDT'], 1)).toHaveLength(1);
  }

  it('should say that there is no database yet, and go on by itself when there is one', async () => {
    const readers = await store.readers();
    await expectNotReady(readers, 'absent', /no database yet/);
    await store.open();
    await expectReady(readers);
  });

  it('should say that the schema is older, leave it as it is, and go on when it was migrated', async () => {
    const database = new Database(store.databasePath);
    database.pragma('journal_mode = WAL');
    const readers = await store.readers();
    await expectNotReady(readers, 'older_schema', /older schema/);
    database.exec('CREATE TABLE migrations (id integer PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)');
    // As a process leaves it for a moment that makes the store.
    await expectNotReady(readers, 'older_schema', /older schema/);
    database.exec("INSERT INTO migrations (timestamp, name) VALUES (1764000000000, 'InitialSchema1764000000000')");
    expect(store.column('SELECT name FROM migrations')).toEqual(['InitialSchema1764000000000']);
    await expectNotReady(readers, 'older_schema', /older schema/);
    database.exec('DROP TABLE migrations');
    database.close();
    await store.open();
    await expectReady(readers);
  });

  it('should say that reading needs a writable folder, and go on when it is', async () => {
    await store.open();
    await store.close();
    chmodSync(store.folder, 0o555);
    // Nothing is forbidden to root.
    const user = process.geteuid?.() === 0 ? 65_534 : undefined;
    if (user !== undefined) process.seteuid?.(user);
    let readers: Readers;
    try {
      readers = await store.readers();
      await expectNotReady(readers, 'unavailable', /write permission on its folder/);
    } finally {
      if (user !== undefined) process.seteuid?.(0);
    }
    chmodSync(store.folder, 0o700);
    await store.open();
    await expectReady(readers);
  });

  it('should say that the file is damaged', async () => {
    writeFileSync(store.databasePath, 'this is no database, though it is longer than the header of one: '.repeat(20));
    await expectNotReady(await store.readers(), 'damaged', /damaged: its file is not one of SQLite; `cli rebuild`/);
  });
});
