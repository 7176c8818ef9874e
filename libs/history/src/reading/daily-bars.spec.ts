import {
  compareCodePoints,
  compareDecimalTexts,
  DAY,
  floorTo,
  LEDGER_DELAY,
  MINUTE,
  type DailyBar,
  type EpochMicros,
  type PriceEvent,
  type TimeRange,
} from '@app/domain';
import { FakeClock, MemoryRows } from '@app/testing';
import fc from 'fast-check';
import { runUnit } from '../rows/unit';
import { COVERAGE_DAYS } from '../units/ledger-tables';
import { priceUnit } from '../units/price-unit';
import { CANDLES_1D } from '../units/roll-up-unit';
import type { AccountRows } from './candle-rows';
import { DailyBars } from './daily-bars';

const T = Date.UTC(2026, 0, 15) * 1_000;
const DAYS = 5;
const NOW = T + 3 * DAY + 7 * 60 * MINUTE;
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', '币安人生USDT'];

/** A UTC day of candles: its first minutes are stored, and those behind them are stopped. */
interface CandleDay {
  readonly symbol: string;
  readonly date: EpochMicros;
  readonly minutes: number;
  readonly stopped: number;
  readonly capturedAt: EpochMicros;
  /** When its ledger last changed; undefined where it has none. */
  readonly accountedAt: EpochMicros | undefined;
}

const place = { symbol: fc.constantFrom(...SYMBOLS), date: fc.nat(DAYS - 1).map((day) => T + day * DAY) };

const candleDays = fc.uniqueArray(
  fc
    .record({
      ...place,
      minutes: fc.constantFrom(1, 700, 1_439, 1_440),
      stopped: fc.constantFrom(0, 1, 740),
      late: fc.nat(3 * 1_440),
      accounted: fc.option(fc.nat(3 * 1_440), { nil: undefined }),
    })
    .map(({ symbol, date, minutes, stopped, late, accounted }): CandleDay => ({
      symbol,
      date,
      minutes,
      stopped: accounted === undefined ? 0 : Math.min(stopped, 1_440 - minutes),
      capturedAt: date + (minutes + late) * MINUTE,
      accountedAt: accounted === undefined ? undefined : date + accounted * MINUTE,
    })),
  { maxLength: 8, selector: ({ symbol, date }) => `${symbol} ${date}` },
);

/** Some of them are stamped ahead of now, some by a little. */
const prices = fc.array(
  fc
    .record({
      ...place,
      minute: fc.oneof(fc.nat(1_439), fc.integer({ min: 418, max: 423 })),
      source: fc.constantFrom('a', 'b'),
      price: fc.nat(99),
    })
    .map(({ symbol, date, minute, source, price }): PriceEvent => ({
      symbol,
      timestamp: date + minute * MINUTE,
      source,
      lastPrice: `${price}.5`,
      priceChangePercent: '-1',
      volume: String(price * 2),
    })),
  { maxLength: 60 },
);

const ranges = fc
  .tuple(fc.integer({ min: -1, max: DAYS }), fc.integer({ min: 0, max: DAYS + 1 }))
  .map(([start, days]): TimeRange => ({ start: T + start * DAY, end: T + (start + days) * DAY }));

const stopOf = ({ date, minutes, stopped }: CandleDay): TimeRange => ({
  start: date + minutes * MINUTE,
  end: date + (minutes + stopped) * MINUTE,
});

function read(days: readonly CandleDay[], events: readonly PriceEvent[]): DailyBars {
  const rows = new MemoryRows();
  runUnit(rows, priceUnit(events));
  const numbers = { open: '1.50', high: '3', low: '1', close: '2', volume: '7', quoteVolume: '9', tradeCount: 4 };
  const takers = { takerBuyVolume: '1', takerBuyQuoteVolume: '1', firstTradedMinute: null, revision: 1 };
  rows.apply([
    {
      kind: 'add',
      table: CANDLES_1D,
      rows: days.map(({ symbol, date, minutes, capturedAt }) => {
        const held = { minutes, lastMinute: date + (minutes - 1) * MINUTE, capturedAt };
        return { symbol, openTime: date, ...numbers, ...takers, ...held };
      }),
    },
    {
      kind: 'add',
      table: COVERAGE_DAYS,
      rows: days.flatMap(({ symbol, date, minutes, stopped, accountedAt }) =>
        accountedAt === undefined
          ? []
          : {
              symbol,
              date,
              captured: minutes,
              quiet: 0,
              stopped,
              repaired: 0,
              changedAt: accountedAt,
              stoppedAt: null,
            },
      ),
    },
  ]);
  const accounts = {
    firstDue: () => undefined,
    stopped: (symbol: string, { start, end }: TimeRange) =>
      days
        .filter((day) => day.symbol === symbol && day.stopped > 0)
        .map(stopOf)
        .filter((stop) => stop.start < end && stop.end > start),
  } as Partial<AccountRows> as AccountRows;
  return new DailyBars(rows, accounts, new FakeClock(NOW));
}

