import { BI_TABLE_HEADERS, formatDate, formatEventTime, type DailyBar, type PriceEvent } from '@app/domain';
import { csvTable, text, value, type CsvTable } from './csv-table';

export const DAILY_OHLC: CsvTable<DailyBar> = csvTable('daily_ohlc', BI_TABLE_HEADERS.daily_ohlc, {
  date: value((bar) => formatDate(bar.date)),
  symbol: text((bar) => bar.symbol),
  open: value((bar) => bar.open),
  high: value((bar) => bar.high),
  low: value((bar) => bar.low),
  close: value((bar) => bar.close),
  is_final: value((bar) => bar.isFinal),
  source: text((bar) => bar.source),
});

export const DAILY_VOLUME: CsvTable<DailyBar> = csvTable('daily_volume', BI_TABLE_HEADERS.daily_volume, {
  date: value((bar) => formatDate(bar.date)),
  symbol: text((bar) => bar.symbol),
  volume: value((bar) => bar.volume),
  quote_volume: value((bar) => bar.quoteVolume),
  trade_count: value((bar) => bar.tradeCount),
  is_final: value((bar) => bar.isFinal),
  source: text((bar) => bar.source),
});

export const LATEST_PRICES: CsvTable<PriceEvent> = csvTable('latest_prices', BI_TABLE_HEADERS.latest_prices, {
  symbol: text((event) => event.symbol),
  timestamp_utc: value((event) => formatEventTime(event.timestamp)),
  last_price: value((event) => event.lastPrice),
  price_change_percent: value((event) => event.priceChangePercent),
  volume_24h: value((event) => event.volume),
  source: text(() => 'ticker'),
});
