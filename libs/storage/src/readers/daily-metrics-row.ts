import type { DailyMetrics } from '@app/domain';

/** A row of `daily_metrics`. */
export interface DailyMetricsRow {
  readonly symbol: string;
  readonly date: number;
  readonly close: string;
  readonly log_return: string | null;
  readonly vwap: string | null;
  readonly true_range: string | null;
  readonly vol_close_7d: string | null;
  readonly vol_close_30d: string | null;
  readonly vol_parkinson_30d: string | null;
  readonly vol_garman_klass_30d: string | null;
  readonly vol_yang_zhang_30d: string | null;
  readonly max_drawdown_30d: string | null;
  readonly observations: number;
  readonly captured_at: number;
}

export const DAILY_METRICS_COLUMNS =
  'symbol, date, close, log_return, vwap, true_range, vol_close_7d, vol_close_30d, vol_parkinson_30d, ' +
  'vol_garman_klass_30d, vol_yang_zhang_30d, max_drawdown_30d, observations, captured_at';

export function toDailyMetrics(row: DailyMetricsRow): DailyMetrics {
  return {
    date: row.date,
    close: row.close,
    logReturn: row.log_return,
    vwap: row.vwap,
    trueRange: row.true_range,
    volClose7d: row.vol_close_7d,
    volClose30d: row.vol_close_30d,
    volParkinson30d: row.vol_parkinson_30d,
    volGarmanKlass30d: row.vol_garman_klass_30d,
    volYangZhang30d: row.vol_yang_zhang_30d,
    maxDrawdown30d: row.max_drawdown_30d,
    observations: row.observations,
  };
}
