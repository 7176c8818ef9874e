import { MILLISECOND, MINUTE, SECOND } from '@app/domain';
import { FakeClock, FakeStore, FakeStoreStatus } from '@app/testing';
import { CsvCache, type BuiltTable } from './csv-cache';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 30) * MILLISECOND;

describe('CsvCache', () => {
  let store: FakeStore;
  let clock: FakeClock;
  let cache: CsvCache;
  let builds: number;
  let table: BuiltTable;

  const build = (): Promise<BuiltTable> => {
    builds += 1;
    return Promise.resolve(table);
  };

  beforeEach(() => {
    store = new FakeStore();
    clock = new FakeClock(NOW);
    cache = new CsvCache(new FakeStoreStatus(store), clock);
    builds = 0;
    table = { bytes: Buffer.from('a\r\n'), lastModified: NOW + 1, fileName: 'a.csv' };
  });

  it('should build a question once while neither store nor minute change', async () => {
    const first = await cache.current('q', build);
    clock.advance(29 * SECOND);
    expect(await cache.current('q', build)).toBe(first);
    expect(builds).toBe(1);
  });

  it('should build once for requests that come together', async () => {
    const [first, second] = await Promise.all([cache.current('q', build), cache.current('q', build)]);
    expect(second).toBe(first);
    expect(builds).toBe(1);
  });

  it('should look again after a change of the store, and after a minute', async () => {
    await cache.current('q', build);
    store.changed();
    await cache.current('q', build);
    clock.advance(MINUTE);
    await cache.current('q', build);
    expect(builds).toBe(3);
  });

  it('should keep tag and date while the bytes stay the same', async () => {
    const first = await cache.current('q', build);
    store.changed();
    table = { ...table, lastModified: NOW + 5 * SECOND };
    expect(await cache.current('q', build)).toBe(first);
  });

  it('should give other bytes another tag and a later date, whatever their rows say', async () => {
    const first = await cache.current('q', build);
    store.changed();
    table = { ...table, bytes: Buffer.from('b\r\n') };
    const second = await cache.current('q', build);
    expect(second.etag).not.toBe(first.etag);
    expect(second.lastModified).toBe(first.lastModified + SECOND);
  });

  it('should tell questions apart', async () => {
    await cache.current('q', build);
    table = { ...table, bytes: Buffer.from('other\r\n') };
    expect((await cache.current('r', build)).bytes.toString()).toBe('other\r\n');
    expect((await cache.current('q', build)).bytes.toString()).toBe('a\r\n');
  });

  it('should try again after a build that failed', async () => {
    await expect(cache.current('q', () => Promise.reject(new Error('locked')))).rejects.toThrow('locked');
    expect((await cache.current('q', build)).bytes.toString()).toBe('a\r\n');
  });
});
