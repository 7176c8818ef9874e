import {
  coveragePercent,
  DAY,
  DailyMetricsReader,
  type Clock,
  type EpochMicros,
  type SymbolMetrics,
  type TimeKey,
  type TimeRange,
} from '@app/domain';
import type { LedgerDay } from '../ledger-days';
import { firstTimeAfter } from '../merge-by-time';
import { pickColumns, type RowOf } from '../rows/table';
import type { Inquiry, RowFinder } from '../rows/unit';
import { DAILY_METRICS } from '../units/daily-metrics-unit';
import { countStarts, storedSpans } from './buckets';
import { ledgerDaysIn } from './ledger-account';
import { mergePagesByTime, tablePages } from './pages';

const DATES = pickColumns(DAILY_METRICS, ['symbol', 'date']);

type MetricsRow = RowOf<typeof DAILY_METRICS>;

/** Metrics from gold. Their coverage is read beside them: that of an open day moves with the clock. */
export class StoredMetrics extends DailyMetricsReader {
  constructor(
    private readonly rows: RowFinder,
    private readonly clock: Clock,
  ) {
    super();
  }

  async spans(symbols: readonly string[]): Promise<TimeRange[]> {
    const spans = await this.rows.find(storedSpans(DATES, DAY, symbols));
    return spans.filter((span) => span !== undefined);
  }

  countDates(symbols: readonly string[], range: TimeRange, most: number): Promise<number> {
    return countStarts(this.rows, [DATES], symbols, range, most);
  }

  range(
    symbols: readonly string[],
    range: Partial<TimeRange>,
    limit: number,
    after?: TimeKey,
  ): Promise<SymbolMetrics[]> {
    return this.rows.find(metricsIn(symbols, range, limit, after, this.clock.now()));
  }
}

function* metricsIn(
  symbols: readonly string[],
  { start = 0, end }: Partial<TimeRange>,
  limit: number,
  after: TimeKey | undefined,
  now: EpochMicros,
): Inquiry<SymbolMetrics[]> {
  const sources = symbols.map((symbol) => {
    const from = after ? Math.max(start, firstTimeAfter(after, symbol)) : start;
    return tablePages(DAILY_METRICS, symbol, { start: from, end }, ({ date }) => date);
  });
  const rows = yield* mergePagesByTime(sources, ({ date, symbol }) => ({ time: date, symbol }), limit);
  const coverage = yield* coverageOf(rows, now);
  return rows.map((row) => metricsOf(row, coverage.get(row.symbol)?.get(row.date)));
}

/** The account of the rows' days by symbol and date; rows are ascending by date. */
function* coverageOf(
  rows: readonly MetricsRow[],
  now: EpochMicros,
): Inquiry<ReadonlyMap<string, ReadonlyMap<EpochMicros, LedgerDay>>> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return new Map();
  const symbols = [...new Set(rows.map(({ symbol }) => symbol))];
  const ledgers = yield* ledgerDaysIn(symbols, { start: first.date, end: last.date + DAY }, now);
  return new Map([...ledgers].map(([symbol, days]) => [symbol, new Map(days.map((day) => [day.date, day]))]));
}

function metricsOf(row: MetricsRow, day: LedgerDay | undefined): SymbolMetrics {
  return {
    date: row.date,
    close: row.close,
    logReturn: row.logReturn,
    vwap: row.vwap,
    trueRange: row.trueRange,
    volClose7d: row.volClose7d,
    volClose30d: row.volClose30d,
    volParkinson30d: row.volParkinson30d,
    volGarmanKlass30d: row.volGarmanKlass30d,
    volYangZhang30d: row.volYangZhang30d,
    maxDrawdown30d: row.maxDrawdown30d,
    observations: row.observations,
    symbol: row.symbol,
    coveragePercent: day?.coveragePercent ?? coveragePercent(0, 0),
    changedAt: Math.max(row.capturedAt, day?.coverageChangedAt ?? 0),
  };
}
