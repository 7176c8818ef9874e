import type { TimeRange } from '@app/domain';
import { daysBehind, type CapturedMetrics } from '../metrics/metrics-reach';
import type { MonthsBefore } from '../metrics/months-before';
import { describeTable, pickColumns, type RowOf } from '../rows/table';
import { ask, asText, type Unit, type WrittenRows } from '../rows/unit';
import { CANDLES_1D } from './roll-up-unit';

/** Gold: what the days up to a UTC day say of it. The logarithm of a return has a sign, and so is no `decimal`. */
export const DAILY_METRICS = describeTable(
  'daily_metrics',
  ['symbol', 'date'],
  {
    symbol: 'text',
    date: 'time',
    close: 'decimal',
    logReturn: 'text?',
    vwap: 'decimal?',
    trueRange: 'decimal?',
    volClose7d: 'decimal?',
    volClose30d: 'decimal?',
    volParkinson30d: 'decimal?',
    volGarmanKlass30d: 'decimal?',
    volYangZhang30d: 'decimal?',
    maxDrawdown30d: 'decimal?',
    observations: 'integer',
    capturedAt: 'time',
  },
  (row) => [
    row.symbol,
    row.date,
    row.close,
    row.logReturn,
    row.vwap,
    row.trueRange,
    row.volClose7d,
    row.volClose30d,
    row.volParkinson30d,
    row.volGarmanKlass30d,
    row.volYangZhang30d,
    row.maxDrawdown30d,
    row.observations,
    row.capturedAt,
  ],
);

type DailyMetricsRow = RowOf<typeof DAILY_METRICS>;

/** What metrics are made of: the days, in the order in which their values are read. */
export const METRICS_DAYS = pickColumns(CANDLES_1D, [
  'symbol',
  'openTime',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quoteVolume',
  'capturedAt',
]);

/** Dates of a symbol whose metrics are to be made anew. */
export interface SymbolDates {
  readonly symbol: string;
  readonly dates: TimeRange;
}

/**
 * Makes the metrics of dates anew; the days themselves are written before. A date without a day has no row.
 *
 * @param months a memory of earlier units; an empty one gives the same result
 */
export function* dailyMetricsUnit(wanted: readonly SymbolDates[], months: MonthsBefore): Unit<void> {
  const [texts] = yield* ask(
    asText(
      METRICS_DAYS,
      wanted.map(({ symbol, dates }) => {
        const { start, end } = daysBehind(dates);
        return { prefix: [symbol], from: start, until: end };
      }),
    ),
  );
  const rows = wanted.flatMap(({ symbol, dates }, index) =>
    months.metricsOf(symbol, dates, texts[index] ?? '').map((captured) => metricsRow(symbol, captured)),
  );
  return {
    outcome: undefined,
    changes: [{ kind: 'put', table: DAILY_METRICS, rows } satisfies WrittenRows<DailyMetricsRow>],
  };
}

function metricsRow(symbol: string, { metrics, capturedAt }: CapturedMetrics): DailyMetricsRow {
  return {
    symbol,
    date: metrics.date,
    close: metrics.close,
    logReturn: metrics.logReturn,
    vwap: metrics.vwap,
    trueRange: metrics.trueRange,
    volClose7d: metrics.volClose7d,
    volClose30d: metrics.volClose30d,
    volParkinson30d: metrics.volParkinson30d,
    volGarmanKlass30d: metrics.volGarmanKlass30d,
    volYangZhang30d: metrics.volYangZhang30d,
    maxDrawdown30d: metrics.maxDrawdown30d,
    observations: metrics.observations,
    capturedAt,
  };
}
