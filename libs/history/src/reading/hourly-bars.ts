import {
  compareCodePoints,
  DAY,
  floorTo,
  HOUR,
  HourlyBarReader,
  nextTurn,
  PAGE_ROWS,
  type Clock,
  type EpochMicros,
  type HourlyBar,
  type MinuteAccount,
  type TimeRange,
} from '@app/domain';
import { candleBarState } from '../bars';
import { pickColumns, type RowOf } from '../rows/table';
import { ask, inRanges, type Inquiry, type RowFinder } from '../rows/unit';
import { COVERAGE_DAYS } from '../units/ledger-tables';
import { CANDLES_1H } from '../units/roll-up-unit';
import { BAR_FIELDS, CANDLE_DATES, countStarts, storedSpans } from './buckets';
import type { AccountRows } from './candle-rows';
import { MinuteAccounts } from './minute-accounts';

const HOUR_STARTS = pickColumns(CANDLES_1H, ['symbol', 'openTime']);

const HOURS = pickColumns(CANDLES_1H, BAR_FIELDS);

const ACCOUNTED_DAYS = pickColumns(COVERAGE_DAYS, ['symbol', 'date', 'changedAt']);

type CandleHour = RowOf<typeof HOURS>;

/** Hours from gold. */
export class HourlyBars extends HourlyBarReader {
  constructor(
    private readonly rows: RowFinder,
    private readonly accounts: AccountRows,
    private readonly clock: Clock,
  ) {
    super();
  }

  async spans(symbols: readonly string[]): Promise<TimeRange[]> {
    const spans = await this.rows.find(storedSpans(HOUR_STARTS, HOUR, symbols));
    return spans.filter((span) => span !== undefined);
  }

  countDates(symbols: readonly string[], { start, end }: TimeRange, most: number): Promise<number> {
    return countStarts(this.rows, [CANDLE_DATES], symbols, { start: floorTo(start, DAY), end }, most);
  }

  async bars(symbols: readonly string[], range: TimeRange): Promise<HourlyBar[]> {
    const now = this.clock.now();
    const bars: HourlyBar[] = [];
    for (const symbol of [...symbols].sort(compareCodePoints)) {
      for (let { start } = range; start < range.end;) {
        const page = await this.rows.find(this.page(symbol, { start, end: range.end }, now));
        for (const bar of page) bars.push(bar);
        start = page.length < PAGE_ROWS ? range.end : (page.at(-1)?.openTime ?? range.end) + 1;
        await nextTurn();
      }
    }
    // Stable: symbols stay in their order within an hour.
    return bars.sort((a, b) => a.openTime - b.openTime);
  }

  private *page(symbol: string, { start, end }: TimeRange, now: EpochMicros): Inquiry<HourlyBar[]> {
    const asked = { prefix: [symbol], from: start, until: end, only: PAGE_ROWS };
    const [[hours = []]] = yield* ask(inRanges(HOURS, [asked]));
    const [first, last] = [hours[0], hours.at(-1)];
    if (!first || !last) return [];
    const range = { start: first.openTime, end: last.openTime + HOUR };
    const days = { prefix: [symbol], from: floorTo(range.start, DAY), until: range.end };
    const [[accounted = []]] = yield* ask(inRanges(ACCOUNTED_DAYS, [days]));
    const changes = new Map(accounted.map(({ date, changedAt }) => [date, changedAt]));
    const account = new MinuteAccounts(this.accounts, symbol).within(range);
    return hours.map((hour) => {
      const bucket = { start: hour.openTime, end: hour.openTime + HOUR };
      const held = { minutes: hour.minutes, lastMinute: hour.lastMinute };
      return hourlyBar(hour, changes.get(floorTo(hour.openTime, DAY)) ?? null, account(bucket, held), now);
    });
  }
}

function hourlyBar(
  hour: CandleHour,
  accountedAt: EpochMicros | null,
  account: MinuteAccount,
  now: EpochMicros,
): HourlyBar {
  const { isFinal, changedAt } = candleBarState(hour.openTime + HOUR, hour.capturedAt, accountedAt, account, now);
  return {
    openTime: hour.openTime,
    symbol: hour.symbol,
    open: hour.open,
    high: hour.high,
    low: hour.low,
    close: hour.close,
    volume: hour.volume,
    quoteVolume: hour.quoteVolume,
    tradeCount: hour.tradeCount,
    isFinal,
    changedAt,
  };
}
