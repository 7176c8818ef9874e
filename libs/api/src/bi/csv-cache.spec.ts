import { MILLISECOND, MINUTE, SECOND } from '@app/domain';
import { FakeClock, FakeStore, FakeStoreStatus } from '@app/testing';
import { CsvCache, type BuiltTable } from './csv-cache';
import type { CsvSnapshot } from './csv-snapshot';

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

  const ask = (key: string): Promise<CsvSnapshot> => cache.current(key, build, { closed: false });

  beforeEach(() => {
    store = new FakeStore();
    clock = new FakeClock(NOW);
    cache = new CsvCache(new FakeStoreStatus(store), clock);
    builds = 0;
    table = { bytes: Buffer.from('a\r\n'), lastModified: NOW + 1, fileName: 'a.csv' };
  });

  it('should build a question once while neither store nor minute change', async () => {
    const first = await ask('q');
    clock.advance(29 * SECOND);
    expect(await ask('q')).toBe(first);
    expect(builds).toBe(1);
  });

  it('should build once for requests that come together', async () => {
    const [first, second] = await Promise.all([ask('q'), ask('q')]);
    expect(second).toBe(first);
    expect(builds).toBe(1);
  });

  it('should look again after a change of the store, and after a minute', async () => {
    await ask('q');
    store.changed();
    await ask('q');
    clock.advance(MINUTE);
    await ask('q');
    expect(builds).toBe(3);
  });

  it('should keep tag and date while the bytes stay the same', async () => {
    const first = await ask('q');
    store.changed();
    table = { ...table, lastModified: NOW + 5 * SECOND };
    expect(await ask('q')).toBe(first);
  });

  it('should give other bytes another tag and a later date, whatever their rows say', async () => {
    const first = await ask('q');
    store.changed();
    table = { ...table, bytes: Buffer.from('b\r\n') };
    const second = await ask('q');
    expect(second.etag).not.toBe(first.etag);
    expect(second.lastModified).toBe(first.lastModified + SECOND);
  });

  it('should tell questions apart', async () => {
    await ask('q');
    table = { ...table, bytes: Buffer.from('other\r\n') };
    expect((await ask('r')).bytes.toString()).toBe('other\r\n');
    expect((await ask('q')).bytes.toString()).toBe('a\r\n');
  });

  it('should try again after a build that failed', async () => {
    await expect(cache.current('q', () => Promise.reject(new Error('locked')), { closed: false })).rejects.toThrow(
      'locked',
    );
    expect((await ask('q')).bytes.toString()).toBe('a\r\n');
  });

  it('should tell a build when all who asked for it are gone', async () => {
    const [first, second] = [{ closed: false }, { closed: false }];
    let wanted = (): boolean => false;
    let finish: (built: BuiltTable) => void = () => undefined;
    const waiting = new Promise<BuiltTable>((resolve) => {
      finish = resolve;
    });
    const slow = (_now: number, isWanted: () => boolean): Promise<BuiltTable> => {
      wanted = isWanted;
      return waiting;
    };
    const answers = [cache.current('q', slow, first), cache.current('q', slow, second)];
    await new Promise(setImmediate);
    first.closed = true;
    expect(wanted()).toBe(true);
    second.closed = true;
    expect(wanted()).toBe(false);
    finish(table);
    await Promise.all(answers);
  });
});
