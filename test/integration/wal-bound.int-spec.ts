import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, MetricsRegistry } from '@app/observability';
import { WalBound, WriteQueue, handleOf, openWriter } from '@app/storage';
import Database from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { eventually } from '../support/app-process';
import { LockHolder } from '../support/lock-holder';

const MEGABYTE = 1_048_576;
const LOOK_AGAIN_MS = 10_000;
const ROW = 'x'.repeat(4_000);

describe('the -wal beside a database', () => {
  let folder: string;
  let path: string;
  let source: DataSource;
  let metrics: MetricsRegistry;
  let queue: WriteQueue;
  let wal: WalBound;
  let logged: string[];
  let reader: Database.Database | undefined;
  let holder: LockHolder | undefined;

  const walBytes = (): number => statSync(`${path}-wal`).size;

  const metric = async (): Promise<number | undefined> =>
    (await metrics.getSingleMetric('csp_sqlite_wal_bytes')?.get())?.values[0]?.value;

  const failures = async (): Promise<number | undefined> =>
    (await metrics.getSingleMetric('csp_sqlite_wal_cut_failures_total')?.get())?.values[0]?.value;

  /** The bound of a database that the queue writes to, unless another one is named. */
  const boundOf = (of = path, explain?: (error: unknown) => unknown): WalBound =>
    new WalBound({
      queue,
      path: of,
      logger: createLogger('warn', 'test', { write: (line: string) => logged.push(line) }),
      metrics,
      explain,
    });

  async function open(): Promise<void> {
    source = await openWriter(path);
    metrics = new MetricsRegistry();
    queue = new WriteQueue(handleOf(source), metrics);
    logged = [];
    wal = boundOf();
  }

  async function write(units: number): Promise<void> {
    for (let unit = 0; unit < units; unit += 1) {
      await queue.run(
        (database) => {
          const insert = database.prepare('INSERT INTO texts VALUES (?)');
          for (let row = 0; row < 1_000; row += 1) insert.run(ROW);
        },
        { durability: 'normal' },
      );
    }
  }

  /** Lets the file grow behind a reader that stands inside a page. */
  async function grow(): Promise<Database.Database> {
    reader = new Database(path, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM texts').get();
    await write(12);
    // What was tried by itself, when the file became large, is over.
    expect(await wal.keep()).toBe(false);
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
    return reader;
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'csp-wal-'));
    path = join(folder, 'app.db');
    await open();
    handleOf(source).exec('CREATE TABLE texts (text)');
    await write(1);
  });

  afterEach(async () => {
    jest.useRealTimers();
    await holder?.kill();
    holder = undefined;
    reader?.close();
    reader = undefined;
    await queue.close();
    if (source.isInitialized) await source.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should be cut once the reader that let it grow has gone on, and not hold up anything before', async () => {
    const slow = await grow();
    expect(await metric()).toBe(walBytes());
    expect(handleOf(source).pragma('busy_timeout', { simple: true })).toBe(250);
    await write(1);
    slow.exec('COMMIT');
    expect(await wal.keep()).toBe(true);
    expect(walBytes()).toBe(0);
    expect(await metric()).toBe(0);
    expect(slow.prepare('SELECT count(*) FROM texts').pluck().get()).toBe(14_000);
  });

  it('should be looked at every ten seconds, as often as it takes', async () => {
    const slow = await grow();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'performance'] });
    wal.start();
    await jest.advanceTimersByTimeAsync(3 * LOOK_AGAIN_MS);
    expect(await wal.keep()).toBe(false);
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
    slow.exec('COMMIT');
    await jest.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
    // Only what is under way already: the file would be cut by this call otherwise.
    jest.useRealTimers();
    await eventually('it is cut', () => Promise.resolve(walBytes() === 0 ? true : undefined));
    await wal.stop();
  });

  it('should be cut at once after a unit that made it large', async () => {
    await queue.run((database) => {
      const insert = database.prepare('INSERT INTO texts VALUES (?)');
      for (let row = 0; row < 6_000; row += 1) insert.run(ROW);
    });
    await eventually('it is cut', () => Promise.resolve(walBytes() === 0 ? true : undefined));
    expect(await wal.keep()).toBe(true);
  });

  it('should be brought over by commits only while it is small', async () => {
    const pagesOfCommit = (): unknown => handleOf(source).pragma('wal_autocheckpoint', { simple: true });
    expect(pagesOfCommit()).toBe(1_000);
    const slow = await grow();
    expect(pagesOfCommit()).toBe(0);
    slow.exec('COMMIT');
    await write(1);
    expect(pagesOfCommit()).toBe(0);
    expect(await wal.keep()).toBe(true);
    expect(pagesOfCommit()).toBe(1_000);
    await write(10);
    expect(walBytes()).toBeLessThanOrEqual(16 * MEGABYTE);
  });

  it('should wait for no other writer', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    holder = await LockHolder.start(path, 'BEGIN IMMEDIATE');
    expect(await wal.keep()).toBe(false);
    await holder.kill();
    expect(await wal.keep()).toBe(true);
    expect(walBytes()).toBe(0);
  });

  it('should hold up neither units nor the event loop while it is brought over', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    const pragma = jest.spyOn(handleOf(source), 'pragma');
    const done: string[] = [];
    const kept = wal.keep().then(() => done.push('cut'));
    await queue.run((database) => database.exec("INSERT INTO texts VALUES ('meanwhile')"));
    done.push('unit');
    await kept;
    expect(done).toEqual(['unit', 'cut']);
    expect(pragma).not.toHaveBeenCalledWith(expect.stringContaining('wal_checkpoint'));
    expect(walBytes()).toBe(0);
    expect(slow.prepare('SELECT count(*) FROM texts').pluck().get()).toBe(13_001);
  });

  it('should lose no unit that comes while it is cut, and fail none', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    const kept = wal.keep();
    let [units, isDone] = [0, false];
    void kept.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await queue.run((database) => database.exec("INSERT INTO texts VALUES ('meanwhile')"));
      units += 1;
      await new Promise(setImmediate);
    }
    expect(await kept).toBe(true);
    expect(slow.prepare('SELECT count(*) FROM texts').pluck().get()).toBe(13_000 + units);
    expect(slow.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('should be cut once by those who ask at once', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    const turns = jest.spyOn(queue, 'inTurn');
    expect(await Promise.all([wal.keep(), wal.keep(), wal.keep()])).toEqual([true, true, true]);
    expect(turns).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['no database', 'app.db', ['SQLITE_NOTADB']],
    ['a folder', 'folder', ['SQLITE_CANTOPEN', 'SQLITE_CANTOPEN']],
  ])('should say once, and count, that it could not be cut: %s', async (_what, name, codes) => {
    const other = join(folder, `other-${name}`);
    if (name === 'folder') mkdirSync(other);
    else writeFileSync(other, 'no database'.repeat(1_000));
    writeFileSync(`${other}-wal`, Buffer.alloc(17 * MEGABYTE));
    const explained: unknown[] = [];
    const bound = boundOf(other, (error) => {
      explained.push((error as { code?: unknown }).code);
      return new Error('explained');
    });
    for (let time = 0; time < codes.length; time += 1) await expect(bound.keep()).rejects.toThrow('explained');
    expect(explained).toEqual(codes);
    expect(await failures()).toBe(codes.length);
    expect(logged).toHaveLength(1);
    await bound.stop();
  });

  it.each([['app.db'], ['app.db-wal']])('should leave another file alone that has got the name %s', async (name) => {
    const slow = await grow();
    slow.exec('COMMIT');
    const place = join(folder, name);
    renameSync(place, `${place}.moved`);
    // In a process of its own: to read a database past SQLite takes the locks of this one away.
    execFileSync('cp', ['--preserve=timestamps', `${place}.moved`, place]);
    const { size, mtimeMs } = statSync(place);
    expect(await wal.keep()).toBe(false);
    expect(statSync(place)).toMatchObject({ size, mtimeMs });
    renameSync(`${place}.moved`, place);
    expect(await wal.keep()).toBe(true);
    expect(walBytes()).toBe(0);
  });

  it('should be left as large as it is by whoever lets go of the files as they are', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    const kept = wal.keep();
    await wal.abandon();
    expect(await kept).toBe(false);
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
  });

  it('should be cut to its end before a process ends', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    let isDone = false;
    const kept = wal.keep().then(() => {
      isDone = true;
    });
    await wal.stop();
    expect([isDone, walBytes()]).toEqual([true, 0]);
    await kept;
  });

  it('should be small when a process ends that is not the last to have the database open', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    await wal.stop();
    await queue.close();
    await source.destroy();
    expect(walBytes()).toBe(0);
  });

  it('should not keep a process from ending that a reader never lets do it', async () => {
    await grow();
    await wal.stop();
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
  });

  it('should be cut after a kill that left it large', async () => {
    await grow();
    const copy = mkdtempSync(join(tmpdir(), 'csp-wal-'));
    cpSync(folder, copy, { recursive: true });
    reader?.close();
    reader = undefined;
    await queue.close();
    await source.destroy();
    rmSync(folder, { recursive: true });
    folder = copy;
    path = join(copy, 'app.db');
    await open();
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
    expect(await wal.keep()).toBe(true);
    expect(walBytes()).toBe(0);
    expect(handleOf(source).prepare('SELECT count(*) FROM texts').pluck().get()).toBe(13_000);
  });
});
