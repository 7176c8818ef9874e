import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredFiles } from '@app/bronze';
import { handleOf, openWriter, SqliteStoredFiles } from '@app/storage';
import { FakeStoredFiles } from '@app/testing';
import type { DataSource } from 'typeorm';

const OF_TOPIC = { topic: 'crypto_prices', partition: null };
const [DAY_1, DAY_2] = ['crypto_prices_2026-01-15.jsonl', 'crypto_prices_2026-01-16.jsonl'];

/** What every store that keeps stored lengths promises. */
describe.each(['memory', 'SQLite'] as const)('stored lengths in %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-stored-files-'));
  let source: DataSource | undefined;
  let files: StoredFiles;
  let ofAnother: StoredFiles;

  beforeEach(async () => {
    if (kind === 'memory') {
      [files, ofAnother] = [new FakeStoredFiles(), new FakeStoredFiles()];
      return;
    }
    source = await openWriter(join(mkdtempSync(join(folder, 'store-')), 'app.db'));
    await source.runMigrations();
    files = new SqliteStoredFiles(handleOf(source), 'this folder');
    ofAnother = new SqliteStoredFiles(handleOf(source), 'another folder');
  });

  afterEach(async () => {
    await source?.destroy();
    source = undefined;
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('should know nothing of a file that it has never heard of', () => {
    expect(files.find(DAY_1)).toBeUndefined();
    expect(files.all()).toEqual([]);
  });

  it('should have the newest length and checksum of each file, by name', () => {
    files.put({ ...OF_TOPIC, file: DAY_2 }, { length: 7, crc32: null });
    files.put({ ...OF_TOPIC, file: DAY_1 }, { length: 10, crc32: 1 });
    files.put({ ...OF_TOPIC, file: DAY_1 }, { length: 30, crc32: 4_294_967_295 });
    expect(files.find(DAY_1)).toEqual({ length: 30, crc32: 4_294_967_295 });
    expect(files.all()).toEqual([
      { file: DAY_1, length: 30, crc32: 4_294_967_295 },
      { file: DAY_2, length: 7, crc32: null },
    ]);
  });

  it('should give a known file its checksum, and know nothing more of an unknown one', () => {
    files.put({ ...OF_TOPIC, partition: 3, file: DAY_1 }, { length: 10, crc32: null });
    files.putChecksum(DAY_1, 5);
    files.putChecksum(DAY_2, 6);
    expect(files.all()).toEqual([{ file: DAY_1, length: 10, crc32: 5 }]);
  });

  it('should forget a file that is removed, and no other', () => {
    for (const file of [DAY_1, DAY_2]) files.put({ ...OF_TOPIC, file }, { length: 1, crc32: 1 });
    files.remove(DAY_1);
    expect(files.all().map(({ file }) => file)).toEqual([DAY_2]);
    expect(files.find(DAY_1)).toBeUndefined();
  });

  it('should keep the files of two folders apart', () => {
    files.put({ ...OF_TOPIC, file: DAY_1 }, { length: 1, crc32: 1 });
    ofAnother.put({ ...OF_TOPIC, file: DAY_1 }, { length: 2, crc32: 2 });
    ofAnother.remove(DAY_1);
    expect(files.find(DAY_1)).toEqual({ length: 1, crc32: 1 });
    expect(ofAnother.all()).toEqual([]);
  });
});
