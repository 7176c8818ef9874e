import {
  formatBucketTime,
  formatDate,
  formatEventTime,
  type DailyBar,
  type DayQuality,
  type HourlyBar,
  type PriceEvent,
  type SymbolMetrics,
  type SymbolSummary,
} from '@app/domain';
import { csvTable, type CsvTable } from './csv-table';

export const DAILY_OHLC: CsvTable<DailyBar> = csvTable('daily_ohlc', {
  date: (bar) => formatDate(bar.date),
  symbol: (bar) => bar.symbol,
  open: (bar) => bar.open,
  high: (bar) => bar.high,
  low: (bar) => bar.low,
  close: (bar) => bar.close,
  is_final: (bar) => bar.isFinal,
  source: (bar) => bar.source,
});

export const DAILY_VOLUME: CsvTable<DailyBar> = csvTable('daily_volume', {
  date: (bar) => formatDate(bar.date),
  symbol: (bar) => bar.symbol,
  volume: (bar) => bar.volume,
  quote_volume: (bar) => bar.quoteVolume,
  trade_count: (bar) => bar.tradeCount,
  is_final: (bar) => bar.isFinal,
  source: (bar) => bar.source,
});

export const HOURLY_OHLCV: CsvTable<HourlyBar> = csvTable('hourly_ohlcv', {
  open_time: (bar) => formatBucketTime(bar.openTime),
  symbol: (bar) => bar.symbol,
  open: (bar) => bar.open,
  high: (bar) => bar.high,
  low: (bar) => bar.low,
  close: (bar) => bar.close,
  volume: (bar) => bar.volume,
  quote_volume: (bar) => bar.quoteVolume,
  trade_count: (bar) => bar.tradeCount,
  is_final: (bar) => bar.isFinal,
  source: () => 'kline',
});

export const LATEST_PRICES: CsvTable<PriceEvent> = csvTable('latest_prices', {
  symbol: (event) => event.symbol,
  timestamp_utc: (event) => formatEventTime(event.timestamp),
  last_price: (event) => event.lastPrice,
  price_change_percent: (event) => event.priceChangePercent,
  volume_24h: (event) => event.volume,
  source: () => 'ticker',
});

export const DAILY_METRICS: CsvTable<SymbolMetrics> = csvTable('daily_metrics', {
  date: (row) => formatDate(row.date),
  symbol: (row) => row.symbol,
  close: (row) => row.close,
  log_return: (row) => row.logReturn,
  vwap: (row) => row.vwap,
  true_range: (row) => row.trueRange,
  vol_close_7d: (row) => row.volClose7d,
  vol_close_30d: (row) => row.volClose30d,
  vol_parkinson_30d: (row) => row.volParkinson30d,
  vol_garman_klass_30d: (row) => row.volGarmanKlass30d,
  vol_yang_zhang_30d: (row) => row.volYangZhang30d,
  max_drawdown_30d: (row) => row.maxDrawdown30d,
  observations: (row) => row.observations,
  coverage_pct: (row) => row.coveragePercent,
});

export const DATA_QUALITY: CsvTable<DayQuality> = csvTable('data_quality', {
  date: (day) => formatDate(day.date),
  symbol: (day) => day.symbol,
  expected_minutes: (day) => day.expected,
  captured_minutes: (day) => day.captured,
  quiet_minutes: (day) => day.quiet,
  exchange_stop_minutes: (day) => day.stopped,
  missing_minutes: (day) => day.missing,
  repaired_minutes: (day) => day.repaired,
  coverage_pct: (day) => day.coveragePercent,
  verified_against_exchange: (day) => day.verified,
});

const optionalDate = (date: number | null): string | null => (date === null ? null : formatDate(date));

export const SYMBOLS: CsvTable<SymbolSummary> = csvTable('symbols', {
  symbol: (summary) => summary.symbol,
  base_asset: (summary) => summary.baseAsset,
  quote_asset: (summary) => summary.quoteAsset,
  status: (summary) => summary.status,
  first_date: (summary) => optionalDate(summary.firstDate),
  last_date: (summary) => optionalDate(summary.lastDate),
  last_event_utc: (summary) => (summary.lastEvent === null ? null : formatEventTime(summary.lastEvent)),
  coverage_pct: (summary) => summary.coveragePercent,
});
