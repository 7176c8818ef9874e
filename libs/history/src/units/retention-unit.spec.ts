import { DAY, HOUR, MINUTE, type EpochMicros, type RangeChange } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M } from '../kinds/candle-tables';
import { runsOfMinutes } from '../ledger-runs';
import { findOnly, runUnit } from '../rows/unit';
import { COVERAGE, SYMBOL_FRAMES } from './ledger-tables';
import {
  minutesGoBefore,
  nextDayOfMinutes,
  PRICE_KEYS,
  pricesGoBefore,
  removeMinutesUnit,
  removePricesUnit,
} from './retention-unit';
import { MINUTES_REMOVED_FACT, STORE_FACTS } from './store-facts';

const SYMBOL = 'BTCUSDT';
const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;
const NOON = MIDNIGHT + DAY / 2;

const capture = (openTime: EpochMicros, symbol = SYMBOL) => ({
  symbol,
  openTime,
  closeTime: openTime + MINUTE - 1,
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: '1',
  quoteVolume: '1',
  tradeCount: 1,
  takerBuyVolume: '1',
  takerBuyQuoteVolume: '1',
  source: 'binance-kline',
  capturedAt: openTime + 2 * MINUTE,
});

describe('the unit of minutes whose time of retention is over', () => {
  let rows: MemoryRows;

  /** A ledger that begins at noon and accounts for the minutes, each of which is stored with what it said before. */
  const begin = (minutes: readonly EpochMicros[], stopped: readonly EpochMicros[] = []): void => {
    rows = new MemoryRows();
    const recorded = [
      ...minutes.map((minute) => ({ minute, state: 'captured' as const, repaired: false })),
      ...stopped.map((minute) => ({ minute, state: 'stopped' as const, repaired: false })),
    ];
    const runs = runsOfMinutes(recorded).map(({ start, end, state, repaired }) => ({
      symbol: SYMBOL,
      startTime: start,
      endTime: end,
      state,
      repaired,
    }));
    const frame = { symbol: SYMBOL, trackedSince: 1, ledgerStart: NOON, ledgerFloor: null, firstCapturedAt: 1 };
    const captures = minutes.map((minute) => capture(minute));
    rows.apply([
      { kind: 'add', table: COVERAGE, rows: runs },
      { kind: 'add', table: SYMBOL_FRAMES, rows: [frame] },
      { kind: 'add', table: CANDLES_1M, rows: captures.map((one) => ({ ...one, revision: 2 })) },
      { kind: 'add', table: CANDLES_1M, rows: [{ ...capture(NOON, 'ETHUSDT'), revision: 1 }] },
      {
        kind: 'add',
        table: CANDLE_REVISIONS,
        rows: captures.map((one) => ({ ...one, revision: 1, supersededAt: one.capturedAt })),
      },
      { kind: 'add', table: CANDLE_REPEATS, rows: captures.map((one) => ({ ...one, recorded: true })) },
    ]);
  };
  const minutesFrom = (start: EpochMicros, count: number): EpochMicros[] =>
    Array.from({ length: count }, (_, index) => start + index * MINUTE);
  const left = (): number[][] =>
    [CANDLES_1M, CANDLE_REVISIONS, CANDLE_REPEATS].map((table) =>
      rows
        .all(table as typeof CANDLES_1M)
        .filter(({ symbol }) => symbol === SYMBOL)
        .map(({ openTime }) => openTime),
    );

  it('should remove a day with all its captures where the ledger misses none of it, and nothing of other days', () => {
    const next = MIDNIGHT + DAY;
    begin(minutesFrom(NOON, 720 + 3));
    expect(runUnit(rows, removeMinutesUnit(SYMBOL, MIDNIGHT))).toEqual({
      symbol: SYMBOL,
      start: MIDNIGHT,
      end: next,
      count: 720,
    });
    expect(left()).toEqual([minutesFrom(next, 3), minutesFrom(next, 3), minutesFrom(next, 3)]);
    expect(rows.all(CANDLES_1M).filter(({ symbol }) => symbol === 'ETHUSDT')).toHaveLength(1);
    expect(rows.all(STORE_FACTS)).toEqual([{ name: MINUTES_REMOVED_FACT, value: String(next) }]);
  });

  it('should leave a day alone of which any minute is missing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 719 }), { minLength: 1, maxLength: 3 }), (missing) => {
        const held = minutesFrom(NOON, 720).filter((_, index) => !missing.includes(index));
        begin(held);
        expect(runUnit(rows, removeMinutesUnit(SYMBOL, MIDNIGHT))).toBeUndefined();
        expect(left()).toEqual([held, held, held]);
        expect(rows.all(STORE_FACTS)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('should count what the exchange does not have as accounted for, and keep the latest day that was removed', () => {
    begin(minutesFrom(NOON, 700), minutesFrom(NOON + 700 * MINUTE, 20));
    const later = { name: MINUTES_REMOVED_FACT, value: String(MIDNIGHT + 9 * DAY) };
    rows.apply([{ kind: 'add', table: STORE_FACTS, rows: [later] }]);
    expect(runUnit(rows, removeMinutesUnit(SYMBOL, MIDNIGHT))).toMatchObject({ count: 700 });
    expect(rows.all(STORE_FACTS)).toEqual([later]);
  });

  it('should find the days of which minutes are stored, one after the other', () => {
    begin([NOON, NOON + 2 * DAY]);
    const next = (start: EpochMicros, end = MIDNIGHT + 9 * DAY): unknown =>
      runUnit(rows, findOnly(nextDayOfMinutes(SYMBOL, { start, end })));
    expect(next(0)).toBe(MIDNIGHT);
    expect(next(MIDNIGHT + DAY)).toBe(MIDNIGHT + 2 * DAY);
    expect(next(MIDNIGHT + 3 * DAY)).toBeUndefined();
    expect(next(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)).toBeUndefined();
  });

  it('should let whole days go, each when as many others have ended since', () => {
    for (const now of [NOON, MIDNIGHT, MIDNIGHT + DAY - 1]) expect(minutesGoBefore(now, 30)).toBe(MIDNIGHT - 30 * DAY);
    expect(minutesGoBefore(MIDNIGHT - 1, 30)).toBe(MIDNIGHT - 31 * DAY);
  });
});

describe('the unit of prices whose time of retention is over', () => {
  const OTHER = 'ETHUSDT';
  const price = fc.record({
    symbol: fc.constantFrom(SYMBOL, OTHER),
    timestamp: fc.integer({ min: 0, max: 20 }).map((hour) => MIDNIGHT + hour * HOUR),
    source: fc.constantFrom('rest', 'stream'),
  });
  const before = pricesGoBefore(MIDNIGHT + 30 * DAY + 10 * HOUR, 30);

  it('should remove them in portions, those of one instant together, and leave the newest one', () => {
    fc.assert(
      fc.property(fc.array(price, { maxLength: 40 }), fc.integer({ min: 2, max: 50 }), (prices, most) => {
        const rows = new MemoryRows();
        rows.apply([{ kind: 'ensure', table: PRICE_KEYS, rows: prices }]);
        const stored = rows.all(PRICE_KEYS);
        const newest = Math.max(...stored.filter(({ symbol }) => symbol === SYMBOL).map(({ timestamp }) => timestamp));
        const goes = ({ symbol, timestamp }: (typeof stored)[number]): boolean =>
          symbol === SYMBOL && timestamp < before && timestamp < newest;
        const remove = (): RangeChange | undefined => runUnit(rows, removePricesUnit(SYMBOL, before, most));
        let removed = 0;
        for (let portion = remove(); portion; portion = remove()) {
          const { symbol, start, end, count } = portion;
          expect([symbol, start]).toEqual([SYMBOL, 0]);
          expect(count).toBeLessThanOrEqual(most);
          removed += count;
          expect(rows.all(PRICE_KEYS)).toEqual(stored.filter((one) => !goes(one) || one.timestamp >= end));
          expect(stored.length - rows.all(PRICE_KEYS).length).toBe(removed);
        }
        expect(rows.all(PRICE_KEYS)).toEqual(stored.filter((one) => !goes(one)));
      }),
    );
  });

  it('should ask once for a portion', () => {
    const rows = new MemoryRows();
    const timestamps = Array.from({ length: 9 }, (_, minute) => MIDNIGHT + minute * MINUTE);
    rows.apply([
      {
        kind: 'add',
        table: PRICE_KEYS,
        rows: timestamps.map((timestamp) => ({ symbol: SYMBOL, timestamp, source: 'rest' })),
      },
    ]);
    expect(runUnit(rows, removePricesUnit(SYMBOL, before, 4))).toEqual({
      symbol: SYMBOL,
      start: 0,
      end: timestamps[4],
      count: 4,
    });
    expect(rows.rounds).toBe(1);
  });
});
