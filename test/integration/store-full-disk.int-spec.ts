import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import { KeptStore } from '../support/kept-store';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';
import { NOON, priceEvent, TestStore } from '../support/test-store';

const DISK_BYTES = 32 * 1_048_576;
const EVENTS = 5_000;

const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => priceEvent('BTCUSDT', NOON + from + index));

/** A disk that has no room for what waits in the `-wal`: nothing is lost by that, and nothing is damaged. */
describeSmallDisk('a store on a full disk', () => {
  let disk: SmallDisk;
  let files: TestStore;
  let kept: KeptStore;

  beforeEach(async () => {
    disk = new SmallDisk(DISK_BYTES);
    files = new TestStore(join(disk.folder, 'store'));
    await files.open();
    await files.close();
    kept = await KeptStore.start(files);
    await kept.expectWhole();
    await kept.take(...events(0, 500));
    bringOver();
    await kept.take(...events(500, EVENTS));
  });

  afterEach(async () => {
    await kept.close();
    await files.dispose();
    disk.close();
  });

  /** Brings the `-wal` over as far as there is room, as a commit does that finds it large. */
  function bringOver(): unknown {
    const database = new Database(files.databasePath);
    try {
      return database.pragma('wal_checkpoint(PASSIVE)');
    } finally {
      database.close();
    }
  }

  it('should not be called damaged where the file is shorter than its first page says, and the rest is in the -wal', async () => {
    const before = statSync(files.databasePath).size;
    disk.fill();
    expect(bringOver).toThrow('full');
    expect(statSync(files.databasePath).size).toBe(before);
    for (let look = 0; look < 2; look += 1) await kept.watch.look();
    await kept.expectWhole();
    expect(await kept.prices(10_000)).toHaveLength(500 + EVENTS);

    disk.free();
    await kept.take(...events(500 + EVENTS, 500));
    bringOver();
    expect(statSync(files.databasePath).size).toBeGreaterThan(before);
    await kept.watch.look();
    await kept.expectWhole();
    expect(await kept.prices(10_000)).toHaveLength(1_000 + EVENTS);
  });

  it('should be opened once there is room, by who has started on it after a kill and could not end its own claim', async () => {
    const left = files.killed(join(disk.folder, 'left'));
    // As much as the claim takes, and less than the -wal brings.
    disk.fill(200_000);
    const next = await KeptStore.start(left);
    try {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await expect(next.take(...events(0, 1))).rejects.toThrow('is full');
        await delay(1_000);
      }
      disk.free();
      await next.expectWhole();
      await eventually('it takes events', () => next.take(...events(500 + EVENTS, 1)).then(() => true));
      expect(await next.prices(10_000)).toHaveLength(501 + EVENTS);
    } finally {
      await next.close();
      await left.dispose();
    }
  });
});
