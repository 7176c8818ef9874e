import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, MILLISECOND } from '@app/domain';
import { CaptureLoad } from '../support/capture-load';
import { tablesHash } from '../support/history-tables';
import { getJson } from '../support/http';
import type { CommandOutcome } from '../support/run-cli';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';
import { marketAt, Stack } from '../support/stack';
import { storedMinutes } from '../support/stored-history';

const DISK_BYTES = 32 * 1_048_576;
/** Days later, so that those that were captured are closed. */
const LATER = new Date('2026-11-25T12:00:00Z');
/** No block is left, or enough to begin. */
const ROOMS = [0, 200_000];
const MINUTES_A_DAY = 1_440;

const placesIn = (folder: string): { readonly STORAGE_PATH: string; readonly RAW_DIR: string } => ({
  STORAGE_PATH: join(folder, 'app.db'),
  RAW_DIR: join(folder, 'raw'),
});

/** A command that meets a full disk says where and why, leaves nothing that passes for whole, and does its work once there is room. */
describeSmallDisk('a full disk under a command', () => {
  const load = new CaptureLoad('ingest-app');
  const { stack } = load;
  const later = new Stack();
  const backup = join(stack.folder, 'backup');
  let disk: SmallDisk;

  async function cli(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<CommandOutcome> {
    const process = await stack.launch('cli', { BINANCE_REST_URLS: later.exchangeUrl, ...settings }, args);
    return { code: await process.exited(), output: process.output };
  }

  /** What is on the small disk, below a folder. */
  const names = (...folder: string[]): string[] =>
    readdirSync(join(disk.folder, ...folder))
      .filter((name) => name !== 'filler')
      .sort();

  /** Runs a command while so much room is left: it ends with 1 and one line, which says where and why. */
  async function expectRefused(
    room: number,
    settings: Readonly<Record<string, string>>,
    args: readonly string[],
    places: readonly string[],
  ): Promise<void> {
    disk.fill(room);
    const { code, output } = await cli(settings, ...args);
    const said = output.split('\n').filter((line) => line.startsWith('cli: '));
    expect([code, said]).toEqual([
      1,
      [expect.stringMatching(/(?:ENOSPC: no space left on device|disk of .* is full)/)],
    ]);
    const named = places.map((place) =>
      said[0]?.startsWith(`cli: ${place}=${JSON.stringify(disk.folder).slice(0, -1)}/`),
    );
    expect([said, named]).toEqual([said, expect.arrayContaining([true])]);
    expect(output).not.toMatch(/^ +at /m);
    disk.free();
  }

  async function expectDone(settings: Readonly<Record<string, string>>, args: readonly string[]): Promise<void> {
    const { code, output } = await cli(settings, ...args);
    expect([output, code]).toEqual([output, 0]);
  }

  /** The store that was captured, on the small disk; or its raw files alone, and the database elsewhere. */
  function storeOnDisk(what: 'all' | 'raw files' = 'all'): { readonly STORAGE_PATH: string; readonly RAW_DIR: string } {
    const { STORAGE_PATH, RAW_DIR } = placesIn(join(disk.folder, 'store'));
    mkdirSync(join(disk.folder, 'store'));
    const path = what === 'all' ? STORAGE_PATH : join(mkdtempSync(join(stack.folder, 'store-')), 'app.db');
    cpSync(stack.databasePath, path);
    cpSync(stack.rawDir, RAW_DIR, { recursive: true });
    return { STORAGE_PATH: path, RAW_DIR };
  }

  async function minutesOf(databasePath: string, date: string): Promise<number> {
    const start = Date.parse(date) * MILLISECOND;
    return (await storedMinutes({ databasePath }, ['BTCUSDT'], { start, end: start + DAY })).length;
  }

  beforeAll(async () => {
    await load.startExchange();
    const app = await load.start();
    await load.ready(true);
    await load.minutesUntil(Date.parse('2026-11-21T00:01:00Z') * 1_000);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    await later.startSimulator(['--clock-origin', marketAt(LATER)]);
    await expectDone({}, ['backup', '--to', backup]);
  });

  beforeEach(() => {
    disk = new SmallDisk(DISK_BYTES);
  });

  afterEach(() => {
    disk.close();
  });

  afterAll(async () => {
    await load.close();
    await later.close();
  });

  it('should leave the build before it as it was: bi-build', async () => {
    const room = 40_000;
    const out = join(disk.folder, 'out/build');
    const args = ['bi-build', '--out', out];
    mkdirSync(join(disk.folder, 'out'));
    await expectRefused(room, {}, args, ['--out']);
    expect(names('out')).toEqual(['.build.builds']);
    expect(names('out/.build.builds')).toEqual(['lock']);
    await expectDone({}, args);
    const before = readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'base64')]);
    await expectRefused(room, {}, args, ['--out']);
    expect(readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'base64')])).toEqual(before);
    expect(names('out/.build.builds')).toEqual(['1', 'lock']);
    await expectDone({}, args);
  });

  it.each(ROOMS)('should leave nothing of a backup: backup with %i bytes of room', async (room) => {
    const to = join(disk.folder, 'backup');
    await expectRefused(room, {}, ['backup', '--to', to], ['--to']);
    expect(names()).toEqual([]);
    await expectDone({}, ['backup', '--to', to]);
    await expectDone(placesIn(join(disk.folder, 'elsewhere')), ['restore', '--check', '--from', to]);
  });

  it.each(ROOMS)('should leave nothing that is half restored: restore with %i bytes of room', async (room) => {
    const places = placesIn(join(disk.folder, 'store'));
    const args = ['restore', '--from', backup];
    await expectRefused(room, places, args, ['STORAGE_PATH', 'RAW_DIR']);
    expect(existsSync(places.STORAGE_PATH)).toBe(false);
    expect(existsSync(places.RAW_DIR) ? readdirSync(places.RAW_DIR).filter((name) => name.endsWith('l')) : []).toEqual(
      [],
    );
    expect(names('store').filter((name) => name.startsWith('.restore-'))).toEqual([]);
    await expectDone(places, args);
    expect(tablesHash(places.STORAGE_PATH)).toBe(tablesHash(stack.databasePath));
  });

  it.each(ROOMS)('should store whole days or none of them: backfill with %i bytes of room', async (room) => {
    const places = storeOnDisk();
    const args = ['backfill', '--symbols', 'BTCUSDT', '--from', '2026-11-16', '--to', '2026-11-19'];
    await expectRefused(room, places, args, ['STORAGE_PATH', 'RAW_DIR']);
    for (const date of ['2026-11-16', '2026-11-17', '2026-11-18']) {
      expect([0, MINUTES_A_DAY]).toContain(await minutesOf(places.STORAGE_PATH, date));
    }
    await expectDone(places, args);
    for (const date of ['2026-11-16', '2026-11-17', '2026-11-18']) {
      expect([date, await minutesOf(places.STORAGE_PATH, date)]).toEqual([date, MINUTES_A_DAY]);
    }
    await expectDone(places, ['verify-bi']);
  });

  it('should store a file as a whole or not: import', async () => {
    const file = join(stack.folder, 'BTCUSDT-1m-2026-11-10.zip');
    const answer = await fetch(`${later.exchangeUrl}/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2026-11-10.zip`);
    writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
    const { origin } = await getJson<{ origin: string }>(`${later.exchangeUrl}/_simulator/origin`);
    const args = ['import', '--origin', origin, file];
    const places = storeOnDisk();
    await expectRefused(200_000, places, args, ['STORAGE_PATH', 'RAW_DIR']);
    expect([0, MINUTES_A_DAY]).toContain(await minutesOf(places.STORAGE_PATH, '2026-11-10'));
    await expectDone(places, args);
    expect(await minutesOf(places.STORAGE_PATH, '2026-11-10')).toBe(MINUTES_A_DAY);
  });

  it('should leave the old database in its place: rebuild', async () => {
    const places = storeOnDisk();
    const before = tablesHash(places.STORAGE_PATH);
    await expectRefused(200_000, places, ['rebuild'], ['STORAGE_PATH', 'RAW_DIR']);
    expect(tablesHash(places.STORAGE_PATH)).toBe(before);
    await expectDone(places, ['rebuild']);
    expect(names('store').filter((name) => name.includes('rebuild'))).toEqual([]);
    await expectDone(places, ['verify-bi']);
  });

  it('should leave raw files as they are: compact', async () => {
    const places = storeOnDisk('raw files');
    const before = names('store/raw');
    await expectRefused(0, places, ['compact'], ['RAW_DIR']);
    expect(names('store/raw')).toEqual(before);
    await expectDone(places, ['compact']);
    expect(names('store/raw')).toEqual(expect.arrayContaining([expect.stringMatching(/\.jsonl\.gz$/)]));
    await expectDone(places, ['verify-bi']);
  });
});
