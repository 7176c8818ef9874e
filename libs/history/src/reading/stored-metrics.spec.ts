import { compareCodePoints, DAY, HOUR, type EpochMicros, type SymbolMetrics, type TimeKey } from '@app/domain';
import { FakeClock, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { DAILY_METRICS } from '../units/daily-metrics-unit';
import { COVERAGE_DAYS, SYMBOL_FRAMES } from '../units/ledger-tables';
import { DayQualities } from './day-qualities';
import { StoredMetrics } from './stored-metrics';

const T = Date.UTC(2026, 0, 15) * 1_000;
const DAYS = 60;
const NOW = T + 40 * DAY + 7 * HOUR;
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', '币安人生USDT'];

interface StoredDay {
  readonly symbol: string;
  readonly date: EpochMicros;
  readonly capturedAt: EpochMicros;
}

const days = fc.uniqueArray(
  fc.record({
    symbol: fc.constantFrom(...SYMBOLS),
    date: fc.nat(DAYS - 1).map((day) => T + day * DAY),
    capturedAt: fc.nat(DAYS).map((day) => T + day * DAY + HOUR),
  }),
  { maxLength: 120, selector: ({ symbol, date }) => `${symbol} ${date}` },
);

/** Days of the ledger with so many captured minutes; the ledgers begin on the fifth day, and the last symbol has none. */
const captured = fc.uniqueArray(fc.tuple(fc.nat(DAYS - 1), fc.constantFrom(1, 720, 1_440)), {
  selector: ([day]) => day,
});

const bound = fc.integer({ min: -2, max: DAYS + 2 }).map((day) => T + day * DAY);
const ranges = fc.record({ start: bound, end: bound }, { requiredKeys: [] });
const limits = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 15, max: 18 }), fc.constant(200));

const inOrder = (a: StoredDay, b: StoredDay): number => a.date - b.date || compareCodePoints(a.symbol, b.symbol);

function store(given: readonly StoredDay[], accounted: readonly (readonly [number, number])[]): MemoryRows {
  const rows = new MemoryRows();
  const volatility = { volClose7d: null, volClose30d: '0.5', volParkinson30d: null, volGarmanKlass30d: null };
  const others = { volYangZhang30d: null, maxDrawdown30d: '0.1', observations: 3 };
  const counts = { quiet: 0, stopped: 0, repaired: 0, stoppedAt: null };
  const frame = { trackedSince: T, ledgerFloor: null, firstCapturedAt: T };
  rows.apply([
    {
      kind: 'add',
      table: DAILY_METRICS,
      rows: given.map((day) => ({
        ...day,
        close: '2',
        logReturn: '-0.1',
        vwap: '1.5',
        trueRange: '2',
        ...volatility,
        ...others,
      })),
    },
    {
      kind: 'add',
      table: SYMBOL_FRAMES,
      rows: SYMBOLS.map((symbol, index) => ({
        symbol,
        ...frame,
        ledgerStart: index === 2 ? null : T + 5 * DAY + HOUR,
      })),
    },
    {
      kind: 'add',
      table: COVERAGE_DAYS,
      rows: SYMBOLS.flatMap((symbol) =>
        accounted.map(([day, minutes]) => ({
          symbol,
          date: T + day * DAY,
          captured: minutes,
          ...counts,
          changedAt: T + 50 * DAY,
        })),
      ),
    },
  ]);
  return rows;
}

describe('metrics of the tables', () => {
  it('should be those that are stored, by date and symbol, whatever the size of pages', async () => {
    await fc.assert(
      fc.asyncProperty(days, ranges, limits, async (given, range, limit) => {
        const wanted = [...given]
          .sort(inOrder)
          .filter(({ date }) => date >= (range.start ?? 0) && date < (range.end ?? Infinity))
          .map(({ symbol, date }) => ({
            symbol,
            date,
            close: '2',
            logReturn: '-0.1',
            volClose7d: null,
            observations: 3,
          }));
        const metrics = new StoredMetrics(store(given, []), new FakeClock(NOW));
        const found: SymbolMetrics[] = [];
        for (let after: TimeKey | undefined; ;) {
          const page = await metrics.range(SYMBOLS, range, limit, after);
          expect(page.length).toBeLessThanOrEqual(limit);
          found.push(...page);
          const last = page.at(-1);
          if (!last || page.length < limit) break;
          after = { time: last.date, symbol: last.symbol };
        }
        expect(found).toEqual(wanted.map((row): unknown => expect.objectContaining(row)));
      }),
    );
  });

  it('should be covered as their days are in the ledger, and not at all outside of it', async () => {
    await fc.assert(
      fc.asyncProperty(days, captured, async (given, accounted) => {
        const rows = store(given, accounted);
        const range = { start: T, end: T + DAYS * DAY };
        const qualities = await new DayQualities(rows, new FakeClock(NOW)).days(SYMBOLS, range);
        const found = await new StoredMetrics(rows, new FakeClock(NOW)).range(SYMBOLS, {}, 1_000);
        expect(found.map(({ coveragePercent }) => coveragePercent)).toEqual(
          found.map(
            ({ symbol, date }) =>
              qualities.find((day) => day.symbol === symbol && day.date === date)?.coveragePercent ?? '100.00',
          ),
        );
        for (const { symbol, date, changedAt } of found) {
          const { capturedAt } = given.find((day) => day.symbol === symbol && day.date === date)!;
          const quality = qualities.find((day) => day.symbol === symbol && day.date === date);
          expect(changedAt).toBeGreaterThanOrEqual(capturedAt);
          if (!quality) expect(changedAt).toBe(capturedAt);
          else expect(changedAt).toBeLessThanOrEqual(Math.max(capturedAt, quality.changedAt));
        }
      }),
    );
  });

  it('should span the dates of each symbol, and be counted by them until there are more than are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(days, fc.nat(60), async (given, most) => {
        const metrics = new StoredMetrics(store(given, []), new FakeClock(NOW));
        const range = { start: T + 10 * DAY, end: T + 30 * DAY };
        let counted = 0;
        for (const symbol of SYMBOLS) {
          if (counted > most) break;
          const ofSymbol = given.filter((day) => day.symbol === symbol);
          counted += ofSymbol.filter(({ date }) => date >= range.start && date < range.end).length;
        }
        expect(await metrics.countDates(SYMBOLS, range, most)).toBe(counted);
        const spans = SYMBOLS.flatMap((symbol) => {
          const dates = given.filter((day) => day.symbol === symbol).map(({ date }) => date);
          return dates.length === 0 ? [] : { start: Math.min(...dates), end: Math.max(...dates) + DAY };
        });
        expect(await metrics.spans(SYMBOLS)).toEqual(spans);
      }),
    );
  });
});
