import {
  DAY,
  HOUR,
  HourlyBarReader,
  compareCodePoints,
  nextTurn,
  type Clock,
  type EpochMicros,
  type HourlyBar,
  type MinuteAccount,
  type TimeRange,
  PAGE_ROWS,
} from '@app/domain';
import { candleBarState, MinuteAccounts } from '@app/history';
import type { ReadStore } from './read-store';
import { SqliteAccountRows } from './sqlite-account-rows';
import { countOf, storedSpan } from './stored-spans';

interface HourRow {
  readonly open_time: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quote_volume: string;
  readonly trade_count: number;
  readonly captured_at: number;
  readonly minutes: number;
  readonly last_minute: number;
  /** When the ledger of its day last changed. */
  readonly accounted_at: number | null;
}

const HOURS = `
  SELECT open_time, open, high, low, close, volume, quote_volume, trade_count, captured_at,
    minutes, last_minute, changed_at AS accounted_at
  FROM candles_1h LEFT JOIN coverage_days
    ON coverage_days.symbol = candles_1h.symbol AND coverage_days.date = open_time - open_time % ${DAY}
  WHERE candles_1h.symbol = ? AND open_time >= ? AND open_time < ? ORDER BY open_time LIMIT ${PAGE_ROWS}`;

const COUNT_DATES = `
  SELECT count(*) AS count FROM candles_1d
  WHERE symbol = @symbol AND open_time >= @start - @start % ${DAY} AND open_time < @end`;

/** Hours from gold. */
export class SqliteHourlyBarReader extends HourlyBarReader {
  private readonly accounts: SqliteAccountRows;

  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
    this.accounts = new SqliteAccountRows(store);
  }

  spans(symbols: readonly string[]): Promise<TimeRange[]> {
    return this.store.read(() =>
      symbols.flatMap(
        (symbol) => storedSpan(this.store, symbol, { table: 'candles_1h', start: 'open_time', length: HOUR }) ?? [],
      ),
    );
  }

  countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number> {
    return countOf(this.store, COUNT_DATES, symbols, range, most);
  }

  async bars(symbols: readonly string[], range: TimeRange): Promise<HourlyBar[]> {
    const now = this.clock.now();
    const bars: HourlyBar[] = [];
    for (const symbol of [...symbols].sort(compareCodePoints)) {
      for (let start = range.start; start < range.end;) {
        const from = start;
        const page = await this.store.read(() => this.page(symbol, { start: from, end: range.end }, now));
        for (const bar of page) bars.push(bar);
        start = page.length < PAGE_ROWS ? range.end : (page.at(-1)?.openTime ?? range.end) + 1;
        await nextTurn();
      }
    }
    // Stable: symbols stay in their order within an hour.
    return bars.sort((a, b) => a.openTime - b.openTime);
  }

  private page(symbol: string, { start, end }: TimeRange, now: EpochMicros): HourlyBar[] {
    const rows = this.store.statement<[string, number, number], HourRow>(HOURS).all(symbol, start, end);
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last) return [];
    const accounts = new MinuteAccounts(this.accounts, symbol);
    const account = accounts.within({ start: first.open_time, end: last.open_time + HOUR });
    return rows.map((row) => {
      const hour = { start: row.open_time, end: row.open_time + HOUR };
      return toBar(symbol, row, account(hour, { minutes: row.minutes, lastMinute: row.last_minute }), now);
    });
  }
}

function toBar(symbol: string, row: HourRow, account: MinuteAccount, now: EpochMicros): HourlyBar {
  const end = row.open_time + HOUR;
  const { isFinal, changedAt } = candleBarState(end, row.captured_at, row.accounted_at, account, now);
  return {
    openTime: row.open_time,
    symbol,
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    quoteVolume: row.quote_volume,
    tradeCount: row.trade_count,
    isFinal,
    changedAt,
  };
}
