/**
 * Headers of the CSV tables: names and order are a promise to every sheet and dashboard that reads them. New columns are
 * only ever added at the end.
 */
export const BI_TABLE_HEADERS = {
  daily_ohlc: ['date', 'symbol', 'open', 'high', 'low', 'close', 'is_final', 'source'],
  daily_volume: ['date', 'symbol', 'volume', 'quote_volume', 'trade_count', 'is_final', 'source'],
  latest_prices: ['symbol', 'timestamp_utc', 'last_price', 'price_change_percent', 'volume_24h', 'source'],
  symbols: [
    'symbol',
    'base_asset',
    'quote_asset',
    'status',
    'first_date',
    'last_date',
    'last_event_utc',
    'coverage_pct',
  ],
} as const;

export type BiTableName = keyof typeof BI_TABLE_HEADERS;
