/** Names of the columns of a kline, in their order. */
export const KLINE_FIELDS = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'trade_count',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'ignore',
] as const;