/** What polled prices say of a day, by the definition: those that count by now, in the order of their times and sources. */
function polledBar(symbol: string, date: EpochMicros, events: readonly PriceEvent[]): Partial<DailyBar> | undefined {
  const seen = new Map<string, PriceEvent>();
  for (const event of events) {
    const { timestamp, source } = event;
    const key = `${timestamp} ${source}`;
    const isOfDay = event.symbol === symbol && floorTo(timestamp, DAY) === date;
    if (isOfDay && timestamp <= NOW + MINUTE && !seen.has(key)) seen.set(key, event);
  }
  const counted = [...seen.values()].sort((a, b) => a.timestamp - b.timestamp || compareCodePoints(a.source, b.source));
  const [first, last] = [counted[0], counted.at(-1)];
  if (!first || !last) return undefined;
  const sorted = counted.map(({ lastPrice }) => lastPrice).sort(compareDecimalTexts);
  const finalAt = date + DAY + LEDGER_DELAY;
  const isFinal = finalAt <= NOW;
  return {
    date,
    symbol,
    open: first.lastPrice,
    high: sorted.at(-1)!,
    low: sorted[0]!,
    close: last.lastPrice,
    volume: last.volume,
    quoteVolume: null,
    tradeCount: null,
    isFinal,
    source: 'ticker',
    changedAt: Math.max(last.timestamp, isFinal ? finalAt : 0),
  };
}

function candleBar({ symbol, date, minutes, stopped, capturedAt, accountedAt = 0 }: CandleDay): Partial<DailyBar> {
  const isFinal = date + DAY <= NOW && minutes + stopped === 1_440;
  const changedAt = Math.max(capturedAt, accountedAt, isFinal ? date + DAY : 0);
  return { date, symbol, open: '1.50', close: '2', tradeCount: 4, isFinal, source: 'kline', changedAt };
}

/** All bars by the definition, ascending by date, then symbol. */
function expected(days: readonly CandleDay[], events: readonly PriceEvent[]): Partial<DailyBar>[] {
  const dates = Array.from({ length: DAYS }, (_, day) => T + day * DAY);
  return dates.flatMap((date) =>
    [...SYMBOLS].sort(compareCodePoints).flatMap((symbol) => {
      const day = days.find((one) => one.symbol === symbol && one.date === date);
      return day ? candleBar(day) : (polledBar(symbol, date, events) ?? []);
    }),
  );
}

const isIn =
  ({ start, end }: TimeRange) =>
  ({ date = 0 }: Partial<DailyBar>): boolean =>
    date >= start && date < end;

describe('days of the tables', () => {
  it('should be made of candles where there are any, else of the prices that count by now', async () => {
    await fc.assert(
      fc.asyncProperty(candleDays, prices, ranges, async (days, events, range) => {
        const wanted = expected(days, events).filter(isIn(range));
        const bars = await read(days, events).bars(SYMBOLS, range);
        expect(bars).toEqual(wanted.map((bar): unknown => expect.objectContaining(bar)));
      }),
    );
  });

  it('should be counted once each, whatever they are made of, until there are more than are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(candleDays, prices, ranges, fc.nat(12), async (days, events, range, most) => {
        const starts = [...days, ...events.map(({ symbol, timestamp }) => ({ symbol, date: floorTo(timestamp, DAY) }))];
        const known = new Set(starts.filter(isIn(range)).map(({ symbol, date }) => `${symbol} ${date}`));
        const bars = read(days, events);
        expect(await bars.countDates(SYMBOLS, range, Infinity)).toBe(known.size);
        const counted = await bars.countDates(SYMBOLS, range, most);
        expect(counted).toBeLessThanOrEqual(known.size);
        if (counted < known.size) expect(counted).toBeGreaterThan(most);
      }),
    );
  });

  it('should span all that is stored of a symbol, but for prices of days that are ahead of now', async () => {
    await fc.assert(
      fc.asyncProperty(candleDays, prices, async (days, events) => {
        const wanted = SYMBOLS.flatMap((symbol) => {
          const polled = events
            .filter((event) => event.symbol === symbol)
            .map(({ timestamp }) => floorTo(timestamp, DAY))
            .filter((date) => date <= NOW + MINUTE);
          const dates = [...polled, ...days.filter((day) => day.symbol === symbol).map(({ date }) => date)];
          return dates.length === 0 ? [] : [{ start: Math.min(...dates), end: Math.max(...dates) + DAY }];
        });
        expect(await read(days, events).spans(SYMBOLS)).toEqual(wanted);
      }),
    );
  });

  it('should be asked for in one round, whatever the number of symbols', async () => {
    const rows = new MemoryRows();
    runUnit(rows, priceUnit([]));
    const before = rows.rounds;
    const accounts = { firstDue: () => undefined } as Partial<AccountRows> as AccountRows;
    const bars = new DailyBars(rows, accounts, new FakeClock(NOW));
    expect(await bars.bars(SYMBOLS, { start: T, end: T + DAY })).toEqual([]);
    expect(rows.rounds).toBe(before + 1);
  });
});
