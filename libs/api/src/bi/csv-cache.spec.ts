import { DAY, HOUR, MILLISECOND, MINUTE, SECOND } from '@app/domain';
import { invalidParameter } from '@app/http';
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
    table = { bytes: Buffer.from('a\r\n'), lastModified: NOW - MINUTE, fileName: 'a.csv' };
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

  it('should tell caches how long a table without an open row may be kept, and one with such a row until it changes', async () => {
    const policy = async (): Promise<string> => (await ask('q')).cacheControl(clock.now());
    expect(await policy()).toBe('public, max-age=60, stale-while-revalidate=300');
    store.changed();
    table = { ...table, freshUntil: NOW + 12.9 * SECOND };
    expect(await policy()).toBe('public, max-age=12, stale-while-revalidate=0');
    clock.advance(12 * SECOND);
    expect(await policy()).toBe('public, max-age=0, stale-while-revalidate=0');
    clock.advance(10 * SECOND);
    expect(await policy()).toBe('public, max-age=0, stale-while-revalidate=0');
    store.changed();
    table = { ...table, freshUntil: NOW + DAY };
    expect(await policy()).toBe('public, max-age=60, stale-while-revalidate=0');
    store.changed();
    table = { ...table, freshUntil: undefined };
    expect(await policy()).toBe('public, max-age=60, stale-while-revalidate=300');
    expect(builds).toBe(4);
  });

  it('should keep the tag while the bytes stay the same, under the date that the store tells', async () => {
    const first = await ask('q');
    store.changed();
    expect(await ask('q')).toBe(first);
    store.changed();
    table = { ...table, lastModified: NOW - 5 * SECOND };
    const second = await ask('q');
    expect([second.etag, second.lastModified]).toEqual([first.etag, NOW - 5 * SECOND]);
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

  it('should refuse a question again without looking, for as long as a table would hold', async () => {
    const refuse = (): Promise<BuiltTable> => {
      builds += 1;
      return Promise.reject(invalidParameter('symbols', '9 symbols', 'fewer symbols'));
    };
    const refused = (): Promise<unknown> =>
      cache.current('q', refuse, { closed: false }).catch((error: unknown) => (error as Error).message);
    for (let time = 0; time < 3; time += 1) expect(await refused()).toMatch(/expected fewer symbols$/);
    expect(builds).toBe(1);
    store.changed();
    await refused();
    clock.advance(MINUTE);
    await refused();
    expect(builds).toBe(3);
    store.changed();
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

  describe('the date of a table', () => {
    /** What a process of its own, which has served nothing so far, says of the same table. */
    const elsewhere = (): Promise<CsvSnapshot> =>
      new CsvCache(new FakeStoreStatus(store), clock).current('q', build, { closed: false });

    async function becomes(text: string, lastModified: number): Promise<void> {
      await ask('q');
      store.changed();
      table = { ...table, bytes: Buffer.from(`${text}\r\n`), lastModified };
    }

    const isCopied = (snapshot: CsvSnapshot, since: number): boolean => snapshot.isCopiedAt(since, clock.now());

    it('should be the same in a process that has served long as in one that has just begun', async () => {
      const dates = async (): Promise<string[]> => [
        (await ask('q')).lastModifiedText,
        (await elsewhere()).lastModifiedText,
      ];
      expect(new Set(await dates())).toEqual(new Set(['Thu, 15 Jan 2026 11:59:30 GMT']));
      await becomes('b', NOW - MINUTE);
      expect(new Set(await dates()).size).toBe(1);
      await becomes('c', NOW - HOUR);
      expect(new Set(await dates())).toEqual(new Set(['Thu, 15 Jan 2026 11:00:30 GMT']));
      clock.advance(DAY);
      expect(new Set(await dates())).toEqual(new Set(['Thu, 15 Jan 2026 11:00:30 GMT']));
    });

    it.each([0, 1, SECOND - 1])(
      'should be that of the second before for the second of a change (%d µs old)',
      async (age) => {
        table = { ...table, lastModified: NOW };
        clock.advance(age);
        const early = [await ask('q'), await elsewhere()];
        expect(early.map(({ lastModified }) => lastModified)).toEqual([NOW - SECOND, NOW - SECOND]);
        clock.advance(SECOND);
        expect((await ask('q')).lastModified).toBe(NOW);
      },
    );

    it('should be no condition for a change within the same second', async () => {
      table = { ...table, lastModified: NOW + 100 };
      clock.advance(200);
      const first = await ask('q');
      await becomes('b', NOW + 300);
      clock.advance(200);
      const second = await ask('q');
      expect(isCopied(second, first.lastModified)).toBe(false);
      clock.advance(10 * SECOND);
      for (const settled of [await ask('q'), await elsewhere()]) {
        expect(settled.lastModified).toBe(NOW);
        expect(isCopied(settled, first.lastModified)).toBe(false);
        expect(isCopied(settled, second.lastModified)).toBe(false);
        expect(isCopied(settled, settled.lastModified)).toBe(true);
      }
    });

    it.each([
      ['later than they were stored', -MINUTE],
      ['earlier', -HOUR],
    ])('should be no condition for other bytes whose rows are dated no %s', async (_how, age) => {
      const first = await ask('q');
      await becomes('b', NOW + age);
      expect(isCopied(await ask('q'), first.lastModified)).toBe(false);
    });

    it('should be one for a copy that was made while these bytes were served, and for no other', async () => {
      await ask('q');
      clock.advance(10 * SECOND);
      const snapshot = await ask('q');
      const copies = [-MINUTE - SECOND, -MINUTE, -SECOND, 0, 9 * SECOND, 11 * SECOND].map((age) =>
        isCopied(snapshot, NOW + age),
      );
      expect(copies).toEqual([false, true, false, true, true, false]);
    });

    it('should not hold for what was changed and changed back between two questions', async () => {
      await ask('q');
      clock.advance(3 * MINUTE);
      store.changed();
      table = { ...table, lastModified: NOW + 2 * MINUTE };
      expect(isCopied(await ask('q'), NOW + MINUTE)).toBe(false);
    });

    it.each([0, 30 * SECOND])('should never be one to come for rows that are stamped %d µs ahead', async (ahead) => {
      table = { ...table, lastModified: NOW + ahead };
      const snapshot = await ask('q');
      expect(snapshot.lastModified).toBe(NOW - SECOND);
      expect(isCopied(snapshot, NOW - SECOND)).toBe(false);
    });
  });
});
