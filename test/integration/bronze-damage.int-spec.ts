import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { crc32, gzipSync } from 'node:zlib';
import { DAY, HOUR, MINUTE, SECOND, type FetchedMinutes, type OutgoingEvent } from '@app/domain';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { eventually } from '../support/app-process';
import { NOON, ORIGIN, TestStore, candleEvent, priceEvent } from '../support/test-store';

const PRICES = 'crypto_prices_2026-01-15.jsonl';
const CANDLES = 'crypto_candles_2026-01-15.jsonl';
const MANIFEST = 'fetches.jsonl';

const prices = (from: number, to: number): OutgoingEvent[] =>
  Array.from({ length: to - from }, (_, index) => priceEvent('BTCUSDT', NOON + (from + index) * SECOND));

function fetchOf(start: number, end: number, fetchedAt = NOON): FetchedMinutes {
  const length = (end - start) / MINUTE;
  const candles = Array.from({ length }, (_, index) =>
    buildMinute('BTCUSDT', start + index * MINUTE, { capturedAt: fetchedAt }),
  );
  const range = { start, end };
  return { kind: 'backfill', origin: ORIGIN, symbol: 'BTCUSDT', range, candles, leftOut: [], fetchedAt };
}

/** Turns one bit of a byte, as a disk does. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x02, at);
  writeFileSync(path, bytes);
}

describe('bronze that was altered or cannot be read', () => {
  let store: TestStore;

  beforeEach(async () => {
    store = new TestStore();
    await store.open();
  });

  afterEach(async () => {
    await store.dispose();
  });

  const status = async () => (await store.readers()).status;

  /** The files that are said to be altered, once they are these. */
  const altered = (...files: string[]): Promise<true> =>
    eventually(`altered are [${files.join()}]`, async () => {
      const [fact] = store.column<string>("SELECT value FROM store_facts WHERE name = 'bronze_altered'");
      if (JSON.stringify(files) !== (fact ?? '[]')) return undefined;
      expect(await (await status()).alteredFiles()).toEqual(files);
      return true;
    });

  /** Every stored checksum beside the one of the bytes that are there. */
  function checksums(): [file: string, stored: number | null, found: number][] {
    return store
      .rows<{ file: string; length: number; crc32: number | null }>('SELECT * FROM bronze_files ORDER BY file')
      .map(({ file, length, crc32: stored }) => [
        file,
        stored,
        crc32(readFileSync(store.bronzePath(file)).subarray(0, length)),
      ]);
  }

  const stored = (): Map<string, number | null> => new Map(checksums().map(([file, checksum]) => [file, checksum]));

  describe('checksums', () => {
    it('should be those of the bytes up to the stored length, whatever happens to a store', async () => {
      const step = fc.oneof(
        fc.record({ name: fc.constant('prices'), count: fc.integer({ min: 1, max: 40 }) }),
        fc.record({ name: fc.constant('candles'), count: fc.integer({ min: 1, max: 40 }) }),
        fc.record({ name: fc.constantFrom('fetch', 'reopen', 'kill', 'fail', 'surplus', 'gzip'), count: fc.nat(3) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          let own = new TestStore();
          const all = [own];
          try {
            let opened = await own.open();
            await opened.history.track({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: NOON - DAY }, ORIGIN);
            let number = 0;
            for (const { name, count } of steps) {
              number += 50;
              const some = prices(number, number + count);
              if (name === 'prices') await own.take(...some);
              if (name === 'candles') {
                await own.take(
                  ...some.map((_, index) => candleEvent(buildMinute('BTCUSDT', NOON + (number + index) * MINUTE))),
                );
              }
              if (name === 'fetch') {
                await opened.history.saveFetched(fetchOf(NOON - number * MINUTE, NOON - (number - 3) * MINUTE));
              }
              if (name === 'fail') {
                const broken = { ...priceEvent('BTCUSDT', NOON), value: 'no event' };
                await own.take(...some, broken).catch(() => undefined);
              }
              if (name === 'surplus' && own.bronzeFiles().includes(PRICES)) {
                await own.close();
                appendFileSync(
                  own.bronzePath(PRICES),
                  `${priceEvent('BTCUSDT', NOON + number * SECOND).value}\n{"half`,
                );
                opened = await own.open();
              }
              if (name === 'gzip') {
                own.clock.advance(3 * DAY);
                await opened.upkeep.compact(new AbortController().signal);
                own.clock.advance(-3 * DAY);
              }
              if (name === 'reopen') {
                await own.reopen();
                opened = own.opened;
              }
              if (name === 'kill') {
                own = own.killed();
                all.push(own);
                opened = await own.open();
              }
              const rows = own.rows<{ file: string; length: number; crc32: number }>('SELECT * FROM bronze_files');
              for (const { file, length, crc32: checksum } of rows) {
                const bytes = readFileSync(own.bronzePath(file)).subarray(0, length);
                expect([file, checksum]).toEqual([file, crc32(bytes)]);
              }
            }
          } finally {
            for (const each of all) await each.dispose();
          }
        }),
        { numRuns: 25 },
      );
    });

    it('should be given to the files of a store that has none, and go on from there', async () => {
      await store.take(...prices(0, 10));
      await store.opened.history.saveFetched(fetchOf(NOON - HOUR, NOON));
      await store.close();
      const database = new Database(store.databasePath);
      database.exec('UPDATE bronze_files SET crc32 = NULL');
      database.close();
      await store.open();
      await eventually('all files have one', () =>
        Promise.resolve([...stored().values()].includes(null) ? undefined : true),
      );
      await store.take(...prices(10, 20));
      expect(checksums()).toHaveLength(2);
      for (const [file, checksum, found] of checksums()) expect([file, checksum]).toEqual([file, found]);
      await altered();
    });
  });

  describe('altered files', () => {
    it.each([
      ['a raw file', PRICES, 500],
      ['the first byte of a raw file', CANDLES, 0],
      ['the manifest', MANIFEST, 40],
    ])('should be noticed after a start and said until they are whole again: %s', async (_what, file, at) => {
      await store.take(...prices(0, 20), candleEvent(buildMinute('BTCUSDT', NOON)));
      await store.opened.history.saveFetched(fetchOf(NOON - HOUR, NOON));
      await store.close();
      const whole = readFileSync(store.bronzePath(file));
      flip(store.bronzePath(file), at);
      await store.open();
      await altered(file);
      expect(store.logged).toContain('a bronze file was altered outside this program');
      // What is appended behind it does not hide it.
      await store.take(...prices(20, 30), candleEvent(buildMinute('BTCUSDT', NOON + MINUTE)));
      await store.reopen();
      await altered(file);
      await store.close();
      writeFileSync(
        store.bronzePath(file),
        Buffer.concat([whole, readFileSync(store.bronzePath(file)).subarray(whole.length)]),
      );
      await store.open();
      await altered();
    });

    it('should be noticed among compressed ones, and not be compressed before anybody has looked at them', async () => {
      await store.take(...prices(0, 20), candleEvent(buildMinute('BTCUSDT', NOON)));
      flip(store.bronzePath(PRICES), 300);
      store.clock.advance(3 * DAY);
      const { files, failed } = await store.opened.upkeep.compact(new AbortController().signal);
      expect(files.map(({ file }) => file)).toEqual([CANDLES]);
      expect(failed).toEqual([
        {
          file: PRICES,
          reason: expect.stringMatching(/^crypto_prices_2026-01-15\.jsonl was altered outside/) as string,
        },
      ]);
      await store.close();
      flip(store.bronzePath(`${CANDLES}.gz`), 30);
      await store.open();
      await altered(`${CANDLES}.gz`, PRICES);
    });

    it('should not be told of where a person has compressed one, or it went', async () => {
      await store.take(...prices(0, 20), candleEvent(buildMinute('BTCUSDT', NOON)));
      await store.close();
      writeFileSync(`${store.bronzePath(PRICES)}.gz`, gzipSync(readFileSync(store.bronzePath(PRICES))));
      rmSync(store.bronzePath(PRICES));
      renameSync(store.bronzePath(CANDLES), `${store.bronzePath(CANDLES)}.away`);
      await store.open();
      await eventually(
        'what went is said',
        async () => (await (await status()).damagedFiles()).includes(CANDLES) || undefined,
      );
      await altered();
    });
  });

  describe('lines that cannot be read when they are taken up', () => {
    it.each([
      ['no JSON', 'not an event', 1],
      ['half an event', prices(5, 6)[0]!.value.slice(0, 40), 1],
      ['zeros, as a disk leaves them', '\0'.repeat(200), 1],
      ['an event of another kind', candleEvent(buildMinute('BTCUSDT', NOON)).value, 1],
      ['two of them', 'one\ntwo', 2],
    ])('should be counted once, with their file and line: %s', async (_what, text, lines) => {
      await store.take(...prices(0, 3));
      await store.close();
      const [before, after] = prices(3, 5) as [OutgoingEvent, OutgoingEvent];
      appendFileSync(store.bronzePath(PRICES), `${before.value}\n${text}\n${after.value}\n`);
      await store.open();
      expect(store.column('SELECT count(*) FROM price_events')).toEqual([5]);
      const lost = {
        file: PRICES,
        firstLine: 5,
        lines,
        noticedAt: store.clock.now(),
        reason: expect.any(String) as string,
      };
      expect(await (await status()).lostLines()).toEqual([lost]);
      await store.reopen();
      expect(await (await status()).lostLines()).toEqual([lost]);
      // The line stays in the file, where a person can look at it.
      expect(readFileSync(store.bronzePath(PRICES), 'utf8')).toContain(`${text}\n`);
    });

    it('should be counted in a compressed file and in the manifest, when a lost database is filled again', async () => {
      await store.take(...prices(0, 3));
      await store.opened.history.track({ symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: NOON - DAY }, ORIGIN);
      await store.opened.history.saveFetched(fetchOf(NOON - HOUR, NOON));
      await store.close();
      const lines = readFileSync(store.bronzePath(PRICES), 'utf8').split('\n');
      lines.splice(1, 1, 'broken');
      writeFileSync(`${store.bronzePath(PRICES)}.gz`, gzipSync(lines.join('\n')));
      rmSync(store.bronzePath(PRICES));
      const manifest = readFileSync(store.bronzePath(MANIFEST), 'utf8').replace(
        '"kind":"backfill"',
        '"kind:"backfill"',
      );
      writeFileSync(store.bronzePath(MANIFEST), manifest);
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${suffix}`, { force: true });
      await store.open();
      expect(
        (await (await status()).lostLines()).map(({ file, firstLine, lines: count }) => [file, firstLine, count]),
      ).toEqual([
        [`${PRICES}.gz`, 2, 1],
        [MANIFEST, 2, 1],
      ]);
      expect(store.column('SELECT count(*) FROM price_events')).toEqual([2]);
    });
  });
});
