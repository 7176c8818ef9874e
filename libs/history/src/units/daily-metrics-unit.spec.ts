import { DAY } from '@app/domain';
import { MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { METRICS_REACH, metricsOfDays } from '../metrics/daily-metrics';
import { metricsReaches } from '../metrics/metrics-reach';
import { MonthsBefore } from '../metrics/months-before';
import type { RowOf } from '../rows/table';
import { runUnit } from '../rows/unit';
import { DAILY_METRICS, dailyMetricsUnit, METRICS_DAYS } from './daily-metrics-unit';

type DayRow = RowOf<typeof METRICS_DAYS>;

const FIRST = 20_000 * DAY;
const ALL_TIME = { start: 0, end: Number.MAX_SAFE_INTEGER };

/** A day with numbers that follow from its place and from how often it has changed. */
function dayRow(symbol: string, place: number, version: number): DayRow {
  const cents = 100 + ((place * 37 + version * 11) % 83);
  return {
    symbol,
    openTime: FIRST + place * DAY,
    open: `${cents}.00`,
    high: `${cents + 9}.5`,
    // A price of 0 has no logarithm.
    low: place % 13 === 12 ? '0' : `${cents - 7}.25`,
    close: `${cents + version}.00`,
    volume: String(version),
    quoteVolume: `${cents * version}.5`,
    capturedAt: FIRST + ((place * 7 + version) % 50),
  };
}

/** Writes days and then their metrics, as a write unit does. */
function write(rows: MemoryRows, months: MonthsBefore, ...days: readonly DayRow[]): void {
  rows.apply([{ kind: 'put', table: METRICS_DAYS, rows: days }]);
  const wanted = days.flatMap(({ symbol, openTime }) => metricsReaches([openTime]).map((dates) => ({ symbol, dates })));
  runUnit(rows, dailyMetricsUnit(wanted, months));
}

/** What all days that are stored make. */
function expected(rows: MemoryRows): object[] {
  const days = rows.all(METRICS_DAYS).map((row) => ({ ...row, date: row.openTime }));
  return [...new Set(days.map(({ symbol }) => symbol))].flatMap((symbol) => {
    const ofSymbol = days.filter((day) => day.symbol === symbol);
    return metricsOfDays(ofSymbol, ALL_TIME).map((metrics) => {
      const within = ofSymbol.filter(({ date }) => date <= metrics.date && date >= metrics.date - METRICS_REACH * DAY);
      return { symbol, ...metrics, capturedAt: Math.max(...within.map(({ capturedAt }) => capturedAt)) };
    });
  });
}

describe('a unit of daily metrics', () => {
  const symbol = fc.constantFrom('BTCUSDT', '币安人生USDT');
  const step = fc.record({
    symbol,
    /** Mostly the newest days again and again, as they do with each minute. */
    place: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 58, max: 61 }) }, fc.integer({ min: 0, max: 70 })),
    /** Which of two processes writes, each with what it remembers. */
    writer: fc.constantFrom(0, 1),
    isTakenBack: fc.boolean(),
  });

  it('should keep the rows that all days make, whoever writes in between and whatever is taken back', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 20, max: 60 })),
        fc.array(step, { maxLength: 25 }),
        (places, steps) => {
          const months = [new MonthsBefore(), new MonthsBefore()] as const;
          const rows = new MemoryRows();
          const stored = ['BTCUSDT', '币安人生USDT'].flatMap((one) => places.map((place) => dayRow(one, place, 1)));
          write(rows, new MonthsBefore(), ...stored);
          for (const [index, { place, writer, isTakenBack, ...of }] of steps.entries()) {
            const day = dayRow(of.symbol, place, index + 2);
            const target = isTakenBack ? new MemoryRows() : rows;
            if (isTakenBack) target.apply([{ kind: 'put', table: METRICS_DAYS, rows: rows.all(METRICS_DAYS) }]);
            write(target, months[writer === 0 ? 0 : 1], day);
          }
          expect(rows.all(DAILY_METRICS)).toEqual(expected(rows));
        },
      ),
    );
  });

  it('should ask once, for whatever number of symbols', () => {
    const rows = new MemoryRows();
    const months = new MonthsBefore();
    runUnit(rows, dailyMetricsUnit([], months));
    expect(rows.rounds).toBe(0);
    write(rows, months, dayRow('BTCUSDT', 1, 1), dayRow('ETHBTC', 1, 1), dayRow('BTCUSDT', 40, 1));
    expect(rows.rounds).toBe(1);
    expect(rows.all(DAILY_METRICS)).toEqual(expected(rows));
  });

  it('should make all rows anew, and none for a date without a day', () => {
    const rows = new MemoryRows();
    const days = [1, 2, 40].map((place) => dayRow('BTCUSDT', place, 1));
    rows.apply([{ kind: 'put', table: METRICS_DAYS, rows: days }]);
    runUnit(rows, dailyMetricsUnit([{ symbol: 'BTCUSDT', dates: ALL_TIME }], new MonthsBefore()));
    expect(rows.all(DAILY_METRICS)).toHaveLength(3);
    expect(rows.all(DAILY_METRICS)).toEqual(expected(rows));
  });

  it('should be right for more symbols than are remembered', () => {
    const rows = new MemoryRows();
    const months = new MonthsBefore(2);
    const symbols = ['A', 'B', 'C'];
    for (const place of [1, 2, 2, 2]) write(rows, months, ...symbols.map((one) => dayRow(one, place, place)));
    expect(rows.all(DAILY_METRICS)).toEqual(expected(rows));
  });
});
