import { join } from 'node:path';
import { DiskKlineFiles } from '@app/binance';
import {
  ARCHIVE_SOURCE,
  DAY,
  MILLISECOND,
  MINUTE,
  OriginMismatchError,
  type DayOfMinutes,
  type ImportedDay,
  type ImportedFile,
  type MinuteCandle,
} from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import fc from 'fast-check';
import { describeRecordings, recordedAnswers, recordedHours, RECORDINGS_DIR } from '../support/recordings';
import { readTables } from '../support/history-tables';
import { TestStore } from '../support/test-store';

const DATE = Date.UTC(2024, 1, 1) * MILLISECOND;
const CAPTURED_AT = DATE + 30 * DAY;
const SYMBOL = 'BTCUSDT';

type Slot = 'traded' | 'quiet' | 'absent';

/** A minute in one of three shapes; its numbers follow from its time. */
function minuteOf(slot: Slot, openTime: number): MinuteCandle[] {
  const changes = { source: ARCHIVE_SOURCE, capturedAt: CAPTURED_AT };
  if (slot === 'absent') return [];
  if (slot === 'traded') return [buildMinute(SYMBOL, openTime, changes)];
  const none = { tradeCount: 0, volume: '0', quoteVolume: '0.00', takerBuyVolume: '0', takerBuyQuoteVolume: '0' };
  return [buildMinute(SYMBOL, openTime, { ...changes, ...none })];
}

