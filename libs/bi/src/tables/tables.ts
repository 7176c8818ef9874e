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
import { csvTable, text, value, type CsvTable } from './csv-table';

export const DAILY_OHLC: CsvTable<DailyBar> = csvTable('daily_ohlc', {
  date: value((bar) => formatDate(bar.date)),
  symbol: text((bar) => bar.symbol),
  open: value((bar) => bar.open),
  high: value((bar) => bar.high),
  low: value((bar) => bar.low),
  close: value((bar) => bar.close),
  is_final: value((bar) => bar.isFinal),
  source: text((bar) => bar.source),
});

export const DAILY_VOLUME: CsvTable<DailyBar> = csvTable('daily_volume', {
  date: value((bar) => formatDate(bar.date)),
  symbol: text((bar) => bar.symbol),
  volume: value((bar) => bar.volume),
  quote_volume: value((bar) => bar.quoteVolume),
  trade_count: value((bar) => bar.tradeCount),
  is_final: value((bar) => bar.isFinal),
  source: text((bar) => bar.source),
});

export const HOURLY_OHLCV: CsvTable<HourlyBar> = csvTable('hourly_ohlcv', {
  open_time: value((bar) => formatBucketTime(bar.openTime)),
  symbol: text((bar) => bar.symbol),
  open: value((bar) => bar.open),
  high: value((bar) => bar.high),
  low: value((bar) => bar.low),
  close: value((bar) => bar.close),
  volume: value((bar) => bar.volume),
  quote_volume: value((bar) => bar.quoteVolume),
  trade_count: value((bar) => bar.tradeCount),
  is_final: value((bar) => bar.isFinal),
  source: text(() => 'kline'),
});

export const LATEST_PRICES: CsvTable<PriceEvent> = csvTable('latest_prices', {
  symbol: text((event) => event.symbol),
  timestamp_utc: value((event) => formatEventTime(event.timestamp)),
  last_price: value((event) => event.lastPrice),
  price_change_percent: value((event) => event.priceChangePercent),
  volume_24h: value((event) => event.volume),
  source: text(() => 'ticker'),
});

export const DAILY_METRICS: CsvTable<SymbolMetrics> = csvTable('daily_metrics', {
  date: value((row) => formatDate(row.date)),
  symbol: text((row) => row.symbol),
  close: value((row) => row.close),
  log_return: value((row) => row.logReturn),
  vwap: value((row) => row.vwap),
  true_range: value((row) => row.trueRange),
  vol_close_7d: value((row) => row.volClose7d),
  vol_close_30d: value((row) => row.volClose30d),
  vol_parkinson_30d: value((row) => row.volParkinson30d),
  vol_garman_klass_30d: value((row) => row.volGarmanKlass30d),
  vol_yang_zhang_30d: value((row) => row.volYangZhang30d),
  max_drawdown_30d: value((row) => row.maxDrawdown30d),
  observations: value((row) => row.observations),
  coverage_pct: value((row) => row.coveragePercent),
});

export const DATA_QUALITY: CsvTable<DayQuality> = csvTable('data_quality', {
  date: value((day) => formatDate(day.date)),
  symbol: text((day) => day.symbol),
  expected_minutes: value((day) => day.expected),
  captured_minutes: value((day) => day.captured),
  quiet_minutes: value((day) => day.quiet),
  exchange_stop_minutes: value((day) => day.stopped),
  missing_minutes: value((day) => day.missing),
  repaired_minutes: value((day) => day.repaired),
  coverage_pct: value((day) => day.coveragePercent),
  verified_against_exchange: text((day) => day.verified),
});

const optionalDate = (date: number | null): string | null => (date === null ? null : formatDate(date));

export const SYMBOLS: CsvTable<SymbolSummary> = csvTable('symbols', {
  symbol: text((summary) => summary.symbol),
  base_asset: text((summary) => summary.baseAsset),
  quote_asset: text((summary) => summary.quoteAsset),
  status: text((summary) => summary.status),
  first_date: value((summary) => optionalDate(summary.firstDate)),
  last_date: value((summary) => optionalDate(summary.lastDate)),
  last_event_utc: value((summary) => (summary.lastEvent === null ? null : formatEventTime(summary.lastEvent))),
  coverage_pct: value((summary) => summary.coveragePercent),
});
