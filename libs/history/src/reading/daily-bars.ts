import {
  compareCodePoints,
  DAY,
  DailyBarReader,
  latestStamp,
  type Clock,
  type DailyBar,
  type EpochMicros,
  type MinuteAccount,
  type TimeRange,
} from '@app/domain';
import { candleBarState, polledBarState } from '../bars';
import { pickColumns, type RowOf } from '../rows/table';
import { ask, inRanges, together, type Inquiry, type RowFinder } from '../rows/unit';
import { COVERAGE_DAYS } from '../units/ledger-tables';
import { polledDayOf, PRICE_EVENTS, TICKER_DAYS } from '../units/price-unit';
import { CANDLES_1D } from '../units/roll-up-unit';
import { BAR_FIELDS, CANDLE_DATES, countStarts, inRounds, storedSpans } from './buckets';
import type { AccountRows } from './candle-rows';
import { MinuteAccounts } from './minute-accounts';

const POLLED_DATES = pickColumns(TICKER_DAYS, ['symbol', 'date']);

const CANDLE_DAYS = pickColumns(CANDLES_1D, BAR_FIELDS);

const ACCOUNTED_DAYS = pickColumns(COVERAGE_DAYS, ['symbol', 'date', 'stopped', 'changedAt']);

const POLLED_DAYS = pickColumns(TICKER_DAYS, [
  'symbol',
  'date',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'lastTimestamp',
]);

const PRICES = pickColumns(PRICE_EVENTS, ['symbol', 'timestamp', 'source', 'lastPrice', 'volume']);

type CandleDay = RowOf<typeof CANDLE_DAYS>;
type AccountedDay = RowOf<typeof ACCOUNTED_DAYS>;
type PolledDay = RowOf<typeof POLLED_DAYS>;

/** Days from gold: one row of candles where there is one, else what the polled prices say. */
export class DailyBars extends DailyBarReader {
  constructor(
    private readonly rows: RowFinder,
    private readonly accounts: AccountRows,
    private readonly clock: Clock,
  ) {
    super();
  }

  spans(symbols: readonly string[]): Promise<TimeRange[]> {
    return this.rows.find(spansOf(symbols, latestStamp(this.clock.now())));
  }

  countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number> {
    return countStarts(this.rows, [CANDLE_DATES, POLLED_DATES], symbols, range, most);
  }

  bars(symbols: readonly string[], range: TimeRange): Promise<DailyBar[]> {
    return this.rows.find(this.inRange(symbols, range, this.clock.now()));
  }

  private *inRange(symbols: readonly string[], range: TimeRange, now: EpochMicros): Inquiry<DailyBar[]> {
    const bars: DailyBar[] = [];
    for (const part of inRounds(symbols)) for (const bar of yield* this.barsOf(part, range, now)) bars.push(bar);
    return bars.sort((a, b) => a.date - b.date || compareCodePoints(a.symbol, b.symbol));
  }

  private *barsOf(symbols: readonly string[], { start, end }: TimeRange, now: EpochMicros): Inquiry<DailyBar[]> {
    const ranges = symbols.map((symbol) => ({ prefix: [symbol], from: start, until: end }));
    const [candles, accounted, polled] = yield* ask(
      inRanges(CANDLE_DAYS, ranges),
      inRanges(ACCOUNTED_DAYS, ranges),
      inRanges(POLLED_DAYS, ranges),
    );
    const bars: DailyBar[] = [];
    for (const [index, symbol] of symbols.entries()) {
      const days = candles[index] ?? [];
      for (const bar of this.candleBars(symbol, days, accounted[index] ?? [], now)) bars.push(bar);
      const dates = new Set(days.map(({ openTime }) => openTime));
      for (const stored of polled[index] ?? []) {
        if (dates.has(stored.date)) continue;
        const day = yield* polledDayUntil(stored, latestStamp(now));
        if (day) bars.push(polledBar(day, now));
      }
    }
    return bars;
  }

  private candleBars(
    symbol: string,
    days: readonly CandleDay[],
    accounted: readonly AccountedDay[],
    now: EpochMicros,
  ): DailyBar[] {
    if (days.length === 0) return [];
    const changes = new Map(accounted.map(({ date, changedAt }) => [date, changedAt]));
    const stopped = accounted.filter((day) => day.stopped > 0);
    const account = new MinuteAccounts(this.accounts, symbol).ofDays(
      stopped.map(({ date, stopped: minutes }) => ({ date, minutes })),
    );
    return days.map((day) => {
      const range = { start: day.openTime, end: day.openTime + DAY };
      const held = { minutes: day.minutes, lastMinute: day.lastMinute };
      return candleBar(day, changes.get(day.openTime) ?? null, account(range, held), now);
    });
  }
}

function* spansOf(symbols: readonly string[], latest: EpochMicros): Inquiry<TimeRange[]> {
  const found = yield* together(
    storedSpans(CANDLE_DATES, DAY, symbols),
    storedSpans(POLLED_DATES, DAY, symbols, latest),
  );
  return symbols.flatMap((_, index) => {
    const spans = found.flatMap((ofTable) => ofTable[index] ?? []);
    if (spans.length === 0) return [];
    return { start: Math.min(...spans.map(({ start }) => start)), end: Math.max(...spans.map(({ end }) => end)) };
  });
}

/**
 * A day of which gold has seen a price that is stamped ahead of its time is made anew of those that count by now; undefined
 * when there is none. A day by itself: it may have many.
 */
function* polledDayUntil(day: PolledDay, latest: EpochMicros): Inquiry<PolledDay | undefined> {
  if (day.lastTimestamp <= latest) return day;
  const { symbol, date } = day;
  const until = Math.min(date + DAY, latest + 1);
  const [[prices = []]] = yield* ask(inRanges(PRICES, [{ prefix: [symbol], from: date, until }]));
  return polledDayOf(symbol, date, prices);
}

function candleBar(
  day: CandleDay,
  accountedAt: EpochMicros | null,
  account: MinuteAccount,
  now: EpochMicros,
): DailyBar {
  const { isFinal, changedAt } = candleBarState(day.openTime + DAY, day.capturedAt, accountedAt, account, now);
  return {
    date: day.openTime,
    symbol: day.symbol,
    open: day.open,
    high: day.high,
    low: day.low,
    close: day.close,
    volume: day.volume,
    quoteVolume: day.quoteVolume,
    tradeCount: day.tradeCount,
    isFinal,
    source: 'kline',
    changedAt,
  };
}

function polledBar(day: PolledDay, now: EpochMicros): DailyBar {
  const { isFinal, changedAt } = polledBarState(day.date + DAY, day.lastTimestamp, now);
  return {
    date: day.date,
    symbol: day.symbol,
    open: day.open,
    high: day.high,
    low: day.low,
    close: day.close,
    volume: day.volume,
    quoteVolume: null,
    tradeCount: null,
    isFinal,
    source: 'ticker',
    changedAt,
  };
}