/** Runs of slots, so that a day is made of few decisions. */
const dayOfSlots = fc
  .array(fc.tuple(fc.constantFrom<Slot>('traded', 'quiet', 'absent'), fc.integer({ min: 1, max: 400 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => runs.flatMap(([slot, length]) => Array.from({ length }, () => slot)).slice(0, 1_440));

const daysOfSlots = fc.array(dayOfSlots, { minLength: 1, maxLength: 3 });

function toDays(days: readonly Slot[][]): DayOfMinutes[] {
  return days.map((slots, index) => {
    const start = DATE + index * DAY;
    return {
      range: { start, end: start + DAY },
      candles: slots.flatMap((slot, minute) => minuteOf(slot, start + minute * MINUTE)),
      leftOut: [],
    };
  });
}

const importOf = (day: DayOfMinutes, file?: ImportedFile): ImportedDay => ({
  ...day,
  origin: 'binance',
  symbol: SYMBOL,
  fetchedAt: CAPTURED_AT,
  ...(file ? { file } : {}),
});

describe('import of whole days', () => {
  const opened: TestStore[] = [];

  async function open(): Promise<{ readonly disk: TestStore; readonly store: WriteStore }> {
    const disk = new TestStore();
    opened.push(disk);
    return { disk, store: await disk.open() };
  }

  /** The tables after writing with `write` into a new store. */
  async function tablesAfter(write: (store: WriteStore) => Promise<void>): Promise<Record<string, unknown[]>> {
    const { disk, store } = await open();
    await write(store);
    return readTables(disk.databasePath);
  }

  afterEach(async () => {
    for (const disk of opened.splice(0)) await disk.dispose();
  });

  const byDays =
    (days: readonly DayOfMinutes[]) =>
    async (store: WriteStore): Promise<void> => {
      for (const day of days) await store.history.saveDay(importOf(day));
    };
  const byPages =
    (candles: readonly MinuteCandle[]) =>
    async (store: WriteStore): Promise<void> => {
      if (candles.length === 0) return;
      const range = { start: DATE, end: DATE + 3 * DAY };
      await store.history.saveFetched({
        kind: 'backfill',
        origin: 'binance',
        symbol: SYMBOL,
        range,
        candles,
        leftOut: [],
        fetchedAt: CAPTURED_AT,
      });
    };

  it('should leave the tables that the same minutes leave one by one', async () => {
    await fc.assert(
      fc.asyncProperty(daysOfSlots, async (slots) => {
        const days = toDays(slots);
        const inDays = await tablesAfter(byDays(days));
        expect(inDays).toEqual(await tablesAfter(byPages(days.flatMap(({ candles }) => candles))));
        expect(inDays).toEqual(await tablesAfter(byDays([...days].reverse())));
      }),
      { numRuns: 12 },
    );
  });

  it('should leave the same tables on top of any part of the minutes, and on a second run', async () => {
    await fc.assert(
      fc.asyncProperty(daysOfSlots, fc.nat(), async (slots, seed) => {
        const days = toDays(slots);
        const there = days.flatMap(({ candles }) => candles).filter((_, index) => (index * 7 + seed) % 11 < 5);
        const alone = await tablesAfter(byDays(days));
        const onTop = await tablesAfter(async (store) => {
          await byPages(there)(store);
          await byDays(days)(store);
          await byDays(days)(store);
        });
        expect(onTop).toEqual(alone);
      }),
      { numRuns: 12 },
    );
  });

  it('should make a revision of changed numbers and of nothing else', async () => {
    const { disk, store } = await open();
    const [day] = toDays([Array.from({ length: 1_440 }, () => 'traded' as const)]);
    const first = await store.history.saveDay(importOf(day!));
    expect(first).toEqual({ taken: 1_440, repeats: 0, revisions: 0 });
    const later = day!.candles.map((candle, index) => ({
      ...candle,
      capturedAt: CAPTURED_AT + DAY,
      volume: index === 100 ? '2.5' : '2.000',
    }));
    expect(await store.history.saveDay(importOf({ ...day!, candles: later }))).toEqual({
      taken: 0,
      repeats: 1_439,
      revisions: 1,
    });
    expect(disk.rows('SELECT volume, revision FROM candles_1d')).toEqual([{ volume: '2880.50', revision: 2 }]);
    expect(disk.rows('SELECT open_time, volume FROM candle_revisions')).toEqual([
      { open_time: DATE + 100 * MINUTE, volume: '2.00' },
    ]);
  });

  it('should write one line into the manifest, in the unit of the last day', async () => {
    const { disk, store } = await open();
    const [first, second] = toDays([['traded'], ['quiet', 'absent', 'traded']]);
    await store.history.saveDay(importOf(first!));
    const facts = {
      name: 'BTCUSDT-1m-2024-02.zip',
      symbol: SYMBOL,
      bytes: 77,
      sha256: 'a'.repeat(64),
      checksum: 'verified' as const,
    };
    const end = {
      rows: 3,
      duplicates: 0,
      leftOut: [],
      range: { start: DATE, end: DATE + DAY + 3 * MINUTE },
      rowsSha256: 'b'.repeat(64),
    };
    await store.history.saveDay(importOf(second!, { kind: 'import', facts, end }));
    expect(disk.bronzeLines('fetches.jsonl').map((line): unknown => JSON.parse(line))).toEqual([
      {
        kind: 'import',
        source: 'binance_archive_klines',
        origin: 'binance',
        symbol: SYMBOL,
        interval: '1m',
        start: '2024-02-01T00:00:00Z',
        end: '2024-02-02T00:03:00Z',
        rows: 3,
        sha256: 'b'.repeat(64),
        file: 'BTCUSDT-1m-2024-02.zip',
        file_bytes: 77,
        file_sha256: 'a'.repeat(64),
        checksum: 'verified',
        fetched_at: '2024-03-02T00:00:00.000000+00:00',
        tracked_since: '2024-03-02T00:00:00.000000+00:00',
      },
    ]);
    expect(disk.rows('SELECT state, start_time, end_time FROM coverage ORDER BY start_time')).toEqual([
      { state: 'captured', start_time: DATE, end_time: DATE + MINUTE },
      { state: 'quiet', start_time: DATE + DAY, end_time: DATE + DAY + MINUTE },
      { state: 'captured', start_time: DATE + DAY + 2 * MINUTE, end_time: DATE + DAY + 3 * MINUTE },
    ]);
  });

  it('should take over minutes that were taken for stopped, and leave absent ones missing', async () => {
    const { disk, store } = await open();
    const { history } = store;
    await history.track({ symbol: SYMBOL, trackedSince: CAPTURED_AT, ledgerStart: DATE }, 'binance');
    await history.markStopped(SYMBOL, [{ start: DATE, end: DATE + 4 * MINUTE }]);
    const [day] = toDays([['absent', 'traded', 'quiet', 'absent', 'absent', 'traded']]);
    await history.saveDay(importOf(day!));
    expect(disk.rows('SELECT captured, quiet, stopped FROM coverage_days')).toEqual([
      { captured: 2, quiet: 1, stopped: 2 },
    ]);
    expect(await history.missing(SYMBOL, { start: DATE, end: DATE + 6 * MINUTE })).toEqual([
      { start: DATE + 4 * MINUTE, end: DATE + 5 * MINUTE },
    ]);
  });

  it('should refuse days of another origin', async () => {
    const { disk, store } = await open();
    const [day] = toDays([['traded']]);
    await store.history.saveDay(importOf(day!));
    await expect(store.history.saveDay({ ...importOf(day!), origin: 'simulator:1' })).rejects.toBeInstanceOf(
      OriginMismatchError,
    );
    expect(disk.rows('SELECT count(*) AS n FROM candles_1m')).toEqual([{ n: 1 }]);
  });

  describeRecordings('from files of the exchange (needs RECORDINGS_DIR)', () => {
    it('should roll the two recorded days up to the hours and days that the exchange gave', async () => {
      const { disk, store } = await open();
      for (const date of ['2020-01-01', '2020-01-02']) {
        const path = join(RECORDINGS_DIR, 'archive-1m', `BTCUSDT-1m-${date}.zip`);
        const file = await new DiskKlineFiles().open(path, { capturedAt: CAPTURED_AT });
        for await (const day of file.days()) await store.history.saveDay(importOf(day));
      }
      const columns = `open_time AS openTime, open, high, low, close, volume, quote_volume AS quoteVolume,
        trade_count AS tradeCount, taker_buy_volume AS takerBuyVolume, taker_buy_quote_volume AS takerBuyQuoteVolume`;
      const [start, end] = [Date.UTC(2020, 0, 1) * MILLISECOND, Date.UTC(2020, 0, 3) * MILLISECOND];
      const recorded = recordedHours().filter(({ openTime }) => openTime >= start && openTime < end);
      expect(recorded).toHaveLength(48);
      expect(disk.rows(`SELECT ${columns} FROM candles_1h`)).toEqual(recorded);
      const days = recordedAnswers(SYMBOL, '1d')
        .flat()
        .filter(({ openTime }) => openTime >= start && openTime < end);
      const byTime = new Map(days.map((day) => [day.openTime, day]));
      expect(disk.rows(`SELECT ${columns} FROM candles_1d`)).toEqual(
        [...byTime.values()].sort((a, b) => a.openTime - b.openTime),
      );
      expect(disk.rows('SELECT captured, quiet, stopped FROM coverage_days')).toEqual([
        { captured: 1_440, quiet: 0, stopped: 0 },
        { captured: 1_440, quiet: 0, stopped: 0 },
      ]);
    });
  });
});
