import { compareCodePoints, DAY, floorTo, HOUR, MINUTE, type EpochMicros, type TimeRange } from '@app/domain';
import { FakeClock, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { COVERAGE_DAYS } from '../units/ledger-tables';
import { CANDLES_1D, CANDLES_1H } from '../units/roll-up-unit';
import type { AccountRows } from './candle-rows';
import { HourlyBars } from './hourly-bars';

// A page of a few hours, so that a test goes through several.
jest.mock('@app/domain', () => ({ ...jest.requireActual<object>('@app/domain'), PAGE_ROWS: 3 }));

const T = Date.UTC(2026, 0, 15) * 1_000;
const HOURS = 50;
const NOW = T + 40 * HOUR + 20 * MINUTE;
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', '币安人生USDT'];

/** An hour whose first minutes are stored, and those behind them stopped. */
interface CandleHour {
  readonly symbol: string;
  readonly openTime: EpochMicros;
  readonly minutes: number;
  readonly stopped: number;
  readonly capturedAt: EpochMicros;
}

const candleHours = fc.uniqueArray(
  fc
    .record({
      symbol: fc.constantFrom(...SYMBOLS),
      openTime: fc.nat(HOURS - 1).map((hour) => T + hour * HOUR),
      minutes: fc.constantFrom(1, 59, 60),
      stopped: fc.constantFrom(0, 1, 59),
      late: fc.nat(2_000),
    })
    .map(({ symbol, openTime, minutes, stopped, late }): CandleHour => ({
      symbol,
      openTime,
      minutes,
      stopped: Math.min(stopped, 60 - minutes),
      capturedAt: openTime + (minutes + late) * MINUTE,
    })),
  { maxLength: 40, selector: ({ symbol, openTime }) => `${symbol} ${openTime}` },
);

/** When the ledger of each day last changed: of the second one there is none. */
const ACCOUNTED_AT: readonly (EpochMicros | undefined)[] = [T + 30 * HOUR, undefined, T + 49 * HOUR];

const ranges = fc
  .tuple(fc.integer({ min: -2, max: HOURS }), fc.integer({ min: 0, max: HOURS + 4 }))
  .map(([start, hours]): TimeRange => ({ start: T + start * HOUR, end: T + (start + hours) * HOUR }));

const accountedAt = (openTime: EpochMicros): EpochMicros => ACCOUNTED_AT[(floorTo(openTime, DAY) - T) / DAY] ?? 0;

function read(hours: readonly CandleHour[]): HourlyBars {
  const rows = new MemoryRows();
  const numbers = { open: '1.50', high: '3', low: '1', close: '2', volume: '7', quoteVolume: '9', tradeCount: 4 };
  const takers = { takerBuyVolume: '1', takerBuyQuoteVolume: '1', firstTradedMinute: null, revision: 1 };
  const counts = { captured: 1, quiet: 0, stopped: 0, repaired: 0, stoppedAt: null };
  const rowOf = ({ symbol, openTime, minutes, capturedAt }: CandleHour): object => {
    const held = { minutes, lastMinute: openTime + (minutes - 1) * MINUTE, capturedAt };
    return { symbol, openTime, ...numbers, ...takers, ...held };
  };
  rows.apply([
    { kind: 'add', table: CANDLES_1H, rows: hours.map(rowOf) },
    {
      kind: 'put',
      table: CANDLES_1D,
      rows: hours.map((hour) => rowOf({ ...hour, openTime: floorTo(hour.openTime, DAY) })),
    },
    {
      kind: 'add',
      table: COVERAGE_DAYS,
      rows: SYMBOLS.flatMap((symbol) =>
        ACCOUNTED_AT.flatMap((changedAt, day) =>
          changedAt === undefined ? [] : { symbol, date: T + day * DAY, ...counts, changedAt },
        ),
      ),
    },
  ]);
  const accounts = {
    firstDue: () => undefined,
    stopped: (symbol: string, { start, end }: TimeRange) =>
      hours
        .filter((hour) => hour.symbol === symbol && hour.stopped > 0)
        .map(({ openTime, minutes, stopped }) => ({
          start: openTime + minutes * MINUTE,
          end: openTime + (minutes + stopped) * MINUTE,
        }))
        .filter((stop) => stop.start < end && stop.end > start)
        .sort((a, b) => a.start - b.start),
  } as Partial<AccountRows> as AccountRows;
  return new HourlyBars(rows, accounts, new FakeClock(NOW));
}

const inOrder = (a: CandleHour, b: CandleHour): number =>
  a.openTime - b.openTime || compareCodePoints(a.symbol, b.symbol);

describe('hours of the tables', () => {
  it('should be those that are stored, in the order of their times, each as whole as its minutes and stops', async () => {
    await fc.assert(
      fc.asyncProperty(candleHours, ranges, async (hours, { start, end }) => {
        const wanted = [...hours]
          .sort(inOrder)
          .filter(({ openTime }) => openTime >= start && openTime < end)
          .map(({ symbol, openTime, minutes, stopped, capturedAt }) => {
            const until = openTime + HOUR;
            const isFinal = until <= NOW && minutes + stopped === 60;
            const changedAt = Math.max(capturedAt, accountedAt(openTime), isFinal ? until : 0);
            return { symbol, openTime, open: '1.50', close: '2', tradeCount: 4, isFinal, changedAt };
          });
        const bars = await read(hours).bars(SYMBOLS, { start, end });
        expect(bars).toEqual(wanted.map((bar): unknown => expect.objectContaining(bar)));
      }),
    );
  });

  it('should span all hours of a symbol, and be counted by the dates that a range touches', async () => {
    await fc.assert(
      fc.asyncProperty(candleHours, ranges, async (hours, { start, end }) => {
        const bars = read(hours);
        const spans = SYMBOLS.flatMap((symbol) => {
          const starts = hours.filter((hour) => hour.symbol === symbol).map(({ openTime }) => openTime);
          return starts.length === 0 ? [] : [{ start: Math.min(...starts), end: Math.max(...starts) + HOUR }];
        });
        expect(await bars.spans(SYMBOLS)).toEqual(spans);
        const dates = new Set(
          hours
            .map(({ symbol, openTime }) => ({ symbol, date: floorTo(openTime, DAY) }))
            .filter(({ date }) => date >= floorTo(start, DAY) && date < end)
            .map(({ symbol, date }) => `${symbol} ${date}`),
        );
        expect(await bars.countDates(SYMBOLS, { start, end }, Infinity)).toBe(dates.size);
      }),
    );
  });
});
