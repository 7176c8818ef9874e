import {
  CandleGridUnknownError,
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  formatMillisTime,
  toCandleItem,
  type CandleInterval,
  type CandleItem,
  type EpochMicros,
  type MinuteCandle,
  type TimeRange,
} from '@app/domain';
import type { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import type { Readers } from '../support/stored-history';
import { candleEvent, NOON, ORIGIN, TestStore } from '../support/test-store';

const SYMBOL = 'BTCUSDT';
/** The second-last day of a month, a Friday. */
const BEGIN = Date.UTC(2026, 9, 30) * MILLISECOND;
const LISTED = Date.UTC(2017, 7, 17, 4) * MILLISECOND;

/** What a candle says of itself: open, whether it is closed and final, missing minutes, revision. */
type Said = readonly [open: string, closed: boolean, final: boolean, missing: number, revision: number];

const minutesFrom = (start: EpochMicros, count: number, changes: Partial<MinuteCandle> = {}): MinuteCandle[] =>
  Array.from({ length: count }, (_, index) => buildMinute(SYMBOL, start + index * MINUTE, changes));

describe('how whole a candle is', () => {
  let store: TestStore;
  let opened: WriteStore;
  let readers: Readers;

  beforeEach(async () => {
    store = new TestStore();
    opened = await store.open();
    readers = await store.readers();
  });

  afterEach(async () => {
    await store.dispose();
  });

  const at = (time: EpochMicros): void => {
    store.clock.set(time);
  };

  const take = async (...candles: readonly MinuteCandle[]): Promise<void> => {
    await store.take(...candles.map(candleEvent));
  };

  const stop = (start: EpochMicros, count: number): Promise<void> =>
    opened.history.markStopped(SYMBOL, [{ start, end: start + count * MINUTE }]);

  async function items(
    interval: CandleInterval,
    range: Partial<TimeRange> = {},
    asOf?: EpochMicros,
  ): Promise<CandleItem[]> {
    const candles = await readers.candles.range([SYMBOL], interval, range, 5_000, undefined, asOf);
    const now = Math.min(store.clock.now(), asOf ?? Infinity);
    return candles.map((candle) => toCandleItem(candle, interval, now));
  }

  async function said(interval: CandleInterval, range: Partial<TimeRange> = {}, asOf?: EpochMicros): Promise<Said[]> {
    return (await items(interval, range, asOf)).map((item) => [
      item.open_time.slice(0, 16),
      item.is_closed,
      item.is_final,
      item.missing_minutes,
      item.revision,
    ]);
  }

  /** Whether the tables for BI call the hours and days final, by their times. */
  async function finalBars(range: TimeRange): Promise<boolean[]> {
    const bars = [...(await readers.bars.bars([SYMBOL], range)), ...(await readers.hourlyBars.bars([SYMBOL], range))];
    return bars.map(({ isFinal }) => isFinal);
  }

  describe('of a history that begins in the middle of a bucket', () => {
    beforeEach(async () => {
      await opened.history.saveFirstMinute(SYMBOL, LISTED, ORIGIN);
      await take(...minutesFrom(BEGIN, 4 * 1_440));
      at(BEGIN + 4 * DAY);
    });

    it('should not serve the first month, week and three days as whole, but say how many minutes are missing', async () => {
      expect(await said('1M')).toEqual([
        ['2026-10-01T00:00', true, false, 29 * 1_440, 1],
        ['2026-11-01T00:00', false, false, 0, 1],
      ]);
      expect(await said('1w')).toEqual([
        ['2026-10-26T00:00', true, false, 4 * 1_440, 1],
        ['2026-11-02T00:00', false, false, 0, 1],
      ]);
      expect(await said('3d')).toEqual([
        ['2026-10-29T00:00', true, false, 1_440, 1],
        ['2026-11-01T00:00', false, false, 0, 1],
      ]);
    });

    it('should serve the days and hours that are whole as final', async () => {
      for (const interval of ['1d', '12h', '1h', '15m', '3m', '1m'] as const) {
        expect(new Set((await items(interval)).map((item) => `${item.is_final} ${item.missing_minutes}`))).toEqual(
          new Set(['true 0']),
        );
      }
      expect(await finalBars({ start: BEGIN, end: BEGIN + 4 * DAY })).toEqual(Array<boolean>(4 + 96).fill(true));
    });
  });

  it('should not serve a day, an hour or five minutes with holes as whole', async () => {
    at(NOON + DAY);
    await take(...minutesFrom(NOON, 5), ...minutesFrom(NOON + 10 * MINUTE, 3));
    expect(await said('1d')).toEqual([['2026-01-15T00:00', true, false, 1_432, 1]]);
    expect(await said('1h')).toEqual([['2026-01-15T12:00', true, false, 52, 1]]);
    expect(await said('4h')).toEqual([['2026-01-15T12:00', true, false, 232, 1]]);
    expect(await said('5m')).toEqual([
      ['2026-01-15T12:00', true, true, 0, 1],
      ['2026-01-15T12:10', true, false, 2, 1],
    ]);
    expect(await finalBars({ start: NOON - 12 * HOUR, end: NOON + 12 * HOUR })).toEqual([false, false]);
  });

  it('should not serve a 3m candle as whole in the second before its last minute has come', async () => {
    await take(...minutesFrom(NOON, 2));
    at(NOON + 3 * MINUTE + 10 * MILLISECOND);
    expect(await said('3m')).toEqual([['2026-01-15T12:00', true, false, 1, 1]]);
    expect(await said('1h')).toEqual([['2026-01-15T12:00', false, false, 1, 1]]);
    await take(...minutesFrom(NOON + 2 * MINUTE, 1));
    at(NOON + 3 * MINUTE + 5 * SECOND);
    // At once: the ledger's two minutes of delay do not matter here.
    expect(await said('3m')).toEqual([['2026-01-15T12:00', true, true, 0, 1]]);
    expect(await said('1h')).toEqual([['2026-01-15T12:00', false, false, 0, 1]]);
  });

  it('should take what a capture has stored for closed, also by a clock that lags behind its own', async () => {
    await take(...minutesFrom(NOON, 3));
    at(NOON + 2 * MINUTE + 59 * SECOND);
    expect(await said('3m')).toEqual([['2026-01-15T12:00', false, false, 0, 1]]);
    expect(await said('1m', { start: NOON + 2 * MINUTE })).toEqual([['2026-01-15T12:02', true, true, 0, 1]]);
  });

  it('should serve 5m candles whose minutes are repaired 27 minutes late as final from then on, and not before', async () => {
    await take(...minutesFrom(NOON, 2), ...minutesFrom(NOON + 5 * MINUTE, 5));
    at(NOON + 31 * MINUTE);
    expect(await said('5m')).toEqual([
      ['2026-01-15T12:00', true, false, 3, 1],
      ['2026-01-15T12:05', true, true, 0, 1],
    ]);
    await take(...minutesFrom(NOON + 2 * MINUTE, 3, { capturedAt: NOON + 32 * MINUTE }));
    expect(await said('5m')).toEqual([
      ['2026-01-15T12:00', true, true, 0, 1],
      ['2026-01-15T12:05', true, true, 0, 1],
    ]);
  });

  it('should serve buckets of quiet minutes alone as final, and none where not even those are', async () => {
    at(NOON + DAY);
    const quiet = { tradeCount: 0, volume: '0', quoteVolume: '0', takerBuyVolume: '0', takerBuyQuoteVolume: '0' };
    await take(...minutesFrom(NOON, 60, quiet), ...minutesFrom(NOON + 2 * HOUR, 59, quiet));
    expect(await said('1h')).toEqual([
      ['2026-01-15T12:00', true, true, 0, 1],
      ['2026-01-15T14:00', true, false, 1, 1],
    ]);
    expect(await said('30m', { start: NOON + 2 * HOUR })).toEqual([
      ['2026-01-15T14:00', true, true, 0, 1],
      ['2026-01-15T14:30', true, false, 1, 1],
    ]);
  });

  describe('of a symbol that was listed in the middle of a bucket', () => {
    const FIRST = NOON + 20 * MINUTE;

    beforeEach(async () => {
      at(NOON + 2 * DAY);
      await take(...minutesFrom(FIRST, 24 * 60 - 20));
    });

    it('should serve its first buckets as whole once the exchange has told when it was listed', async () => {
      const first = { end: NOON + HOUR };
      expect(await said('1h', first)).toEqual([['2026-01-15T12:00', true, false, 20, 1]]);
      expect(await said('1d', first)).toEqual([['2026-01-15T00:00', true, false, 740, 1]]);
      await opened.history.saveFirstMinute(SYMBOL, FIRST, ORIGIN);
      expect(await said('1h', first)).toEqual([['2026-01-15T12:00', true, true, 0, 1]]);
      expect(await said('30m', first)).toEqual([
        ['2026-01-15T12:00', true, true, 0, 1],
        ['2026-01-15T12:30', true, true, 0, 1],
      ]);
      expect(await said('1d')).toEqual([
        ['2026-01-15T00:00', true, true, 0, 1],
        ['2026-01-16T00:00', true, false, 720, 1],
      ]);
      expect(await finalBars({ start: NOON - 12 * HOUR, end: NOON + 12 * HOUR })).toEqual(
        Array<boolean>(1 + 12).fill(true),
      );
    });

    it('should wait for every minute of a bucket where older ones than the first that the exchange tells of are stored', async () => {
      await opened.history.saveFirstMinute(SYMBOL, FIRST, ORIGIN);
      await take(...minutesFrom(FIRST - 5 * MINUTE, 1));
      expect(await said('1h', { end: NOON + HOUR })).toEqual([['2026-01-15T12:00', true, false, 19, 1]]);
      await take(...minutesFrom(FIRST - 10 * DAY, 1));
      expect((await said('1h')).slice(0, 2)).toEqual([
        ['2026-01-05T12:00', true, false, 59, 1],
        ['2026-01-15T12:00', true, false, 19, 1],
      ]);
    });

    it('should not serve three days before it is known where they begin', async () => {
      await expect(items('3d')).rejects.toThrow(CandleGridUnknownError);
      await opened.history.saveFirstMinute(SYMBOL, FIRST, ORIGIN);
      expect(await said('3d')).toEqual([['2026-01-15T00:00', false, false, 1_440, 1]]);
    });
  });

  describe('with a stop inside', () => {
    const STOPPED = NOON + 7 * MINUTE;
    const NOTED = NOON + 2 * HOUR;

    beforeEach(async () => {
      await take(...minutesFrom(NOON, 7), ...minutesFrom(NOON + 9 * MINUTE, 51));
      at(NOTED);
    });

    it('should be final once it is noted that the exchange does not have the minutes', async () => {
      expect(await said('1h')).toEqual([['2026-01-15T12:00', true, false, 2, 1]]);
      await stop(STOPPED, 2);
      for (const interval of ['5m', '15m', '30m', '1h'] as const) {
        expect([interval, ...(await said(interval, { end: STOPPED }))].at(-1)).toEqual([
          formatMillisTime(interval === '5m' ? NOON + 5 * MINUTE : NOON).slice(0, 16),
          true,
          true,
          0,
          1,
        ]);
      }
      expect(await finalBars({ start: NOON - 12 * HOUR, end: NOON + 12 * HOUR })).toEqual([false, true]);
    });

    it('should be final where hours of it have no minute at all', async () => {
      await stop(STOPPED, 2);
      at(NOON + 5 * HOUR);
      await take(...minutesFrom(NOON + 2 * HOUR, 120));
      expect(await said('4h')).toEqual([['2026-01-15T12:00', true, false, 60, 1]]);
      await stop(NOON + HOUR, 60);
      expect(await said('4h')).toEqual([['2026-01-15T12:00', true, true, 0, 1]]);
      // There is no candle of the hour itself: what does not exist is not invented.
      expect((await said('1h')).map(([open]) => open.slice(11, 13))).toEqual(['12', '14', '15']);
    });

    it('should never have other numbers under one revision when a stopped minute comes after all', async () => {
      await stop(STOPPED, 2);
      const [before] = await items('5m', { start: NOON + 5 * MINUTE, end: NOON + 10 * MINUTE });
      expect(before).toMatchObject({ is_final: true, revision: 1, trade_count: 3 });
      at(NOTED + HOUR);
      // It was captured before that was noted, and has come late, as it does out of a spool.
      await take(...minutesFrom(STOPPED, 1, { capturedAt: NOTED - HOUR }));
      const [after] = await items('5m', { start: NOON + 5 * MINUTE, end: NOON + 10 * MINUTE });
      expect(after).toMatchObject({ is_final: true, missing_minutes: 0, revision: 2, trade_count: 4 });
      expect(await said('1m', { start: STOPPED, end: STOPPED + 2 * MINUTE })).toEqual([
        ['2026-01-15T12:07', true, true, 0, 2],
      ]);
      await take(...minutesFrom(STOPPED + MINUTE, 1, { capturedAt: NOTED + HOUR }));
      await take(...minutesFrom(STOPPED, 1, { capturedAt: NOTED + HOUR, volume: '3.00' }));
      expect(await said('1h')).toEqual([['2026-01-15T12:00', true, true, 0, 4]]);
      expect(await said('1M')).toEqual([['2026-01-01T00:00', false, false, 14 * 1_440 + 840, 4]]);
      expect(store.rows('SELECT open_time, revision FROM candle_revisions')).toEqual([
        { open_time: STOPPED, revision: 2 },
      ]);
    });

    it('should give a minute of an imported day that had been noted as stopped its second revision', async () => {
      const day = NOON - 12 * HOUR - 3 * DAY;
      await stop(day, 10);
      const range = { start: day, end: day + DAY };
      const candles = minutesFrom(day, 1_440);
      await opened.history.saveDay({ origin: ORIGIN, symbol: SYMBOL, range, candles, leftOut: [], fetchedAt: NOTED });
      expect(await said('1d', { end: day + DAY })).toEqual([['2026-01-12T00:00', true, true, 0, 11]]);
      expect(await said('5m', { end: day + 15 * MINUTE })).toEqual([
        ['2026-01-12T00:00', true, true, 0, 6],
        ['2026-01-12T00:05', true, true, 0, 6],
        ['2026-01-12T00:10', true, true, 0, 1],
      ]);
    });

    it('should be known as it was before and after the stop was noted, and before and after a minute of it came', async () => {
      await stop(STOPPED, 2);
      const came = NOTED + HOUR;
      at(came);
      await take(...minutesFrom(STOPPED, 1, { capturedAt: came }));
      at(came + DAY);
      const states = async (interval: CandleInterval): Promise<[number, boolean, number, number][]> => {
        const found: [number, boolean, number, number][] = [];
        for (const asOf of [NOTED - 1, NOTED, came - 1, came]) {
          const range = { start: NOON + (interval === '5m' ? 5 : 0) * MINUTE, end: STOPPED };
          const [item] = await items(interval, range, asOf);
          if (item) found.push([item.trade_count, item.is_final, item.missing_minutes, item.revision]);
        }
        return found;
      };
      expect(await states('5m')).toEqual([
        [3, false, 2, 1],
        [3, true, 0, 1],
        [3, true, 0, 1],
        [4, true, 0, 2],
      ]);
      expect(await states('1h')).toEqual([
        [58, false, 2, 1],
        [58, true, 0, 1],
        [58, true, 0, 1],
        [59, true, 0, 2],
      ]);
      expect((await states('2h')).map(([, , missing]) => missing)).toEqual([61, 60, 60, 60]);
    });
  });

  it('should count the stops of whole days as those of their hours, over midnight, on the first day and on an open one', async () => {
    const day = NOON - 12 * HOUR;
    const first = day + 5 * HOUR;
    at(day + 4 * DAY + 90 * MINUTE + SECOND);
    // Before the listing, over two midnights, and up to now; of the fourth day one minute is missing.
    for (const [start, count] of [
      [day, 300],
      [day + 1_430 * MINUTE, 1_460],
      [day + 3 * DAY + 10 * MINUTE, 5],
      [day + 4 * DAY + 60 * MINUTE, 30],
    ] as const) {
      await stop(start, count);
    }
    await take(...minutesFrom(first, 1_430 - 300), ...minutesFrom(day + 2 * DAY + 10 * MINUTE, 1_440));
    await take(...minutesFrom(day + 3 * DAY + 16 * MINUTE, 1_440 + 44));
    await opened.history.saveFirstMinute(SYMBOL, first, ORIGIN);
    expect(await said('1d')).toEqual([
      ['2026-01-15T00:00', true, true, 0, 1],
      ['2026-01-17T00:00', true, true, 0, 1],
      ['2026-01-18T00:00', true, false, 1, 1],
      ['2026-01-19T00:00', false, false, 0, 1],
    ]);
    expect(await said('3d')).toEqual([
      ['2026-01-15T00:00', true, true, 0, 1],
      ['2026-01-18T00:00', false, false, 1, 1],
    ]);
    const missing = async (interval: CandleInterval): Promise<number> =>
      (await said(interval)).reduce((sum, [, , , minutes]) => sum + minutes, 0);
    for (const interval of ['1w', '1d', '12h', '4h', '1h', '15m', '5m'] as const) {
      expect([interval, await missing(interval)]).toEqual([interval, 1]);
      expect([interval, await said(interval, {}, store.clock.now())]).toEqual([interval, await said(interval)]);
    }
    // A clock that lags behind what is noted finds no more and no fewer minutes.
    at(day + 4 * DAY + 70 * MINUTE);
    expect((await said('1d')).at(-1)).toEqual(['2026-01-19T00:00', false, false, 0, 1]);
  });

  it('should stay final, or not, after its minutes were removed at the end of their time of retention', async () => {
    const day = NOON - 12 * HOUR;
    at(day + 4 * DAY);
    // A whole day, one with a stop, and one that the ledger begins in.
    await take(...minutesFrom(day - 4 * HOUR, 240), ...minutesFrom(day, 1_440));
    await take(...minutesFrom(day + DAY, 700), ...minutesFrom(day + DAY + 710 * MINUTE, 730));
    await stop(day + DAY + 700 * MINUTE, 10);
    const before = [await said('1d'), await said('6h'), await said('3d').catch(() => [])];
    expect(before[0]).toEqual([
      ['2026-01-14T00:00', true, false, 1_200, 1],
      ['2026-01-15T00:00', true, true, 0, 1],
      ['2026-01-16T00:00', true, true, 0, 1],
    ]);
    await opened.upkeep.retain(
      { bronzeDays: undefined, minutesDays: 1, eventsDays: undefined, changesHours: 168 },
      new AbortController().signal,
    );
    expect(store.column('SELECT count(*) FROM candles_1m')).toEqual([0]);
    expect([await said('1d'), await said('6h'), await said('3d').catch(() => [])]).toEqual(before);
    // A minute that comes too late for its day changes nothing.
    await take(...minutesFrom(day + DAY + 705 * MINUTE, 1));
    expect(await said('1d')).toEqual(before[0]);
  });

  it('should count two candles that open in one minute once', async () => {
    at(NOON + DAY);
    await take(...minutesFrom(NOON, 58), buildMinute(SYMBOL, NOON + 57 * MINUTE + 13 * SECOND));
    expect(await said('1h')).toEqual([['2026-01-15T12:00', true, false, 2, 1]]);
    expect(await said('30m', { start: NOON + 30 * MINUTE })).toEqual([['2026-01-15T12:30', true, false, 2, 1]]);
    await take(...minutesFrom(NOON + 58 * MINUTE, 2));
    expect(await said('1h')).toEqual([['2026-01-15T12:00', true, true, 0, 1]]);
  });

  describe('in a store of the release before', () => {
    /** Takes back what this release has added, as the release before it left a store. */
    function asBefore(): void {
      const database = new Database(store.databasePath);
      database.exec('DROP TABLE stop_notes');
      database.exec("DELETE FROM migrations WHERE name = 'StopNotes1765006000000'");
      for (const [table, length] of [
        ['candles_1h', HOUR],
        ['candles_1d', DAY],
      ] as const) {
        database.exec(
          `UPDATE ${table} SET minutes = (SELECT count(*) FROM candles_1m WHERE candles_1m.symbol = ${table}.symbol
             AND candles_1m.open_time >= ${table}.open_time AND candles_1m.open_time < ${table}.open_time + ${length})`,
        );
      }
      database.close();
    }

    it('should be as in a store of this one', async () => {
      const day = NOON - 12 * HOUR;
      const [first, second] = [day + 3 * DAY, day + 4 * DAY];
      await take(...minutesFrom(day, 1_430), ...minutesFrom(day + DAY + 20 * MINUTE, 1_420));
      await take(buildMinute(SYMBOL, day + 13 * SECOND), buildMinute(SYMBOL, day + 61 * MINUTE + 13 * SECOND));
      at(first);
      // A run of stops over midnight, of which the end of the second day's was noted later.
      await stop(day + 1_430 * MINUTE, 20);
      at(second);
      await stop(day + DAY + 10 * MINUTE, 10);
      const everything = async (): Promise<unknown[]> => {
        const found: unknown[] = [];
        for (const asOf of [undefined, first - 1, first, second - 1, second]) {
          for (const interval of ['5m', '1h', '4h', '1d', '1w'] as const) found.push(await said(interval, {}, asOf));
        }
        return found;
      };
      const before = await everything();
      await store.close();
      asBefore();
      opened = await store.open();
      readers = await store.readers();
      expect(store.rows('SELECT symbol, start_time, end_time, noted_at FROM stop_notes')).toEqual([
        { symbol: SYMBOL, start_time: day + 1_430 * MINUTE, end_time: day + DAY, noted_at: first },
        // Of the second day only the last note is stored.
        { symbol: SYMBOL, start_time: day + DAY, end_time: day + DAY + 20 * MINUTE, noted_at: second },
      ]);
      const after = await everything();
      expect(after.slice(0, 10)).toEqual(before.slice(0, 10));
      expect(after.slice(20)).toEqual(before.slice(20));
      // Between the two notes ten minutes of the second day count as missing: that they were noted by then is not stored.
      expect(after[13]).toEqual([
        ['2026-01-15T00:00', true, true, 0, 1],
        ['2026-01-16T00:00', true, false, 20, 1],
      ]);
      await take(...minutesFrom(day + DAY, 1, { capturedAt: second }));
      expect((await said('1d')).map(([, , final, , revision]) => [final, revision])).toEqual([
        [true, 1],
        [true, 2],
      ]);
    });
  });
});
