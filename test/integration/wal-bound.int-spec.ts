import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetricsRegistry } from '@app/observability';
import { WalBound, WriteQueue, handleOf, openWriter } from '@app/storage';
import Database from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { LockHolder } from '../support/lock-holder';

const MEGABYTE = 1_048_576;
const LOOK_AGAIN_MILLIS = 10_000;
const ROW = 'x'.repeat(4_000);

describe('the -wal beside a database', () => {
  let folder: string;
  let path: string;
  let source: DataSource;
  let metrics: MetricsRegistry;
  let queue: WriteQueue;
  let wal: WalBound;
  let reader: Database.Database | undefined;
  let holder: LockHolder | undefined;

  const walBytes = (): number => statSync(`${path}-wal`).size;

  const metric = async (): Promise<number | undefined> =>
    (await metrics.getSingleMetric('csp_sqlite_wal_bytes')?.get())?.values[0]?.value;

  async function open(): Promise<void> {
    source = await openWriter(path);
    metrics = new MetricsRegistry();
    queue = new WriteQueue(handleOf(source), metrics);
    wal = new WalBound(queue, path, metrics);
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
    expect(await wal.keep()).toBe(false);
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
    await jest.advanceTimersByTimeAsync(3 * LOOK_AGAIN_MILLIS);
    expect(walBytes()).toBeGreaterThan(40 * MEGABYTE);
    slow.exec('COMMIT');
    await jest.advanceTimersByTimeAsync(LOOK_AGAIN_MILLIS);
    expect(walBytes()).toBe(0);
    jest.useRealTimers();
    await wal.stop();
  });

  it('should be cut by the writes that come, between two looks', async () => {
    const slow = await grow();
    slow.exec('COMMIT');
    await write(2);
    expect(walBytes()).toBeLessThanOrEqual(21 * MEGABYTE);
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
