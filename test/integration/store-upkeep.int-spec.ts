import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  DAY,
  HOUR,
  KLINE_SOURCE,
  MINUTE,
  type CompactionReport,
  type MinuteCandle,
  type OutgoingEvent,
} from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import { candleEvent, NOON, ORIGIN, priceEvent, TestStore } from '../support/test-store';

const TODAY = NOON - 12 * HOUR;
const PRICES = 'crypto_prices_2026-01-15.jsonl';
const CANDLES = 'crypto_candles_2026-01-15.jsonl';

const minute = (time: number, changes: Partial<MinuteCandle> = {}): OutgoingEvent =>
  candleEvent(buildMinute('BTCUSDT', time, changes));

describe('upkeep of the store', () => {
  const { signal } = new AbortController();
  let store: TestStore;
  let opened: WriteStore;

  beforeEach(async () => {
    store = new TestStore();
    opened = await store.open();
    await store.take(priceEvent('BTCUSDT', NOON), priceEvent('BTCUSDT', NOON + DAY), minute(NOON), minute(NOON + DAY));
  });

  afterEach(async () => {
    await store.dispose();
  });

  const unpacked = (file: string): string => gunzipSync(readFileSync(store.bronzePath(`${file}.gz`))).toString();

  /** The first day of the two is closed. */
  async function compactFirstDay(): Promise<CompactionReport> {
    store.clock.advance(HOUR * 12);
    return opened.upkeep.compact(signal);
  }

  describe('compaction', () => {
    it('should compress the files of closed days and find nothing to do afterwards', async () => {
      expect(await opened.upkeep.compact(signal)).toEqual({ files: [], failed: [] });
      const before = new Map([PRICES, CANDLES].map((file) => [file, readFileSync(store.bronzePath(file), 'utf8')]));
      const { files, failed } = await compactFirstDay();
      expect(failed).toEqual([]);
      expect(files.map(({ file, lines }) => [file, lines])).toEqual([
        [CANDLES, 1],
        [PRICES, 1],
      ]);
      for (const [file, text] of before) {
        expect(unpacked(file)).toBe(text);
        expect(existsSync(store.bronzePath(file))).toBe(false);
      }
      expect(await opened.upkeep.compact(signal)).toEqual({ files: [], failed: [] });
      expect(store.bronzeFiles()).toEqual([CANDLES, PRICES].map((file) => file.replace('15', '16')));
    });

    it('should let late lines of a compressed day go on in a new file, and compress that too', async () => {
      await compactFirstDay();
      await store.take(priceEvent('BTCUSDT', NOON + 1));
      expect(store.bronzeLines(PRICES.replace('.jsonl', '.1.jsonl'))).toHaveLength(1);
      expect((await opened.upkeep.compact(signal)).files.map(({ file }) => file)).toEqual([
        PRICES.replace('.jsonl', '.1.jsonl'),
      ]);
      await store.take(priceEvent('BTCUSDT', NOON + 2));
      expect(store.bronzeLines(PRICES.replace('.jsonl', '.2.jsonl'))).toHaveLength(1);
    });

    it('should be read when the database is lost, and not again after that', async () => {
      const tables = ['price_events', 'candles_1m', 'candles_1d', 'coverage'];
      const contents = (): unknown[] => tables.map((table) => store.rows(`SELECT * FROM ${table}`));
      const before = contents();
      await compactFirstDay();
      await store.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${end}`, { force: true });
      await store.open();
      expect(contents()).toEqual(before);
      await store.reopen();
      expect(store.logged).toEqual([]);
      expect(store.column('SELECT file FROM bronze_files ORDER BY file')).toEqual(
        [CANDLES, PRICES].flatMap((file) => [`${file}.gz`, file.replace('15', '16')]).sort(),
      );
    });

    it.each(['before the tables knew', 'before the old file was removed'])(
      'should finish what was ended %s',
      async (point) => {
        const copies = new Map([PRICES, CANDLES].map((file) => [file, readFileSync(store.bronzePath(file))]));
        if (point.startsWith('before the tables')) {
          for (const [file, bytes] of copies) writeFileSync(store.bronzePath(`${file}.gz`), gzipSync(bytes));
          store.clock.advance(HOUR * 12);
        } else {
          await compactFirstDay();
          for (const [file, bytes] of copies) writeFileSync(store.bronzePath(file), bytes);
        }
        opened = await store.reopen();
        expect(store.column('SELECT count(*) FROM price_events')).toEqual([2]);
        expect(await opened.upkeep.compact(signal)).toEqual({ files: [], failed: [] });
        for (const [file, bytes] of copies) {
          expect(existsSync(store.bronzePath(file))).toBe(false);
          expect(unpacked(file)).toBe(bytes.toString());
        }
        await store.reopen();
        expect(store.logged).toEqual([]);
        expect(store.column('SELECT count(*) FROM bronze_files WHERE file LIKE ?', '%.gz')).toEqual([2]);
      },
    );

    it('should keep the old file where a compressed one does not hold the same', async () => {
      writeFileSync(store.bronzePath(`${PRICES}.gz`), gzipSync('another line\n'));
      const { files, failed } = await compactFirstDay();
      expect(files.map(({ file }) => file)).toEqual([CANDLES]);
      expect(failed).toEqual([{ file: PRICES, reason: expect.stringContaining('does not hold what') as string }]);
      expect(store.bronzeLines(PRICES)).toHaveLength(1);
    });

    it('should lose no line that is appended meanwhile', async () => {
      const late = Array.from({ length: 40 }, (_, number) => priceEvent('BTCUSDT', NOON + 1 + number));
      const compacting = compactFirstDay();
      for (const event of late) await store.take(event);
      await compacting;
      await opened.upkeep.compact(signal);
      const files = ['', '.1', '.2'].map((number) => PRICES.replace('.jsonl', `${number}.jsonl`));
      const texts = files.flatMap((file) => (existsSync(store.bronzePath(`${file}.gz`)) ? [unpacked(file)] : []));
      const lines = texts.join('').trimEnd().split('\n');
      expect(lines).toEqual([priceEvent('BTCUSDT', NOON), ...late].map(({ value }) => value));
    });

    it('should leave alone what has lines that are not in the tables, or is damaged', async () => {
      await store.close();
      writeFileSync(store.bronzePath(PRICES), '');
      renameSync(store.bronzePath(CANDLES), store.bronzePath('elsewhere'));
      opened = await store.open();
      expect(await compactFirstDay()).toEqual({ files: [], failed: [] });
      copyFileSync(store.bronzePath('elsewhere'), store.bronzePath(CANDLES));
      expect((await opened.upkeep.compact(signal)).files.map(({ file }) => file)).toEqual([CANDLES]);
    });
  });

  describe('retention', () => {
    const KEEP_ALL = { bronzeDays: undefined, minutesDays: undefined, eventsDays: undefined, changesHours: 200_000 };

    it('should remove nothing unless told to', async () => {
      store.clock.advance(3_650 * DAY);
      expect(await opened.upkeep.retain(KEEP_ALL, signal)).toEqual({ files: 0, minutes: 0, events: 0, changes: 0 });
    });

    it('should remove raw files after their days, compressed or not, and note which', async () => {
      await compactFirstDay();
      const policy = { ...KEEP_ALL, bronzeDays: 10 };
      expect((await opened.upkeep.retain(policy, signal)).files).toBe(0);
      store.clock.advance(10 * DAY);
      expect((await opened.upkeep.retain(policy, signal)).files).toBe(4);
      expect(await opened.upkeep.retain(policy, signal)).toMatchObject({ files: 0 });
      expect(store.bronzeLines('fetches.jsonl').map((line) => (JSON.parse(line) as { file: string }).file)).toEqual(
        [CANDLES, PRICES].flatMap((file) => [`${file}.gz`, file.replace('15', '16')]).sort(),
      );
      await store.reopen();
      expect(store.logged).toEqual([]);
      expect(store.column('SELECT count(*) FROM price_events')).toEqual([2]);
    });

    it('should remove polled prices but the newest, and leave what their days say', async () => {
      await store.take(...Array.from({ length: 12_000 }, (_, number) => priceEvent('BTCUSDT', NOON + 1 + number)));
      const days = store.rows('SELECT * FROM ticker_days');
      store.clock.advance(100 * DAY);
      expect(await opened.upkeep.retain({ ...KEEP_ALL, eventsDays: 30 }, signal)).toMatchObject({ events: 12_001 });
      expect(store.column('SELECT timestamp FROM price_events')).toEqual([NOON + DAY]);
      expect(store.rows('SELECT * FROM ticker_days')).toEqual(days);
    });

    it('should remove minutes of whole days that miss none, and change nothing that is made of them', async () => {
      const { history } = opened;
      await history.track({ symbol: 'BTCUSDT', trackedSince: TODAY + 2 * DAY, ledgerStart: TODAY }, ORIGIN);
      const day = (start: number): MinuteCandle[] =>
        Array.from({ length: 1_440 }, (_, index) => buildMinute('BTCUSDT', start + index * MINUTE));
      const fetched = {
        kind: 'backfill',
        origin: ORIGIN,
        symbol: 'BTCUSDT',
        leftOut: [],
        fetchedAt: NOON + DAY,
      } as const;
      const range = { start: TODAY, end: TODAY + DAY };
      await history.saveFetched({ ...fetched, range, candles: day(TODAY) });
      await store.take(minute(NOON, { capturedAt: NOON + DAY, volume: '9' }));
      const gold = (): unknown[] =>
        ['candles_1h', 'candles_1d', 'daily_metrics', 'coverage', 'coverage_days'].map((table) =>
          store.rows(`SELECT * FROM ${table}`),
        );
      const before = gold();
      store.clock.advance(100 * DAY);
      const policy = { ...KEEP_ALL, minutesDays: 30 };
      // The second day has one minute of 1,440.
      expect(await opened.upkeep.retain(policy, signal)).toMatchObject({ minutes: 1_440 });
      expect(await opened.upkeep.retain(policy, signal)).toMatchObject({ minutes: 0 });
      expect(store.column('SELECT open_time FROM candles_1m')).toEqual([NOON + DAY]);
      expect(store.column('SELECT count(*) FROM candle_revisions')).toEqual([0]);
      expect(gold()).toEqual(before);

      // What comes late for such a day, live or fetched again, would make its hour of itself alone.
      await store.take(minute(NOON, { capturedAt: NOON + 2 * DAY, volume: '10' }));
      await history.saveFetched({ ...fetched, range, candles: day(TODAY) });
      await history.saveDay({
        ...fetched,
        range,
        candles: day(TODAY).map((candle) => ({ ...candle, source: KLINE_SOURCE, volume: '11' })),
      });
      expect(gold()).toEqual(before);
      expect(await history.missing('BTCUSDT', range)).toEqual([]);
      // An incomplete day goes on, and goes once it is complete.
      const second = { start: TODAY + DAY, end: TODAY + 2 * DAY };
      await history.saveFetched({ ...fetched, range: second, candles: day(TODAY + DAY) });
      expect(store.column('SELECT minutes FROM candles_1d ORDER BY open_time')).toEqual([1_440, 1_440]);
      expect(await opened.upkeep.retain(policy, signal)).toMatchObject({ minutes: 1_440 });
    });
  });
});
