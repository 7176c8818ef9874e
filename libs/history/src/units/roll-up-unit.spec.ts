import { DAY, HOUR, MINUTE, type MinuteCandle } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { CANDLES_1M } from '../kinds/candle-tables';
import { rollUpBy } from '../roll-up-levels';
import type { RowOf } from '../rows/table';
import { runUnit } from '../rows/unit';
import { CANDLES_1D, CANDLES_1H, newDayUnit, rollUpUnit } from './roll-up-unit';

type MinuteRow = RowOf<typeof CANDLES_1M>;

const MIDNIGHT = Date.UTC(2026, 0, 15) * 1_000;

/** A minute that begins so many minutes after midnight; its numbers follow from its place and its revision. */
function minuteRow(symbol: string, place: number, revision = 1): MinuteRow & MinuteCandle {
  const openTime = MIDNIGHT + place * MINUTE;
  const tradeCount = (place * 7 + revision) % 3;
  const price = `${((place + 500) * 37 * revision) % 101}.5`;
  const amount = `${tradeCount}.${revision}`;
  return {
    symbol,
    openTime,
    closeTime: openTime + MINUTE - 1_000,
    open: price,
    high: `1${price}`,
    low: `0.${revision}`,
    close: price,
    volume: amount,
    quoteVolume: amount,
    tradeCount,
    takerBuyVolume: amount,
    takerBuyQuoteVolume: amount,
    source: 'kline_1m',
    capturedAt: openTime + MINUTE + revision,
    revision,
  };
}

/** Writes minutes as a write unit does, their rows first; one that is there already is revised. */
function write(rows: MemoryRows, given: readonly (readonly [symbol: string, place: number])[]): void {
  const changes = new Map<string, { added: Map<number, MinuteRow>; revised: Set<number> }>();
  for (const [symbol, place] of given) {
    const known = rows
      .all(CANDLES_1M)
      .find((row) => row.symbol === symbol && row.openTime === MIDNIGHT + place * MINUTE);
    const row = minuteRow(symbol, place, (known?.revision ?? 0) + 1);
    rows.apply([{ kind: 'put', table: CANDLES_1M, rows: [row] }]);
    const change = changes.get(symbol) ?? { added: new Map<number, MinuteRow>(), revised: new Set<number>() };
    changes.set(symbol, change);
    if (known) change.revised.add(row.openTime);
    else change.added.set(row.openTime, row);
  }
  const changed = [...changes].map(([symbol, { added, revised }]) => ({
    symbol,
    added: [...added.values()],
    revised: [...revised],
  }));
  runUnit(rows, rollUpUnit(changed));
}

/** What all minutes that are stored make. */
function expected(rows: MemoryRows, length: number): object[] {
  const minutes = rows.all(CANDLES_1M);
  return [...new Set(minutes.map(({ symbol }) => symbol))].flatMap((symbol) =>
    [
      ...rollUpBy(
        minutes.filter((minute) => minute.symbol === symbol),
        length,
      ),
    ].map(([openTime, rollUp]) => ({
      symbol,
      openTime,
      ...rollUp,
    })),
  );
}

describe('a unit of roll-ups', () => {
  // From an hour before midnight to past the next one, in a few clusters.
  const place = fc.oneof(
    fc.integer({ min: -60, max: 70 }),
    fc.integer({ min: 700, max: 720 }),
    fc.constantFrom(1439, 1440),
  );
  const minute = fc.tuple(fc.constantFrom('BTCUSDT', '币安人生USDT'), place);
  const batches = fc.array(fc.array(minute, { maxLength: 25 }), { minLength: 1, maxLength: 6 });
  /** As minutes nearly always come. */
  const inOrder = batches.map((given) => {
    const sorted = given.flat().sort(([, a], [, b]) => a - b);
    return given.map(({ length }) => sorted.splice(0, length));
  });

  it('should keep hours and days as all minutes make them, in whatever units they come and are revised', () => {
    fc.assert(
      fc.property(fc.oneof(batches, inOrder), (given) => {
        const rows = new MemoryRows();
        for (const batch of given) write(rows, batch);
        expect(rows.all(CANDLES_1H)).toEqual(expected(rows, HOUR));
        expect(rows.all(CANDLES_1D)).toEqual(expected(rows, DAY));
      }),
    );
  });

  it('should ask once for minutes that come after all others, and twice for late and revised ones', () => {
    const rows = new MemoryRows();
    const roundsOf = (...given: readonly (readonly [string, number])[]): number => {
      const before = rows.rounds;
      write(rows, given);
      return rows.rounds - before;
    };
    expect(roundsOf()).toBe(0);
    expect(roundsOf(['BTCUSDT', 1], ['ETHBTC', 1], ['BTCUSDT', 3])).toBe(1);
    expect(roundsOf(['BTCUSDT', 100], ['BTCUSDT', 4], ['ETHBTC', 2000])).toBe(1);
    expect(roundsOf(['BTCUSDT', 2], ['ETHBTC', 2001])).toBe(2);
    expect(roundsOf(['BTCUSDT', 3], ['ETHBTC', 1])).toBe(2);
  });

  it('should read back a minute that is added and revised in the same unit', () => {
    const rows = new MemoryRows();
    write(rows, [
      ['BTCUSDT', 1],
      ['BTCUSDT', 1],
    ]);
    expect(rows.all(CANDLES_1H)).toMatchObject([{ minutes: 1, revision: 2, low: '0.2' }]);
    expect(rows.all(CANDLES_1D)).toMatchObject([{ minutes: 1, revision: 2, low: '0.2' }]);
  });

  it('should make of a whole new day what its minutes make one by one', () => {
    const places = fc.uniqueArray(fc.integer({ min: 0, max: 1439 }), { maxLength: 40 });
    fc.assert(
      fc.property(places, (given) => {
        const [rows, whole] = [new MemoryRows(), new MemoryRows()];
        for (const one of given) write(rows, [['BTCUSDT', one]]);
        runUnit(whole, newDayUnit([{ symbol: 'BTCUSDT', added: rows.all(CANDLES_1M) }]));
        for (const table of [CANDLES_1H, CANDLES_1D]) expect(whole.all(table)).toEqual(rows.all(table));
      }),
    );
  });

  it('should go on with hours and days whose minutes are no longer stored', () => {
    const rows = new MemoryRows();
    write(rows, [
      ['BTCUSDT', 1],
      ['BTCUSDT', 90],
    ]);
    rows.apply([{ kind: 'remove', table: CANDLES_1M, keys: rows.all(CANDLES_1M).map((row) => CANDLES_1M.keyOf(row)) }]);
    write(rows, [['BTCUSDT', 91]]);
    expect(rows.all(CANDLES_1H).map(({ minutes }) => minutes)).toEqual([1, 2]);
    expect(rows.all(CANDLES_1D).map(({ minutes }) => minutes)).toEqual([3]);
  });
});
