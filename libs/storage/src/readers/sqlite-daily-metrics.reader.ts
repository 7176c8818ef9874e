import {
  DAY,
  DailyMetricsReader,
  coveragePercent,
  type Clock,
  type EpochMicros,
  type SymbolMetrics,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import { firstTimeAfter, mergeByTime, type LedgerDay } from '@app/history';
import { DAILY_METRICS_COLUMNS, toDailyMetrics, type DailyMetricsRow } from './daily-metrics-row';
import { ledgerDays } from './ledger-days';
import type { ReadStore } from './read-store';
import { rowPages } from './row-pages';
import { countOf, storedSpan } from './stored-spans';

const FROM_OLDEST = `SELECT ${DAILY_METRICS_COLUMNS} FROM daily_metrics
  WHERE symbol = ? AND date >= ? AND date < ? ORDER BY date LIMIT ?`;

const COUNT_DATES = `
  SELECT count(*) AS count FROM daily_metrics WHERE symbol = @symbol AND date >= @start AND date < @end`;

/** Metrics from gold. Their coverage is read beside them: that of an open day moves with the clock. */
export class SqliteDailyMetricsReader extends DailyMetricsReader {
  constructor(
    private readonly store: ReadStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  spans(symbols: readonly string[]): Promise<TimeRange[]> {
    return this.store.read(() =>
      symbols.flatMap(
        (symbol) => storedSpan(this.store, symbol, { table: 'daily_metrics', start: 'date', length: DAY }) ?? [],
      ),
    );
  }

  countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number> {
    return countOf(this.store, COUNT_DATES, symbols, range, most);
  }

  range(
    symbols: readonly string[],
    { start = 0, end = Number.MAX_SAFE_INTEGER }: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolMetrics[]> {
    return this.store.read(() => {
      const statement = this.store.statement<[string, number, number, number], DailyMetricsRow>(FROM_OLDEST);
      const sources = symbols.map((symbol) => {
        const oldest = after ? Math.max(start, firstTimeAfter(after, symbol)) : start;
        return rowPages<DailyMetricsRow>(
          (last, size) => statement.all(symbol, last ? last.date + 1 : oldest, end, size),
          limit,
          symbols.length,
        );
      });
      const rows = mergeByTime(sources, (row) => ({ time: row.date, symbol: row.symbol }), 'ascending', limit);
      const coverage = this.coverageOf(rows);
      return rows.map((row) => {
        const day = coverage.get(row.symbol)?.get(row.date);
        return {
          ...toDailyMetrics(row),
          symbol: row.symbol,
          coveragePercent: day?.coveragePercent ?? coveragePercent(0, 0),
          changedAt: Math.max(row.captured_at, day?.coverageChangedAt ?? 0),
        };
      });
    });
  }

  /** The account of the rows' days by symbol and date; rows are ascending by date. */
  private coverageOf(rows: readonly DailyMetricsRow[]): Map<string, Map<EpochMicros, LedgerDay>> {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last) return new Map();
    const range = { start: first.date, end: last.date + DAY };
    const now = this.clock.now();
    return new Map(
      [...new Set(rows.map(({ symbol }) => symbol))].map((symbol) => [
        symbol,
        new Map(ledgerDays(this.store, symbol, range, now).map((day) => [day.date, day])),
      ]),
    );
  }
}
